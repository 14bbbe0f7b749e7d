// Maxima and sums over rectangles of a feature map.
#ifndef BARYON_ENGINE_KERNELS_ROI_POOL_H_
#define BARYON_ENGINE_KERNELS_ROI_POOL_H_

#include <cstdint>
#include <limits>

#include "engine/kernels/feature_map.h"

namespace baryon::kernels {

// Rows [top, bottom) and columns [left, right) of a map.
struct PixelRange {
  int64_t top, bottom, left, right;
  bool empty() const { return bottom <= top || right <= left; }
};

// out[c * out_stride] = the largest of channel c in the range, for every channel. NaN is never chosen; where there is
// nothing else the result is the lowest finite value.
template <typename T, typename V>
void MaxOfPixels(const FeatureMap<const T>& map, const PixelRange& range, T* out, int64_t out_stride) {
  for (int64_t c = 0; c < map.channels; ++c) {
    V most = std::numeric_limits<float>::lowest();
    for (int64_t y = range.top; y < range.bottom; ++y) {
      const T* row = map.at(y, 0) + c * map.channel_stride;
      for (int64_t x = range.left; x < range.right; ++x) {
        const V value = row[x * map.pixel_stride];
        most = value > most ? value : most;
      }
    }
    out[c * out_stride] = static_cast<T>(most);
  }
}

// The same in vectors of channels, for maps with a channel_stride of 1 and an out_stride of 1.
void MaxChannelVectors(const FeatureMap<const float>& map, const PixelRange& range, float* out);

// The sum of one channel over the range.
template <typename T, typename V>
V SumOfPixels(const FeatureMap<const T>& map, int64_t channel, const PixelRange& range) {
  V sum = 0;
  for (int64_t y = range.top; y < range.bottom; ++y) {
    const T* row = map.at(y, 0) + channel * map.channel_stride;
    for (int64_t x = range.left; x < range.right; ++x) sum += static_cast<V>(row[x * map.pixel_stride]);
  }
  return sum;
}

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_ROI_POOL_H_
