// The fields of the message are walked once: entries of raw_input_contents are remembered where they lie, all others
// are copied, tag and all, into a short text that the generated code parses as usual.
#include "server/services/inference_message.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <algorithm>
#include <string>
#include <utility>

namespace baryon {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

constexpr size_t kUsualRest = 256;  // bytes: names and shapes of a few inputs

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

bool Split(CodedInputStream& input, std::string& rest, absl::InlinedVector<RawBytes, 1>& raw) {
  constexpr uint32_t kRawTag = WireFormatLite::MakeTag(inference::ModelInferRequest::kRawInputContentsFieldNumber,
                                                       WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
  google::protobuf::io::StringOutputStream rest_stream(&rest);
  google::protobuf::io::CodedOutputStream output(&rest_stream);
  while (const uint32_t tag = input.ReadTag()) {
    const bool read =
        tag == kRawTag ? ReadRaw(input, raw.emplace_back()) : WireFormatLite::SkipField(&input, tag, &output);
    if (!read) return false;
  }
  return input.ConsumedEntireMessage();
}

}  // namespace

absl::StatusOr<InferenceMessage> InferenceMessage::Parse(const grpc::ByteBuffer& message) {
  // The reader only reads, whatever its signature says; a copy would have small pieces of its own, and the views die
  // with it.
  grpc::ProtoBufferReader reader(const_cast<grpc::ByteBuffer*>(&message));
  absl::StatusOr<InferenceMessage> parsed(absl::in_place);
  std::string rest;
  rest.reserve(kUsualRest);
  CodedInputStream input(&reader);
  if (!reader.status().ok() || !Split(input, rest, parsed->raw) || !parsed->head.ParseFromString(rest)) {
    parsed = absl::InvalidArgumentError("expected a ModelInferRequest, got bytes that are none");
  }
  return parsed;
}

}  // namespace baryon
