#include "server/services/wire_pieces.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/message_lite.h>

#include <utility>

namespace baryon {
namespace {

// Arrays up to this size are copied: a piece of its own costs more.
constexpr int64_t kSmallBytes = 2048;
constexpr size_t kUsualText = kSmallBytes + 512;  // such an array, and the fields before it

}  // namespace

WirePieces::WirePieces() { text_.reserve(kUsualText); }

void WirePieces::AppendFields(const google::protobuf::MessageLite& message) {
  const size_t before = text_.size();
  message.AppendToString(&text_);
  size_ += text_.size() - before;
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

void WirePieces::AppendMessage(int field, WirePieces message) {
  AppendHeader(field, message.size());
  if (!message.slices_.empty()) EndText();
  size_ += message.size_ - message.text_.size();
  for (grpc::Slice& slice : message.slices_) slices_.push_back(std::move(slice));
  AppendText(message.text_);
}

grpc::ByteBuffer WirePieces::Finish() {
  EndText();
  grpc::ByteBuffer buffer(slices_.data(), slices_.size());
  slices_.clear();
  size_ = 0;
  return buffer;
}

void WirePieces::AppendText(absl::string_view text) {
  text_.append(text.data(), text.size());
  size_ += text.size();
}

void WirePieces::AppendHeader(int field, size_t size) {
  constexpr int kLengthDelimited = 2;
  uint8_t header[16];
  uint8_t* end = google::protobuf::io::CodedOutputStream::WriteVarint32ToArray((field << 3) | kLengthDelimited, header);
  end = google::protobuf::io::CodedOutputStream::WriteVarint64ToArray(size, end);
  AppendText(absl::string_view(reinterpret_cast<const char*>(header), end - header));
}

void WirePieces::EndText() {
  if (text_.empty()) return;
  slices_.emplace_back(text_);
  text_.clear();
}

}  // namespace baryon
