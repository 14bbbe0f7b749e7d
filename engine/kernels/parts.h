// Cutting work and memory into parts of whole numbers.
#ifndef BARYON_ENGINE_KERNELS_PARTS_H_
#define BARYON_ENGINE_KERNELS_PARTS_H_

#include <cstdint>

namespace baryon::kernels {

// a / b, rounded up. Both are positive, or `a` is 0.
constexpr int64_t CeilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Part `index` of `parts` nearly equal parts of [0, count) starts here.
constexpr int64_t PartBegin(int64_t count, int64_t parts, int64_t index) { return count * index / parts; }

// The next multiple of a line of the cache, in floats.
constexpr int64_t RoundedToLine(int64_t floats) { return CeilDiv(floats, 16) * 16; }

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_PARTS_H_
