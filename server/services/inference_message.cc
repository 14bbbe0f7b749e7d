// The fields of the message are walked once: entries of raw_input_contents are remembered where they lie, all others
// are for the generated code. Serializers write fields in the order of their numbers, and raw_input_contents has the
// last: then the others are the beginning of the message and parsed where they lie. Else they are copied, tag and all,
// into a short text.
#include "server/services/inference_message.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace baryon {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

constexpr uint32_t kRawTag = WireFormatLite::MakeTag(inference::ModelInferRequest::kRawInputContentsFieldNumber,
                                                     WireFormatLite::WIRETYPE_LENGTH_DELIMITED);

bool ReadRaw(CodedInputStream& input, RawBytes& raw) {
  uint32_t size = 0;
  if (!input.ReadVarint32(&size)) return false;
  raw.size = size;
  for (uint32_t left = size; left > 0;) {
    const void* data = nullptr;
    int available = 0;
    if (!input.GetDirectBufferPointer(&data, &available)) return false;
    const int piece = static_cast<int>(std::min<uint32_t>(left, available));
    raw.pieces.emplace_back(static_cast<const char*>(data), piece);
    if (!input.Skip(piece)) return false;
    left -= piece;
  }
  return true;
}

// Appends the fields that are not raw to `rest`, and the others to `raw`.
bool Split(CodedInputStream& input, std::string& rest, absl::InlinedVector<RawBytes, 1>& raw) {
  google::protobuf::io::StringOutputStream rest_stream(&rest);
  google::protobuf::io::CodedOutputStream output(&rest_stream);
  while (const uint32_t tag = input.ReadTag()) {
    const bool read =
        tag == kRawTag ? ReadRaw(input, raw.emplace_back()) : WireFormatLite::SkipField(&input, tag, &output);
    if (!read) return false;
  }
  return input.ConsumedEntireMessage();
}

// The fields that are not raw, where they are the beginning of the message and in one piece; then `raw` has the others.
std::optional<absl::string_view> FindBeginning(CodedInputStream& input, absl::InlinedVector<RawBytes, 1>& raw) {
  const void* start = nullptr;
  int available = 0, size = 0;
  if (!input.GetDirectBufferPointer(&start, &available)) return std::nullopt;
  while (const uint32_t tag = input.ReadTag()) {
    const bool is_raw = tag == kRawTag;
    const bool read =
        is_raw ? ReadRaw(input, raw.emplace_back()) : raw.empty() && WireFormatLite::SkipField(&input, tag);
    if (!read) return std::nullopt;
    if (!is_raw) size = input.CurrentPosition();
  }
  if (!input.ConsumedEntireMessage() || size > available) return std::nullopt;
  return absl::string_view(static_cast<const char*>(start), size);
}

bool ParseInto(const grpc::ByteBuffer& message, InferenceMessage& parsed) {
  // The reader only reads, whatever its signature says; a copy would have small pieces of its own, and the views die
  // with it.
  grpc::ByteBuffer* const bytes = const_cast<grpc::ByteBuffer*>(&message);
  {
    grpc::ProtoBufferReader reader(bytes);
    CodedInputStream input(&reader);
    if (!reader.status().ok()) return false;
    const std::optional<absl::string_view> head = FindBeginning(input, parsed.raw);
    if (head.has_value()) return parsed.head.ParseFromArray(head->data(), static_cast<int>(head->size()));
  }
  parsed.raw.clear();
  std::string rest;
  grpc::ProtoBufferReader reader(bytes);
  CodedInputStream input(&reader);
  return Split(input, rest, parsed.raw) && parsed.head.ParseFromString(rest);
}

}  // namespace

absl::StatusOr<InferenceMessage> InferenceMessage::Parse(const grpc::ByteBuffer& message) {
  absl::StatusOr<InferenceMessage> parsed(absl::in_place);
  if (!ParseInto(message, *parsed)) {
    parsed = absl::InvalidArgumentError("expected a ModelInferRequest, got bytes that are none");
  }
  return parsed;
}

}  // namespace baryon
