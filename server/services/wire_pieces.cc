#include "server/services/wire_pieces.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/message_lite.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace baryon {
namespace {

using google::protobuf::io::CodedOutputStream;

size_t BytesOf(absl::Span<const int64_t> values) {
  size_t bytes = 0;
  for (int64_t value : values) bytes += CodedOutputStream::VarintSize64(static_cast<uint64_t>(value));
  return bytes;
}

}  // namespace

WirePieces::~WirePieces() { grpc_slice_unref(text_); }

WirePieces::WirePieces(WirePieces&& other)
    : slices_(std::exchange(other.slices_, {})),
      expected_(other.expected_),
      text_(std::exchange(other.text_, grpc_empty_slice())),
      text_size_(std::exchange(other.text_size_, 0)),
      size_(std::exchange(other.size_, 0)) {}

WirePieces& WirePieces::operator=(WirePieces&& other) {
  std::swap(slices_, other.slices_);
  std::swap(expected_, other.expected_);
  std::swap(text_, other.text_);
  std::swap(text_size_, other.text_size_);
  std::swap(size_, other.size_);
  return *this;
}

void WirePieces::AppendFields(const google::protobuf::MessageLite& message) {
  const size_t size = message.ByteSizeLong();
  message.SerializeWithCachedSizesToArray(Extend(size));
}

void WirePieces::AppendBytes(int field, absl::string_view bytes) {
  AppendHeader(field, bytes.size());
  AppendText(bytes);
}

void WirePieces::AppendElements(int field, const Tensor& tensor) {
  const int64_t size = tensor.size_bytes();
  if (size <= kSmallBytes) {
    return AppendBytes(field, absl::string_view(static_cast<const char*>(tensor.raw_data()), size));
  }
  AppendHeader(field, size);
  EndText();
  auto* const owner = new Tensor(tensor);
  slices_.emplace_back(
      const_cast<void*>(tensor.raw_data()), static_cast<size_t>(size),
      [](void* kept) { delete static_cast<Tensor*>(kept); }, owner);
  size_ += size;
}

void WirePieces::AppendIntegers(int field, absl::Span<const int64_t> values) {
  if (values.empty()) return;
  const size_t size = BytesOf(values);
  AppendHeader(field, size);
  uint8_t* end = Extend(size);
  for (int64_t value : values) end = CodedOutputStream::WriteVarint64ToArray(static_cast<uint64_t>(value), end);
}

void WirePieces::AppendMessage(int field, WirePieces message) {
  AppendHeader(field, message.size());
  if (!message.slices_.empty()) {
    EndText();
    message.EndText();
    size_ += message.size_;
    for (grpc::Slice& slice : message.slices_) slices_.push_back(std::move(slice));
    return;
  }
  AppendText(absl::string_view(reinterpret_cast<const char*>(GRPC_SLICE_START_PTR(message.text_)), message.size_));
}

size_t WirePieces::SizeOfBytes(size_t bytes) { return 1 + CodedOutputStream::VarintSize64(bytes) + bytes; }

size_t WirePieces::SizeOfIntegers(absl::Span<const int64_t> values) {
  return values.empty() ? 0 : SizeOfBytes(BytesOf(values));
}

grpc::ByteBuffer WirePieces::Finish() {
  EndText();
  grpc::ByteBuffer buffer(slices_.data(), slices_.size());
  slices_.clear();
  size_ = 0;
  return buffer;
}

// Room for `size` bytes that the caller writes.
uint8_t* WirePieces::Extend(size_t size) {
  if (GRPC_SLICE_LENGTH(text_) - text_size_ < size) {
    EndText();
    text_ = grpc_slice_malloc(std::max(size, std::exchange(expected_, kUsualText)));
  }
  uint8_t* const place = GRPC_SLICE_START_PTR(text_) + text_size_;
  text_size_ += size;
  size_ += size;
  return place;
}

void WirePieces::AppendText(absl::string_view text) {
  if (!text.empty()) std::memcpy(Extend(text.size()), text.data(), text.size());
}

void WirePieces::AppendHeader(int field, size_t size) {
  constexpr int kLengthDelimited = 2;
  uint8_t header[16];
  uint8_t* end = CodedOutputStream::WriteVarint32ToArray((field << 3) | kLengthDelimited, header);
  end = CodedOutputStream::WriteVarint64ToArray(size, end);
  AppendText(absl::string_view(reinterpret_cast<const char*>(header), end - header));
}

void WirePieces::EndText() {
  if (text_size_ > 0) {
    GRPC_SLICE_SET_LENGTH(text_, text_size_);
    slices_.emplace_back(std::exchange(text_, grpc_empty_slice()), grpc::Slice::STEAL_REF);
    text_size_ = 0;
  }
}

}  // namespace baryon
