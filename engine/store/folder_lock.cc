// flock, not fcntl: its locks belong to the open file, so they keep threads of one process apart too.
#include "engine/store/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"

namespace baryon::store {

absl::StatusOr<std::unique_ptr<FolderLock>> FolderLock::Take(const std::string& path,
                                                             const std::function<absl::Status()>& waiting) {
  constexpr absl::Duration kBetweenTries = absl::Milliseconds(100);
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (descriptor < 0) return ErrnoToStatus(errno, "cannot lock", path);
  std::unique_ptr<FolderLock> lock(new FolderLock(descriptor));
  while (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return ErrnoToStatus(errno, "cannot lock", path);
    if (waiting != nullptr) BARYON_RETURN_IF_ERROR(waiting());
    absl::SleepFor(kBetweenTries);
  }
  return lock;
}

FolderLock::~FolderLock() { close(descriptor_); }

}  // namespace baryon::store
