#include "engine/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"

namespace baryon {

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

absl::Status WriteFileAtomically(const std::string& path, absl::string_view contents) {
  const std::string temporary = absl::StrCat(path, ".", getpid(), ".tmp");
  const int descriptor = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) return ErrnoToStatus(errno, "cannot write", path);
  absl::Cleanup remover = [&] { unlink(temporary.c_str()); };
  size_t written = 0;
  int error_number = 0;
  while (written < contents.size() && error_number == 0) {
    const ssize_t count = write(descriptor, contents.data() + written, contents.size() - written);
    if (count >= 0) written += count;
    if (count < 0 && errno != EINTR) error_number = errno;
  }
  if (error_number == 0 && fsync(descriptor) != 0) error_number = errno;
  if (close(descriptor) != 0 && error_number == 0) error_number = errno;
  if (error_number == 0 && rename(temporary.c_str(), path.c_str()) != 0) error_number = errno;
  if (error_number != 0) return ErrnoToStatus(error_number, "cannot write", path);
  std::move(remover).Cancel();
  return absl::OkStatus();
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
  return std::unique_ptr<const FileReader>(new FileReader(path, descriptor, info.st_size));
}

FileReader::~FileReader() { close(descriptor_); }

absl::Status FileReader::Read(int64_t offset, int64_t count, void* destination) const {
  char* target = static_cast<char*>(destination);
  while (count > 0) {
    const ssize_t got = pread(descriptor_, target, count, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoToStatus(errno, "cannot read", path_);
    if (got == 0) {
      return absl::DataLossError(
          absl::StrCat("\"", path_, "\" ends at byte ", offset, ", expected ", count, " bytes more"));
    }
    target += got;
    offset += got;
    count -= got;
  }
  return absl::OkStatus();
}

}  // namespace baryon
