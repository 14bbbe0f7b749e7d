// Bytes that are read once, front to back: of memory, of a file, of a member of a zip file.
#ifndef BARYON_ENGINE_IO_BYTE_SOURCE_H_
#define BARYON_ENGINE_IO_BYTE_SOURCE_H_

#include <cstdint>
#include <string>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/base/file.h"
#include "engine/tensor/tensor.h"

namespace baryon {

// DATA_LOSS, "byte 24: expected an array, got 0x113": how errors of binary files read.
absl::Status ExpectedAtByte(int64_t byte, absl::string_view expected, absl::string_view got);

// One thread at a time. Numbers in files are little-endian, as the processors are that this engine runs on.
class ByteSource {
 public:
  explicit ByteSource(int64_t size) : size_(size) {}
  virtual ~ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  int64_t size() const { return size_; }
  int64_t position() const { return position_; }
  int64_t remaining() const { return size_ - position_; }

  // Fills `destination` with the next `count` bytes. Errors: DATA_LOSS, "byte 74: expected 24 bytes, got 6", when there
  // are fewer; those of the file.
  absl::Status Read(int64_t count, void* destination);
  template <typename T>
  absl::Status ReadNumber(T& number) {
    static_assert(std::is_arithmetic_v<T>);
    return Read(sizeof(T), &number);
  }

  // Several in a row, as the fields of a header stand.
  template <typename... T>
  absl::Status ReadNumbers(T&... numbers) {
    absl::Status status;
    ((status = ReadNumber(numbers)).ok() && ...);
    return status;
  }

  // DATA_LOSS as above when fewer than `count` bytes remain: asked before memory for them is allocated.
  absl::Status ExpectBytes(int64_t count) const;

 protected:
  virtual absl::Status DoRead(int64_t count, void* destination) = 0;
  void SetPosition(int64_t position) { position_ = position; }

 private:
  const int64_t size_;
  int64_t position_ = 0;
};

// Borrows `bytes`.
class MemorySource : public ByteSource {
 public:
  explicit MemorySource(absl::string_view bytes) : ByteSource(static_cast<int64_t>(bytes.size())), bytes_(bytes) {}

 protected:
  absl::Status DoRead(int64_t count, void* destination) override;

 private:
  const absl::string_view bytes_;
};

// The bytes [begin, begin + size) of `file`, which outlives the source. Small reads share a buffer, large ones go to
// their destination directly.
class FileSource : public ByteSource {
 public:
  explicit FileSource(const FileReader& file) : FileSource(file, 0, file.size()) {}
  FileSource(const FileReader& file, int64_t begin, int64_t size) : ByteSource(size), file_(file), begin_(begin) {}

  // Goes on `count` bytes further; errors as Read.
  absl::Status Skip(int64_t count);

 protected:
  absl::Status DoRead(int64_t count, void* destination) override;

 private:
  const FileReader& file_;
  const int64_t begin_;
  std::string buffer_;
  int64_t buffer_begin_ = 0;
};

// The next elements of `source` as a tensor of `type`. Bytes of booleans that are neither 0 nor 1 become 1. Errors: as
// Read, before anything is allocated; those of Tensor::TryAllocate.
absl::StatusOr<Tensor> ReadTensor(ByteSource& source, const TensorType& type);

}  // namespace baryon

#endif  // BARYON_ENGINE_IO_BYTE_SOURCE_H_
