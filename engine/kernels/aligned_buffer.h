// Memory for packed weights.
#ifndef BARYON_ENGINE_KERNELS_ALIGNED_BUFFER_H_
#define BARYON_ENGINE_KERNELS_ALIGNED_BUFFER_H_

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <memory>

namespace baryon::kernels {

// Floats, 64-byte aligned, not initialised; data() is nullptr when there is no memory. Large buffers ask for large
// pages: weights are streamed from end to end, and prefetching stops at the end of each page.
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(int64_t size) : size_(size) {
    constexpr size_t kLine = 64, kLargePage = 2 << 20;
    const size_t bytes = static_cast<size_t>(size) * sizeof(float);
    void* data = nullptr;
    if (posix_memalign(&data, bytes >= kLargePage ? kLargePage : kLine, bytes == 0 ? kLine : bytes) != 0) return;
    if (bytes >= kLargePage) madvise(data, bytes, MADV_HUGEPAGE);
    data_.reset(static_cast<float*>(data));
  }

  int64_t size() const { return size_; }
  float* data() { return data_.get(); }
  const float* data() const { return data_.get(); }
  float* begin() { return data_.get(); }
  float* end() { return data_.get() + size_; }

 private:
  struct Free {
    void operator()(float* data) const { std::free(data); }
  };
  std::unique_ptr<float[], Free> data_;
  int64_t size_ = 0;
};

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_ALIGNED_BUFFER_H_
