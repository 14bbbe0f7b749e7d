// Files as the rest of the engine wants them: read whole or in pieces, and written so that nobody sees half of one.
#ifndef BARYON_ENGINE_BASE_FILE_H_
#define BARYON_ENGINE_BASE_FILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace baryon {

// The bytes of `path`. Errors: NOT_FOUND, PERMISSION_DENIED, RESOURCE_EXHAUSTED when it has more than `max_bytes`, and
// what else the system says, always with the path.
absl::StatusOr<std::string> ReadFile(const std::string& path, int64_t max_bytes = int64_t{1} << 40);

// A file that appears under its name all at once: what is appended goes to a temporary file beside `path`, which Commit
// renames over it. Without Commit nothing remains. One thread.
class AtomicFile {
 public:
  // Errors here and below: NOT_FOUND, PERMISSION_DENIED, RESOURCE_EXHAUSTED and what else the system says, with the
  // path.
  static absl::StatusOr<std::unique_ptr<AtomicFile>> Create(const std::string& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  absl::Status Append(absl::string_view bytes);
  // Makes sure that the bytes have reached the disk, then shows the file. Call once, last.
  absl::Status Commit();

 private:
  AtomicFile(std::string path, std::string temporary, int descriptor)
      : path_(std::move(path)), temporary_(std::move(temporary)), descriptor_(descriptor) {}

  const std::string path_, temporary_;
  int descriptor_;
  bool committed_ = false;
};

// The same for contents that are at hand.
absl::Status WriteFileAtomically(const std::string& path, absl::string_view contents);

// A file open for reading at any position. The bytes are copied into memory of the caller's, not mapped: a file that
// somebody overwrites or cuts short while it is open gives an error, never a signal and not half of two files. One that
// is replaced or removed is read on as it was.
// Immutable; thread-safe.
class FileReader {
 public:
  // Errors as those of baryon::ReadFile.
  static absl::StatusOr<std::unique_ptr<const FileReader>> Open(const std::string& path);
  ~FileReader();
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;

  const std::string& path() const { return path_; }
  int64_t size() const { return size_; }  // when it was opened

  // Fills `destination` with the `count` bytes at `offset`. Errors: DATA_LOSS when the file ends before them, or was
  // written to since it was opened.
  absl::Status Read(int64_t offset, int64_t count, void* destination) const;

 private:
  FileReader(std::string path, int descriptor, int64_t size, int64_t modified_ns)
      : path_(std::move(path)), descriptor_(descriptor), size_(size), modified_ns_(modified_ns) {}

  const std::string path_;
  const int descriptor_;
  const int64_t size_;
  const int64_t modified_ns_;  // since 1970, when it was opened
};

// The absl::Status of a failed system call on `path`: "cannot open "a/b": No such file or directory".
absl::Status ErrnoToStatus(int error_number, absl::string_view what, absl::string_view path);

}  // namespace baryon

#endif  // BARYON_ENGINE_BASE_FILE_H_
