#include "engine/io/byte_source.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"

namespace baryon {
namespace {

constexpr int64_t kBufferBytes = 4096;

}  // namespace

absl::Status ExpectedAtByte(int64_t byte, absl::string_view expected, absl::string_view got) {
  return absl::DataLossError(absl::StrCat("byte ", byte, ": expected ", expected, ", got ", got));
}

absl::Status ByteSource::ExpectBytes(int64_t count) const {
  if (count >= 0 && count <= remaining()) return absl::OkStatus();
  return ExpectedAtByte(position(), absl::StrCat(count, count == 1 ? " byte" : " bytes"), absl::StrCat(remaining()));
}

absl::Status ByteSource::Read(int64_t count, void* destination) {
  BARYON_RETURN_IF_ERROR(ExpectBytes(count));
  if (count > 0) BARYON_RETURN_IF_ERROR(DoRead(count, destination));
  position_ += count;
  return absl::OkStatus();
}

absl::Status MemorySource::DoRead(int64_t count, void* destination) {
  std::memcpy(destination, bytes_.data() + position(), count);
  return absl::OkStatus();
}

absl::Status FileSource::Skip(int64_t count) {
  BARYON_RETURN_IF_ERROR(ExpectBytes(count));
  SetPosition(position() + count);
  return absl::OkStatus();
}

absl::Status FileSource::DoRead(int64_t count, void* destination) {
  if (count >= kBufferBytes) return file_.Read(begin_ + position(), count, destination);
  const bool buffered =
      position() >= buffer_begin_ && position() + count <= buffer_begin_ + static_cast<int64_t>(buffer_.size());
  if (!buffered) {
    buffer_.resize(std::min(kBufferBytes, remaining()));
    buffer_begin_ = position();
    if (absl::Status status = file_.Read(begin_ + position(), buffer_.size(), buffer_.data()); !status.ok()) {
      buffer_.clear();
      return status;
    }
  }
  std::memcpy(destination, buffer_.data() + (position() - buffer_begin_), count);
  return absl::OkStatus();
}

absl::StatusOr<Tensor> ReadTensor(ByteSource& source, const TensorType& type) {
  if (type.shape.CheckedNumElements().has_value()) BARYON_RETURN_IF_ERROR(source.ExpectBytes(type.size_bytes()));
  BARYON_ASSIGN_OR_RETURN(Tensor tensor, Tensor::TryAllocate(type));
  BARYON_RETURN_IF_ERROR(source.Read(tensor.size_bytes(), tensor.mutable_raw_data()));
  if (type.dtype == DType::kBool) {
    uint8_t* bytes = static_cast<uint8_t*>(tensor.mutable_raw_data());
    for (int64_t i = 0; i < tensor.num_elements(); ++i) bytes[i] = bytes[i] != 0;
  }
  return tensor;
}

}  // namespace baryon
