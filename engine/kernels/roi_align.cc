// The sums of a block of channels stay in registers over all pixels of a bin.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/roi_align.cc"
#include "engine/kernels/roi_align.h"

#include <hwy/foreach_target.h>  // first: compiles this file once for each instruction set
#include <hwy/highway.h>

#include <cmath>

#include "engine/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace baryon::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

struct Bin {
  const FeatureMap<const float>& map;
  const WeightedPixels &rows, &columns;
  const float *row_weights, *column_weights;
  float count;
};

// kVectors vectors of channels from `channel` on; the last may be incomplete.
template <int kVectors>
void AverageBlock(const Bin& bin, int64_t channel, int64_t channels, float* out) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = hn::Lanes(d);
  const int64_t last = channels - (kVectors - 1) * lanes;  // of the last vector
  hn::Vec<decltype(d)> sums[kVectors];
  BARYON_UNROLL for (int v = 0; v < kVectors; ++v) sums[v] = hn::Zero(d);
  for (int64_t y = bin.rows.begin; y < bin.rows.end; ++y) {
    const float* pixel = bin.map.at(y, bin.columns.begin) + channel;
    for (int64_t x = bin.columns.begin; x < bin.columns.end; ++x, pixel += bin.map.pixel_stride) {
      const auto weight = hn::Set(d, bin.row_weights[y] * bin.column_weights[x]);
      BARYON_UNROLL for (int v = 0; v < kVectors - 1; ++v) {
        sums[v] = hn::MulAdd(weight, hn::LoadU(d, pixel + v * lanes), sums[v]);
      }
      const float* tail = pixel + (kVectors - 1) * lanes;
      const auto value = last >= lanes ? hn::LoadU(d, tail) : LoadFirst(d, tail, last);
      sums[kVectors - 1] = hn::MulAdd(weight, value, sums[kVectors - 1]);
    }
  }
  const auto count = hn::Set(d, bin.count);
  BARYON_UNROLL for (int v = 0; v < kVectors; ++v) {
    const auto mean = hn::Div(sums[v], count);
    float* to = out + channel + v * lanes;
    if (v < kVectors - 1 || last >= lanes) {
      hn::StoreU(mean, d, to);
    } else {
      StoreFirst(mean, d, to, last);
    }
  }
}

void AverageVectors(const Bin& bin, float* out) {
  constexpr int kVectors = 8;
  const int64_t lanes = hn::Lanes(hn::ScalableTag<float>());
  int64_t channel = 0;
  for (; channel + kVectors * lanes <= bin.map.channels; channel += kVectors * lanes) {
    AverageBlock<kVectors>(bin, channel, kVectors * lanes, out);
  }
  for (; channel < bin.map.channels; channel += lanes) {
    AverageBlock<1>(bin, channel, std::min(lanes, bin.map.channels - channel), out);
  }
}

void Average(const FeatureMap<const float>& map, const WeightedPixels& rows, const float* row_weights,
             const WeightedPixels& columns, const float* column_weights, float count, float* out) {
  AverageVectors({map, rows, columns, row_weights, column_weights, count}, out);
}

}  // namespace
}  // namespace baryon::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace baryon::kernels {

HWY_EXPORT(Average);

void AverageChannelVectors(const FeatureMap<const float>& map, const WeightedPixels& rows, const float* row_weights,
                           const WeightedPixels& columns, const float* column_weights, float count, float* out) {
  HWY_DYNAMIC_DISPATCH(Average)(map, rows, row_weights, columns, column_weights, count, out);
}

namespace {

// Adds `weight` to pixel `pixel` of the range, which grows upwards.
template <typename T>
void AddWeight(int64_t pixel, T weight, WeightedPixels& range, T* weights) {
  if (range.end == range.begin) range = {pixel, pixel};
  for (; range.end <= pixel; ++range.end) weights[range.end] = 0;
  weights[pixel] += weight;
}

// The first sample that may lie at `position` or beyond.
template <typename T>
int64_t SampleNear(T base, double step, double position, int64_t grid) {
  const double sample = std::floor((position - static_cast<double>(base)) / step - 0.5);
  return static_cast<int64_t>(std::clamp(sample, 0.0, static_cast<double>(grid)));
}

}  // namespace

template <typename T>
WeightedPixels WeighBin(const GridAxis<T>& axis, int64_t bin, int64_t size, T* weights) {
  WeightedPixels range = {0, 0};
  const T base = axis.start + static_cast<T>(bin) * axis.bin_size;
  const double step = static_cast<double>(axis.bin_size) / static_cast<double>(axis.grid);
  if (!std::isfinite(base) || !(step > 0)) return range;
  const int64_t first = std::max<int64_t>(SampleNear(base, step, -1.0, axis.grid) - 1, 0);
  const int64_t last = std::min(SampleNear(base, step, static_cast<double>(size), axis.grid) + 3, axis.grid);
  for (int64_t i = first; i < last; ++i) {
    T at = base + (static_cast<T>(i) + static_cast<T>(0.5)) * axis.bin_size / static_cast<T>(axis.grid);
    if (!(at >= -1 && at <= static_cast<T>(size))) continue;
    at = std::max<T>(at, 0);
    const int64_t low = std::min(static_cast<int64_t>(at), size - 1);
    const T high_weight = low == size - 1 ? 0 : at - static_cast<T>(low);
    AddWeight(low, 1 - high_weight, range, weights);
    if (low < size - 1) AddWeight(low + 1, high_weight, range, weights);
  }
  return range;
}

template WeightedPixels WeighBin<float>(const GridAxis<float>& axis, int64_t bin, int64_t size, float* weights);
template WeightedPixels WeighBin<double>(const GridAxis<double>& axis, int64_t bin, int64_t size, double* weights);

}  // namespace baryon::kernels
#endif  // HWY_ONCE
