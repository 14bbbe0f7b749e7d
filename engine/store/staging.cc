#include "engine/store/staging.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"

namespace baryon::store {
namespace {

namespace fs = std::filesystem;

// Makes the entries of the folder `path` last.
absl::Status SyncFolder(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return ErrnoToStatus(errno, "cannot open", path);
  absl::Cleanup closer = [&] { close(descriptor); };
  // EINVAL: a file system that has no such thing.
  if (fsync(descriptor) != 0 && errno != EINVAL) return ErrnoToStatus(errno, "cannot write", path);
  return absl::OkStatus();
}

absl::Status SyncFolders(const std::string& path) {
  std::error_code error;
  for (fs::recursive_directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    if (it->is_directory()) BARYON_RETURN_IF_ERROR(SyncFolder(it->path().string()));
  }
  if (error) return ErrnoToStatus(error.value(), "cannot read", path);
  return SyncFolder(path);
}

bool Exists(const std::string& path) {
  struct stat info;
  return lstat(path.c_str(), &info) == 0;
}

}  // namespace

absl::Status MakeFolders(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  return error ? ErrnoToStatus(error.value(), "cannot make", path) : absl::OkStatus();
}

absl::Status RemoveFolder(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  return error ? ErrnoToStatus(error.value(), "cannot remove", path) : absl::OkStatus();
}

absl::Status CopyFile(const std::string& from, const std::string& to) {
  constexpr int64_t kPieceBytes = 1 << 20;
  BARYON_ASSIGN_OR_RETURN(const std::unique_ptr<const FileReader> file, FileReader::Open(from));
  BARYON_ASSIGN_OR_RETURN(const std::unique_ptr<AtomicFile> copy, AtomicFile::Create(to));
  std::string piece;
  for (int64_t at = 0; at < file->size(); at += kPieceBytes) {
    piece.resize(std::min(kPieceBytes, file->size() - at));
    BARYON_RETURN_IF_ERROR(file->Read(at, static_cast<int64_t>(piece.size()), piece.data()));
    BARYON_RETURN_IF_ERROR(copy->Append(piece));
  }
  return copy->Commit();
}

absl::StatusOr<Staging> Staging::Create(const std::string& root, const std::string& name) {
  std::string path = absl::StrCat(root, "/", name);
  BARYON_RETURN_IF_ERROR(RemoveFolder(path));
  BARYON_RETURN_IF_ERROR(MakeFolders(path));
  return Staging(std::move(path));
}

Staging::~Staging() {
  if (!path_.empty()) RemoveFolder(path_).IgnoreError();
}

Staging::Staging(Staging&& other) noexcept : path_(std::exchange(other.path_, "")) {}

absl::StatusOr<std::string> Staging::MakeFolder(const std::string& name) const {
  std::string path = absl::StrCat(path_, "/", name);
  BARYON_RETURN_IF_ERROR(MakeFolders(path));
  return path;
}

absl::Status Staging::Publish(const std::string& folder, const std::string& target) const {
  const std::string parent = fs::path(target).parent_path().string();
  BARYON_RETURN_IF_ERROR(MakeFolders(parent));
  BARYON_RETURN_IF_ERROR(SyncFolders(folder));
  // An old folder changes places with the new one and goes with the staging.
  int failed = Exists(target) ? renameat2(AT_FDCWD, folder.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE)
                              : rename(folder.c_str(), target.c_str());
  if (failed != 0 && (errno == EINVAL || errno == ENOSYS)) {
    // No exchange here: for a moment there is none of the two, but never half of one.
    failed = rename(target.c_str(), absl::StrCat(path_, "/replaced").c_str());
    if (failed == 0) failed = rename(folder.c_str(), target.c_str());
  }
  if (failed != 0) return ErrnoToStatus(errno, "cannot write", target);
  return SyncFolder(parent);
}

}  // namespace baryon::store
