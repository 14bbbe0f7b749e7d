// One process at a time, and one thread of it.
#ifndef BARYON_ENGINE_STORE_FOLDER_LOCK_H_
#define BARYON_ENGINE_STORE_FOLDER_LOCK_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace baryon::store {

// Holds the lock of a file, until it goes or its process ends in whatever way. The file itself stays: removing it would
// let two in, each with a lock on a file of its own.
class FolderLock {
 public:
  // Makes `path` when it is missing. While somebody else holds the lock, `waiting` is called every tenth of a second;
  // an error ends the wait and is returned. Errors: those of making the file.
  static absl::StatusOr<std::unique_ptr<FolderLock>> Take(const std::string& path,
                                                          const std::function<absl::Status()>& waiting);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
  const int descriptor_;
};

}  // namespace baryon::store

#endif  // BARYON_ENGINE_STORE_FOLDER_LOCK_H_
