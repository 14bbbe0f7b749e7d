// Memory for what is read or written from end to end: packed weights, the arena of a forward pass. In pages of two
// megabytes, where the system has some: the prefetchers of a core stop at the end of each page, and weights stream from
// memory twice as fast when that is far away.
#ifndef BARYON_ENGINE_BASE_HUGE_PAGES_H_
#define BARYON_ENGINE_BASE_HUGE_PAGES_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace baryon {

// A piece of memory of its own, aligned to a large page; zeros at first. It counts as used only as far as it was
// touched. Moves, does not copy.
class HugeBlock {
 public:
  static constexpr int64_t kPageBytes = int64_t{2} << 20;

  HugeBlock() = default;
  // Rounds up to whole pages. data() is nullptr when there is no memory.
  explicit HugeBlock(int64_t size_bytes);
  ~HugeBlock();
  HugeBlock(HugeBlock&& other) noexcept { *this = std::move(other); }
  HugeBlock& operator=(HugeBlock&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_bytes_, other.size_bytes_);
    return *this;
  }

  char* data() const { return data_; }
  int64_t size_bytes() const { return size_bytes_; }

 private:
  char* data_ = nullptr;
  int64_t size_bytes_ = 0;
};

// Many pieces in few blocks, given back all at once with the pool. Thread-safe.
class HugePagePool {
 public:
  // 64-byte aligned, zeros; nullptr when there is no memory.
  void* Allocate(int64_t size_bytes);

 private:
  static constexpr int64_t kBlockBytes = int64_t{32} << 20;

  absl::Mutex mutex_;
  std::vector<HugeBlock> blocks_ ABSL_GUARDED_BY(mutex_);
  char* free_ ABSL_GUARDED_BY(mutex_) = nullptr;  // the rest of one of them
  int64_t free_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace baryon

#endif  // BARYON_ENGINE_BASE_HUGE_PAGES_H_
