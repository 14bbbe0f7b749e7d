// Averages of samples of a feature map on a regular grid, by bilinear interpolation: regions of any place and size
// become maps of one size.
//
// A grid along the axes is a product: the weight of a pixel in the average is the weight of its row times that of its
// column, each summed over the samples along one axis. So a bin costs one multiplication for each pixel it touches and
// each channel, however fine its grid is.
// Source: He, Gkioxari, Dollar, Girshick, Mask R-CNN, 2017.
#ifndef BARYON_ENGINE_KERNELS_ROI_ALIGN_H_
#define BARYON_ENGINE_KERNELS_ROI_ALIGN_H_

#include <algorithm>
#include <cstdint>

#include "engine/kernels/feature_map.h"

namespace baryon::kernels {

// Samples along one axis of a region: bin b has `grid` of them from start + b * bin_size on, in the middles of equal
// parts.
template <typename T>
struct GridAxis {
  T start, bin_size;
  int64_t grid;
};

// Pixels [begin, end) of an axis and, in an array that is theirs, the weights of them.
struct WeightedPixels {
  int64_t begin, end;
};

// The pixels that the samples of a bin lie between, on an axis of `size`, with the sums of their weights in
// weights[begin, end). Samples beyond one pixel outside of the axis count as 0, those nearer to it take its last pixel.
// Looks at the samples near the axis only: 2 `size` of them at most, or those of the finest grid there is.
template <typename T>
WeightedPixels WeighBin(const GridAxis<T>& axis, int64_t bin, int64_t size, T* weights);

// out[c * out_stride] = sum of the map at the rows and columns, weighted by both, divided by `count`; for every channel
// of the map.
template <typename T, typename V>
void AveragePixels(const FeatureMap<const T>& map, const WeightedPixels& rows, const V* row_weights,
                   const WeightedPixels& columns, const V* column_weights, V count, T* out, int64_t out_stride) {
  for (int64_t c = 0; c < map.channels; ++c) {
    V sum = 0;
    for (int64_t y = rows.begin; y < rows.end; ++y) {
      const T* row = map.at(y, 0) + c * map.channel_stride;
      V row_sum = 0;
      for (int64_t x = columns.begin; x < columns.end; ++x) {
        row_sum += column_weights[x] * static_cast<V>(row[x * map.pixel_stride]);
      }
      sum += row_weights[y] * row_sum;
    }
    out[c * out_stride] = static_cast<T>(sum / count);
  }
}

// The same in vectors of channels, for maps with a channel_stride of 1 and an out_stride of 1.
void AverageChannelVectors(const FeatureMap<const float>& map, const WeightedPixels& rows, const float* row_weights,
                           const WeightedPixels& columns, const float* column_weights, float count, float* out);

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_ROI_ALIGN_H_
