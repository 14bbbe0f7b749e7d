// Bilinear interpolation of images.
#ifndef BARYON_ENGINE_KERNELS_RESIZE_BILINEAR_H_
#define BARYON_ENGINE_KERNELS_RESIZE_BILINEAR_H_

#include <cstdint>
#include <vector>

#include "engine/tensor/dtype.h"

namespace baryon::kernels {

// Where an output lies between two neighbouring inputs: (1 - weight) * in[first] + weight * in[second].
struct Interpolation {
  int64_t first, second;
  float weight;
};

// Those of `out` outputs along an axis of `in` inputs. With `align_corners` the first and last inputs and outputs lie
// on each other; else their borders do, and inputs end with their outermost centres.
std::vector<Interpolation> BilinearAxis(int64_t in, int64_t out, bool align_corners);

// Rows [begin, end) of the output of [maps, height, width, inner] data: maps are images, or images and channels with an
// `inner` of 1; rows are counted through all maps.
template <typename T>
void ResizeBilinear(const std::vector<Interpolation>& rows, const std::vector<Interpolation>& columns,
                    int64_t in_height, int64_t in_width, int64_t inner, const T* in, int64_t begin, int64_t end,
                    T* out) {
  using Value = ComputeType<T>;
  const int64_t height = static_cast<int64_t>(rows.size()), width = static_cast<int64_t>(columns.size());
  for (int64_t row = begin; row < end; ++row) {
    const Interpolation& y = rows[row % height];
    const T* map = in + row / height * in_height * in_width * inner;
    const T *upper = map + y.first * in_width * inner, *lower = map + y.second * in_width * inner;
    const Value y1 = y.weight, y0 = 1 - y1;
    for (int64_t column = 0; column < width; ++column) {
      const Interpolation& x = columns[column];
      const Value x1 = x.weight, x0 = 1 - x1;
      const T *a = upper + x.first * inner, *b = upper + x.second * inner;
      const T *c = lower + x.first * inner, *d = lower + x.second * inner;
      T* to = out + (row * width + column) * inner;
      for (int64_t i = 0; i < inner; ++i) {
        to[i] = static_cast<T>(y0 * (x0 * static_cast<Value>(a[i]) + x1 * static_cast<Value>(b[i])) +
                               y1 * (x0 * static_cast<Value>(c[i]) + x1 * static_cast<Value>(d[i])));
      }
    }
  }
}

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_RESIZE_BILINEAR_H_
