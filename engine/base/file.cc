#include "engine/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "engine/base/give_way.h"
#include "engine/base/status_macros.h"

namespace baryon {
namespace {

// Read by one call of the system. On kernels that do not preempt themselves, and those are common on servers, the
// thread keeps its core until the call ends, whatever its priority: 20 ms for 32 MB into fresh memory.
constexpr int64_t kReadBytes = 64 << 10;

int64_t ModifiedNanoseconds(const struct stat& info) {
  return int64_t{info.st_mtim.tv_sec} * 1000000000 + info.st_mtim.tv_nsec;
}

}  // namespace

absl::Status ErrnoToStatus(int error_number, absl::string_view what, absl::string_view path) {
  const std::string message = absl::StrCat(what, " \"", path, "\": ", std::strerror(error_number));
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return absl::NotFoundError(message);
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(message);
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return absl::ResourceExhaustedError(message);
    case ENAMETOOLONG:
      return absl::InvalidArgumentError(message);
    default:
      return absl::UnavailableError(message);
  }
}

absl::StatusOr<std::string> ReadFile(const std::string& path, int64_t max_bytes) {
  BARYON_ASSIGN_OR_RETURN(const std::unique_ptr<const FileReader> reader, FileReader::Open(path));
  if (reader->size() > max_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("\"", path, "\" has ", reader->size(), " bytes, expected at most ", max_bytes));
  }
  std::string contents(reader->size(), '\0');
  BARYON_RETURN_IF_ERROR(reader->Read(0, reader->size(), contents.data()));
  return contents;
}

absl::StatusOr<std::unique_ptr<AtomicFile>> AtomicFile::Create(const std::string& path) {
  static std::atomic<int> next{0};  // two writers of one process must not share a temporary file
  std::string temporary = absl::StrCat(path, ".", getpid(), ".", next.fetch_add(1), ".tmp");
  const int descriptor = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) return ErrnoToStatus(errno, "cannot write", path);
  return std::unique_ptr<AtomicFile>(new AtomicFile(path, std::move(temporary), descriptor));
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!committed_) unlink(temporary_.c_str());
}

absl::Status AtomicFile::Append(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) return ErrnoToStatus(errno, "cannot write", path_);
    if (count > 0) bytes.remove_prefix(count);
  }
  return absl::OkStatus();
}

absl::Status AtomicFile::Commit() {
  if (fsync(descriptor_) != 0) return ErrnoToStatus(errno, "cannot write", path_);
  if (close(std::exchange(descriptor_, -1)) != 0) return ErrnoToStatus(errno, "cannot write", path_);
  if (rename(temporary_.c_str(), path_.c_str()) != 0) return ErrnoToStatus(errno, "cannot write", path_);
  committed_ = true;
  return absl::OkStatus();
}

absl::Status WriteFileAtomically(const std::string& path, absl::string_view contents) {
  BARYON_ASSIGN_OR_RETURN(const std::unique_ptr<AtomicFile> file, AtomicFile::Create(path));
  BARYON_RETURN_IF_ERROR(file->Append(contents));
  return file->Commit();
}

absl::StatusOr<std::unique_ptr<const FileReader>> FileReader::Open(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe must not block us here
  if (descriptor < 0) return ErrnoToStatus(errno, "cannot open", path);
  absl::Cleanup closer = [&] { close(descriptor); };
  struct stat info;
  if (fstat(descriptor, &info) != 0) return ErrnoToStatus(errno, "cannot open", path);
  if (!S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat("cannot read \"", path, "\": expected a file, got ",
                                                   S_ISDIR(info.st_mode) ? "a folder" : "something else"));
  }
  std::move(closer).Cancel();
  return std::unique_ptr<const FileReader>(new FileReader(path, descriptor, info.st_size, ModifiedNanoseconds(info)));
}

FileReader::~FileReader() { close(descriptor_); }

absl::Status FileReader::Read(int64_t offset, int64_t count, void* destination) const {
  char* target = static_cast<char*>(destination);
  while (count > 0) {
    const ssize_t got = pread(descriptor_, target, std::min(count, kReadBytes), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoToStatus(errno, "cannot read", path_);
    if (got == 0) {
      return absl::DataLossError(
          absl::StrCat("\"", path_, "\" ends at byte ", offset, ", expected ", count, " bytes more"));
    }
    target += got;
    offset += got;
    count -= got;
    GiveWay();
  }
  struct stat info;
  if (fstat(descriptor_, &info) == 0 && ModifiedNanoseconds(info) == modified_ns_) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("\"", path_, "\" was written to while it was open"));
}

}  // namespace baryon
