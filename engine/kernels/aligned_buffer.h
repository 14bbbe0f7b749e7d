// Memory for packed weights.
#ifndef BARYON_ENGINE_KERNELS_ALIGNED_BUFFER_H_
#define BARYON_ENGINE_KERNELS_ALIGNED_BUFFER_H_

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <utility>

#include "engine/base/huge_pages.h"

namespace baryon::kernels {

// Floats, 64-byte aligned, not initialised; data() is nullptr when there is no memory. Large buffers come from `pool`,
// if there is one, and keep it alive.
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(int64_t size, std::shared_ptr<HugePagePool> pool = nullptr) : size_(size) {
    constexpr int64_t kLine = 64, kLeastFromPool = 64 << 10;
    const int64_t bytes = size * static_cast<int64_t>(sizeof(float));
    if (pool != nullptr && bytes >= kLeastFromPool) {
      data_ = static_cast<float*>(pool->Allocate(bytes));
      owner_ = std::move(pool);
      return;
    }
    void* data = nullptr;
    if (posix_memalign(&data, kLine, bytes == 0 ? kLine : bytes) != 0) return;
    data_ = static_cast<float*>(data);
    owner_ = std::shared_ptr<void>(data, std::free);
  }
  AlignedBuffer(AlignedBuffer&& other) noexcept { *this = std::move(other); }
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(owner_, other.owner_);
    return *this;
  }

  int64_t size() const { return size_; }
  float* data() { return data_; }
  const float* data() const { return data_; }
  float* begin() { return data_; }
  float* end() { return data_ + size_; }

 private:
  float* data_ = nullptr;
  int64_t size_ = 0;
  std::shared_ptr<void> owner_;  // of the memory: itself, or the pool
};

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_ALIGNED_BUFFER_H_
