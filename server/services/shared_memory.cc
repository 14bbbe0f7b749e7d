#include "server/services/shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"
#include "server/quote.h"

namespace baryon {
namespace {

constexpr size_t kMostRegions = 1024, kMostNameBytes = 255;

// A name without a path in it.
bool IsKey(absl::string_view key) {
  key = absl::StripPrefix(key, "/");
  return !key.empty() && key.size() < kMostNameBytes && key[0] != '.' &&
         std::all_of(key.begin(), key.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '_' || c == '-' || c == '.'; });
}

// Open for writing too when the system allows it. Less than 0: errno says why.
int OpenObject(const std::string& key) {
  const int descriptor = shm_open(key.c_str(), O_RDWR | O_CLOEXEC, 0);
  return descriptor >= 0 || errno != EACCES ? descriptor : shm_open(key.c_str(), O_RDONLY | O_CLOEXEC, 0);
}

absl::Status OutOfRange(const std::string& key, uint64_t offset, uint64_t size, int64_t available) {
  return absl::InvalidArgumentError(absl::StrCat("shared memory ", Quote(key), ": expected a part of its ", available,
                                                 " bytes, got ", size, " at ", offset));
}

// Moves all bytes or says why not: `move` is pread or pwrite.
template <typename Move>
absl::Status MoveAll(const std::string& key, size_t size, Move move) {
  for (size_t done = 0; done < size;) {
    const ssize_t count = move(done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoToStatus(errno, "cannot use shared memory", key);
    if (count == 0) return absl::DataLossError(absl::StrCat("shared memory ", Quote(key), " has become shorter"));
    done += static_cast<size_t>(count);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const SharedMemory>> SharedMemory::Open(const std::string& key, uint64_t offset,
                                                                       uint64_t size) {
  if (!IsKey(key)) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected a key of letters, digits, '_', '-' and '.', got ", Quote(key)));
  }
  const int descriptor = OpenObject(key);
  if (descriptor < 0) return ErrnoToStatus(errno, "cannot open shared memory", key);
  struct stat status {};
  const bool is_object = fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  const auto available = static_cast<uint64_t>(is_object ? status.st_size : 0);
  std::shared_ptr<const SharedMemory> memory(
      new SharedMemory(key, descriptor, static_cast<int64_t>(offset), static_cast<int64_t>(size)));
  if (size == 0 || size > available || offset > available - size) {
    return OutOfRange(key, offset, size, static_cast<int64_t>(available));
  }
  return memory;
}

SharedMemory::~SharedMemory() { close(descriptor_); }

absl::Status SharedMemory::CheckRange(int64_t offset, int64_t size) const {
  if (offset >= 0 && size >= 0 && size <= size_ && offset <= size_ - size) return absl::OkStatus();
  return OutOfRange(key_, offset, size, size_);
}

absl::Status SharedMemory::Read(int64_t offset, absl::Span<char> destination) const {
  BARYON_RETURN_IF_ERROR(CheckRange(offset, static_cast<int64_t>(destination.size())));
  return MoveAll(key_, destination.size(), [&](size_t done) {
    return pread(descriptor_, destination.data() + done, destination.size() - done,
                 static_cast<off_t>(offset_ + offset + static_cast<int64_t>(done)));
  });
}

absl::Status SharedMemory::Write(int64_t offset, absl::string_view bytes) const {
  BARYON_RETURN_IF_ERROR(CheckRange(offset, static_cast<int64_t>(bytes.size())));
  return MoveAll(key_, bytes.size(), [&](size_t done) {
    return pwrite(descriptor_, bytes.data() + done, bytes.size() - done,
                  static_cast<off_t>(offset_ + offset + static_cast<int64_t>(done)));
  });
}

absl::Status SharedMemoryRegistry::Register(const std::string& name, const std::string& key, uint64_t offset,
                                            uint64_t size) {
  if (!allowed_) {
    return absl::FailedPreconditionError("shared memory is for clients on this machine: see --shared-memory");
  }
  if (name.empty() || name.size() > kMostNameBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected a name of 1 to ", kMostNameBytes, " bytes for shared memory, got ", Quote(name)));
  }
  BARYON_ASSIGN_OR_RETURN(std::shared_ptr<const SharedMemory> memory, SharedMemory::Open(key, offset, size));
  absl::MutexLock lock(&mutex_);
  if (regions_.size() >= kMostRegions) {
    return absl::ResourceExhaustedError(absl::StrCat("expected at most ", kMostRegions, " regions of shared memory"));
  }
  if (regions_.emplace(name, std::move(memory)).second) return absl::OkStatus();
  return absl::AlreadyExistsError(absl::StrCat("shared memory ", Quote(name), " is registered already"));
}

void SharedMemoryRegistry::Unregister(const std::string& name) {
  absl::MutexLock lock(&mutex_);
  if (name.empty()) {
    regions_.clear();
  } else {
    regions_.erase(name);
  }
}

absl::StatusOr<std::shared_ptr<const SharedMemory>> SharedMemoryRegistry::Find(const std::string& name) const {
  absl::MutexLock lock(&mutex_);
  const auto found = regions_.find(name);
  if (found != regions_.end()) return found->second;
  return absl::NotFoundError(absl::StrCat("no shared memory is registered as ", Quote(name)));
}

absl::StatusOr<std::map<std::string, std::shared_ptr<const SharedMemory>>> SharedMemoryRegistry::List(
    const std::string& name) const {
  if (!name.empty()) {
    BARYON_ASSIGN_OR_RETURN(std::shared_ptr<const SharedMemory> memory, Find(name));
    return std::map<std::string, std::shared_ptr<const SharedMemory>>{{name, std::move(memory)}};
  }
  absl::MutexLock lock(&mutex_);
  return regions_;
}

}  // namespace baryon
