// Zip files, read by their directory: any member at any time.
#ifndef BARYON_ENGINE_IO_ZIP_FILE_H_
#define BARYON_ENGINE_IO_ZIP_FILE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "engine/io/byte_source.h"

struct zip;
struct zip_file;

namespace baryon {

// The bytes of one member, unpacked. One thread at a time; the ZipFile outlives it.
class ZipSource : public ByteSource {
 public:
  ~ZipSource() override;

  // Call after the last byte has been read. Errors: DATA_LOSS, bytes remain, or the checksum is wrong.
  absl::Status Finish();

 private:
  friend class ZipFile;
  ZipSource(zip_file* member, int64_t size, absl::Mutex& mutex) : ByteSource(size), member_(member), mutex_(mutex) {}
  absl::Status DoRead(int64_t count, void* destination) override;

  zip_file* const member_;
  absl::Mutex& mutex_;  // of the ZipFile: members share its file position
};

// Thread-safe.
class ZipFile {
 public:
  struct Member {
    std::string name;
    int64_t size = 0, packed_size = 0;
  };

  // Reads the directory. What it claims is checked against the file: no member is larger than its packed bytes can
  // become, and together they are not larger than the file. Members are stored or deflated. Errors: those of opening a
  // file; DATA_LOSS, naming file and member; UNIMPLEMENTED, encryption and other ways of packing.
  static absl::StatusOr<std::unique_ptr<const ZipFile>> Open(const std::string& path);
  ~ZipFile();
  ZipFile(const ZipFile&) = delete;
  ZipFile& operator=(const ZipFile&) = delete;

  const std::string& path() const { return path_; }
  const std::vector<Member>& members() const { return members_; }  // in the order of the directory

  // The bytes of member i. Errors as Open, without the names.
  absl::StatusOr<std::unique_ptr<ZipSource>> OpenMember(size_t i) const;

 private:
  ZipFile(std::string path, zip* archive) : path_(std::move(path)), archive_(archive) {}
  absl::Status ReadDirectory(int64_t file_bytes);

  const std::string path_;
  mutable absl::Mutex mutex_;
  zip* const archive_ ABSL_PT_GUARDED_BY(mutex_);
  std::vector<Member> members_;
};

}  // namespace baryon

#endif  // BARYON_ENGINE_IO_ZIP_FILE_H_
