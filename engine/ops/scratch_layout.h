// How a kernel divides its scratch memory: arrays behind each other, each 64-byte aligned.
//
//   ScratchLayout layout;
//   const Scratch<float> sums = layout.Add<float>(n);       // when the kernel is made
//   float* s = sums.At(context.workspace(worker));          // when it runs; workspace_bytes() is layout.bytes()
#ifndef BARYON_ENGINE_OPS_SCRATCH_LAYOUT_H_
#define BARYON_ENGINE_OPS_SCRATCH_LAYOUT_H_

#include <cstdint>

#include "engine/tensor/tensor.h"

namespace baryon {

// An array of T at an offset of every worker's scratch memory.
template <typename T>
class Scratch {
 public:
  Scratch() = default;
  explicit Scratch(int64_t offset) : offset_(offset) {}

  T* At(char* workspace) const { return reinterpret_cast<T*>(workspace + offset_); }
  const T* At(const char* workspace) const { return reinterpret_cast<const T*>(workspace + offset_); }

 private:
  int64_t offset_ = 0;
};

class ScratchLayout {
 public:
  // Begins behind `begin` bytes that serve something else.
  explicit ScratchLayout(int64_t begin = 0) : bytes_(AlignedSize(begin)) {}

  template <typename T>
  Scratch<T> Add(int64_t count) {
    const Scratch<T> array(bytes_);
    bytes_ += AlignedSize(count * static_cast<int64_t>(sizeof(T)));
    return array;
  }

  int64_t bytes() const { return bytes_; }

 private:
  int64_t bytes_;
};

}  // namespace baryon

#endif  // BARYON_ENGINE_OPS_SCRATCH_LAYOUT_H_
