// Memory of clients on the same machine, in which tensors travel without a socket.
#ifndef BARYON_SERVER_SERVICES_SHARED_MEMORY_H_
#define BARYON_SERVER_SERVICES_SHARED_MEMORY_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"

namespace baryon {

// A part of a POSIX shared memory object. It is read and written through its descriptor, not mapped: a client that cuts
// it short while it is in use gets an error, and the server no signal. Immutable; thread-safe.
class SharedMemory {
 public:
  // `key` is the name of the object, "/name". Errors: INVALID_ARGUMENT, no such name, or the part lies outside of the
  // object; NOT_FOUND; PERMISSION_DENIED.
  static absl::StatusOr<std::shared_ptr<const SharedMemory>> Open(const std::string& key, uint64_t offset,
                                                                  uint64_t size);
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  const std::string& key() const { return key_; }
  int64_t offset() const { return offset_; }
  int64_t size() const { return size_; }

  // The bytes at `offset` of the part. Errors: INVALID_ARGUMENT, they lie outside of it; DATA_LOSS, the object has
  // become shorter; PERMISSION_DENIED, it may only be read.
  absl::Status Read(int64_t offset, absl::Span<char> destination) const;
  absl::Status Write(int64_t offset, absl::string_view bytes) const;
  // INVALID_ARGUMENT unless `size` bytes at `offset` lie inside of the part.
  absl::Status CheckRange(int64_t offset, int64_t size) const;

 private:
  SharedMemory(std::string key, int descriptor, int64_t offset, int64_t size)
      : key_(std::move(key)), descriptor_(descriptor), offset_(offset), size_(size) {}

  const std::string key_;
  const int descriptor_;
  const int64_t offset_, size_;
};

// Which parts clients have registered, by the names they gave them. Thread-safe.
class SharedMemoryRegistry {
 public:
  // Unless `allowed`, nothing can be registered: clients on other machines have no business here.
  explicit SharedMemoryRegistry(bool allowed) : allowed_(allowed) {}

  // Errors: those of SharedMemory::Open; ALREADY_EXISTS; FAILED_PRECONDITION, not allowed; RESOURCE_EXHAUSTED, too
  // many.
  absl::Status Register(const std::string& name, const std::string& key, uint64_t offset, uint64_t size);
  // Requests under way keep what they use. Names that are not known are none; "" means all.
  void Unregister(const std::string& name);
  // Errors: NOT_FOUND.
  absl::StatusOr<std::shared_ptr<const SharedMemory>> Find(const std::string& name) const;
  // One, or all when `name` is empty.
  absl::StatusOr<std::map<std::string, std::shared_ptr<const SharedMemory>>> List(const std::string& name) const;

 private:
  const bool allowed_;
  mutable absl::Mutex mutex_;
  std::map<std::string, std::shared_ptr<const SharedMemory>> regions_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_SHARED_MEMORY_H_
