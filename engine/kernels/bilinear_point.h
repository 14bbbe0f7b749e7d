// Points between the pixels of a feature map, as four pixels and their weights.
#ifndef BARYON_ENGINE_KERNELS_BILINEAR_POINT_H_
#define BARYON_ENGINE_KERNELS_BILINEAR_POINT_H_

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "engine/kernels/feature_map.h"

namespace baryon::kernels {

// The value there is the sum of data[offset[k]] * weight[k]; offsets are those of pixels, for channel 0.
template <typename V>
struct BilinearPoint {
  int64_t offset[4];
  V weight[4];
};

// A point whose coordinates are not below -1 and not above the sizes; beyond the border pixels it takes their values.
template <typename T, typename V>
BilinearPoint<V> PointInside(const FeatureMap<T>& map, V y, V x) {
  y = std::max<V>(y, 0);
  x = std::max<V>(x, 0);
  int64_t low_y = static_cast<int64_t>(y), low_x = static_cast<int64_t>(x), high_y = low_y + 1, high_x = low_x + 1;
  if (low_y >= map.height - 1) y = static_cast<V>(low_y = high_y = map.height - 1);
  if (low_x >= map.width - 1) x = static_cast<V>(low_x = high_x = map.width - 1);
  const V dy = y - static_cast<V>(low_y), dx = x - static_cast<V>(low_x);
  const int64_t low = low_y * map.row_stride, high = high_y * map.row_stride;
  const int64_t left = low_x * map.pixel_stride, right = high_x * map.pixel_stride;
  return {{low + left, low + right, high + left, high + right},
          {(1 - dy) * (1 - dx), (1 - dy) * dx, dy * (1 - dx), dy * dx}};
}

// Any point: pixels outside of the map count as 0. They get a weight of 0 and the place of a pixel that exists.
template <typename T, typename V>
BilinearPoint<V> PointWithZeroBorder(const FeatureMap<T>& map, V y, V x) {
  const V limit_y = static_cast<V>(map.height), limit_x = static_cast<V>(map.width);
  if (!(y > -1 && y < limit_y && x > -1 && x < limit_x)) return {{0, 0, 0, 0}, {0, 0, 0, 0}};
  const V floor_y = std::floor(y), floor_x = std::floor(x), dy = y - floor_y, dx = x - floor_x;
  const int64_t low_y = static_cast<int64_t>(floor_y), low_x = static_cast<int64_t>(floor_x);
  const V up = low_y >= 0 ? 1 - dy : 0, down = low_y + 1 < map.height ? dy : 0;
  const V left = low_x >= 0 ? 1 - dx : 0, right = low_x + 1 < map.width ? dx : 0;
  const int64_t upper = std::max<int64_t>(low_y, 0) * map.row_stride;
  const int64_t lower = std::min(low_y + 1, map.height - 1) * map.row_stride;
  const int64_t first = std::max<int64_t>(low_x, 0) * map.pixel_stride;
  const int64_t second = std::min(low_x + 1, map.width - 1) * map.pixel_stride;
  return {{upper + first, upper + second, lower + first, lower + second},
          {up * left, up * right, down * left, down * right}};
}

// The value of the channel that begins at `channel`, a map's data or a number of channel strides behind it.
template <typename T, typename V>
V ValueAt(const T* channel, const BilinearPoint<V>& point) {
  return point.weight[0] * static_cast<V>(channel[point.offset[0]]) +
         point.weight[1] * static_cast<V>(channel[point.offset[1]]) +
         point.weight[2] * static_cast<V>(channel[point.offset[2]]) +
         point.weight[3] * static_cast<V>(channel[point.offset[3]]);
}

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_BILINEAR_POINT_H_
