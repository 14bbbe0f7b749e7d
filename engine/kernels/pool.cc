// Channels are the vectors: each output loads every input of its window once, for four vectors of channels at a time.
// Sums are formed row by row of the window and then over the rows, which keeps their error small on large windows.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/pool.cc"
#include <hwy/foreach_target.h>
//
#include <hwy/highway.h>

#include <algorithm>

#include "engine/kernels/pool.h"
#include "engine/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace baryon::kernels::HWY_NAMESPACE {
namespace {

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr int64_t kLanes = hn::MaxLanes(D());

// One output pixel's window and where it is.
struct Window {
  const float* in;  // the image, from the first channel on
  PoolWindow z, y, x;
  int64_t row, plane, pixel;  // distances in the input, in elements
  float least;                // what a maximum begins with
  float divisor;              // 1 but for averages
};

// kVectors vectors of channels. kMasked: the only one has `lanes` channels.
template <bool kMax, int kVectors, bool kMasked>
HWY_INLINE void PoolVectors(const Window& window, const float* in, float* out, size_t lanes) {
  constexpr D d;
  const auto load = [&](const float* p) HWY_ATTR { return kMasked ? LoadFirst(d, p, lanes) : hn::LoadU(d, p); };
  const V start = hn::Set(d, kMax ? window.least : 0.0f);
  V results[kVectors];
  BARYON_UNROLL for (int v = 0; v < kVectors; ++v) results[v] = start;
  for (int64_t z = window.z.begin; z < window.z.end; ++z) {
    for (int64_t y = window.y.begin; y < window.y.end; ++y) {
      const float* HWY_RESTRICT pixel = in + z * window.plane + y * window.row + window.x.begin * window.pixel;
      V row[kVectors];
      BARYON_UNROLL for (int v = 0; v < kVectors; ++v) row[v] = start;
      for (int64_t x = window.x.begin; x < window.x.end; ++x, pixel += window.pixel) {
        BARYON_UNROLL for (int v = 0; v < kVectors; ++v) {
          const V value = load(pixel + v * kLanes);
          row[v] = kMax ? Larger(value, row[v]) : hn::Add(row[v], value);
        }
      }
      BARYON_UNROLL for (int v = 0; v < kVectors; ++v) {
        results[v] = kMax ? Larger(row[v], results[v]) : hn::Add(results[v], row[v]);
      }
    }
  }
  const V divisor = hn::Set(d, window.divisor);
  BARYON_UNROLL for (int v = 0; v < kVectors; ++v) {
    const V result = kMax ? results[v] : hn::Div(results[v], divisor);
    if (kMasked) {
      StoreFirst(result, d, out + v * kLanes, lanes);
    } else {
      hn::StoreU(result, d, out + v * kLanes);
    }
  }
}

template <bool kMax>
void PoolPixel(const Window& window, int64_t channels, float* out) {
  constexpr int kVectors = 4;
  int64_t c = 0;
  for (; c + kVectors * kLanes <= channels; c += kVectors * kLanes) {
    PoolVectors<kMax, kVectors, false>(window, window.in + c, out + c, kLanes);
  }
  for (; c + kLanes <= channels; c += kLanes) PoolVectors<kMax, 1, false>(window, window.in + c, out + c, kLanes);
  if (c < channels) PoolVectors<kMax, 1, true>(window, window.in + c, out + c, channels - c);
}

void PoolRows(const PoolGeometry& geometry, const float* in, int64_t begin, int64_t end, float* out) {
  Window window;
  window.pixel = geometry.in_stride == 0 ? geometry.channels : geometry.in_stride;
  const int64_t out_pixel = geometry.out_stride == 0 ? geometry.channels : geometry.out_stride;
  window.row = geometry.in[2] * window.pixel;
  window.plane = geometry.in[1] * window.row;
  for (int64_t row = begin; row < end; ++row) {
    window.y = geometry.windows[1][row % geometry.out(1)];
    window.z = geometry.windows[0][row / geometry.out(1) % geometry.out(0)];
    window.in = in + row / (geometry.out(1) * geometry.out(0)) * geometry.in_pixels() * window.pixel;
    for (int64_t i = 0; i < geometry.out(2); ++i) {
      window.x = geometry.windows[2][i];
      window.least = geometry.Least<float>(window.z, window.y, window.x);
      const bool divides = geometry.type == PoolType::kAvg &&
                           (geometry.divides_nothing || !geometry.IsEmpty(window.z, window.y, window.x));
      window.divisor = divides ? static_cast<float>(window.z.size * window.y.size * window.x.size) : 1.0f;
      float* pixel = out + (row * geometry.out(2) + i) * out_pixel;
      if (geometry.type == PoolType::kMax) {
        PoolPixel<true>(window, geometry.channels, pixel);
      } else {
        PoolPixel<false>(window, geometry.channels, pixel);
      }
    }
  }
}

}  // namespace
}  // namespace baryon::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace baryon::kernels {

HWY_EXPORT(PoolRows);

std::vector<PoolWindow> SlidingWindows(int64_t in, int64_t count, int64_t kernel, int64_t stride, int64_t pad,
                                       bool counts_pad) {
  std::vector<PoolWindow> windows;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t start = i * stride - pad, stop = std::min(start + kernel, in + pad);
    PoolWindow& window = windows.emplace_back();
    window.begin = std::max<int64_t>(start, 0);
    window.end = std::min(stop, in);
    window.size = counts_pad ? stop - start : window.end - window.begin;
    window.padded = start < 0 || stop > in;
  }
  return windows;
}

std::vector<PoolWindow> AdaptiveWindows(int64_t in, int64_t count) {
  std::vector<PoolWindow> windows;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t begin = i * in / count, end = ((i + 1) * in + count - 1) / count;
    windows.push_back({begin, end, end - begin});
  }
  return windows;
}

void PoolChannelsLast(const PoolGeometry& geometry, const float* in, int64_t begin, int64_t end, float* out) {
  HWY_DYNAMIC_DISPATCH(PoolRows)(geometry, in, begin, end, out);
}

}  // namespace baryon::kernels
#endif  // HWY_ONCE
