// Zip files, read by their directory: any member at any time.
#ifndef BARYON_ENGINE_IO_ZIP_FILE_H_
#define BARYON_ENGINE_IO_ZIP_FILE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/base/file.h"
#include "engine/io/byte_source.h"

namespace baryon {

// The bytes of one member, unpacked. One thread at a time; the ZipFile outlives it.
class ZipSource : public ByteSource {
 public:
  // Call after the last byte has been read. Errors: DATA_LOSS, bytes remain, or the checksum is wrong.
  absl::Status Finish() const;

 protected:
  ZipSource(int64_t size, uint32_t expected_crc) : ByteSource(size), expected_crc_(expected_crc) {}
  absl::Status DoRead(int64_t count, void* destination) override;
  virtual absl::Status Unpack(int64_t count, void* destination) = 0;

 private:
  const uint32_t expected_crc_;
  uint32_t crc_ = 0;
};

// Immutable; thread-safe, without a lock. Members are stored or deflated; zip64 counts and sizes are understood.
class ZipFile {
 public:
  struct Member {
    std::string name;
    int64_t size = 0, packed_size = 0;
    int64_t header = 0;  // offset of the member's own header
    uint32_t crc = 0;
    bool deflated = false;
  };

  // Reads the directory. What it claims is checked against the file: no member is larger than its packed bytes can
  // become, and together they are not larger than the file. Errors: those of FileReader::Open; DATA_LOSS, naming file,
  // member and byte; UNIMPLEMENTED, encryption and other ways of packing.
  static absl::StatusOr<std::unique_ptr<const ZipFile>> Open(const std::string& path);

  const std::string& path() const { return file_->path(); }
  const std::vector<Member>& members() const { return members_; }  // in the order of the directory

  // The bytes of member i. Errors as Open, without the names.
  absl::StatusOr<std::unique_ptr<ZipSource>> OpenMember(size_t i) const;

 private:
  explicit ZipFile(std::unique_ptr<const FileReader> file) : file_(std::move(file)) {}
  absl::Status ReadDirectory();

  const std::unique_ptr<const FileReader> file_;
  std::vector<Member> members_;
};

}  // namespace baryon

#endif  // BARYON_ENGINE_IO_ZIP_FILE_H_
