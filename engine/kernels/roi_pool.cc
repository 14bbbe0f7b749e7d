// The maxima of a block of channels stay in registers over all pixels of a range.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/roi_pool.cc"
#include "engine/kernels/roi_pool.h"

#include <hwy/foreach_target.h>  // first: compiles this file once for each instruction set
#include <hwy/highway.h>

#include <algorithm>

#include "engine/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace baryon::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;

// kVectors vectors of channels at `pixels`, where the range begins; with kTail one of `count` channels.
template <int kVectors, bool kTail>
void MaxBlock(const FeatureMap<const float>& map, const PixelRange& range, const float* pixels, int64_t count,
              float* out) {
  const D d;
  const int64_t lanes = hn::Lanes(d);
  hn::Vec<D> most[kVectors];
  BARYON_UNROLL for (int v = 0; v < kVectors; ++v) most[v] = hn::Set(d, std::numeric_limits<float>::lowest());
  for (int64_t y = range.top; y < range.bottom; ++y, pixels += map.row_stride) {
    const float* pixel = pixels;
    for (int64_t x = range.left; x < range.right; ++x, pixel += map.pixel_stride) {
      BARYON_UNROLL for (int v = 0; v < kVectors; ++v) {
        const auto value = kTail ? LoadFirst(d, pixel, count) : hn::LoadU(d, pixel + v * lanes);
        most[v] = hn::IfThenElse(hn::Gt(value, most[v]), value, most[v]);
      }
    }
  }
  BARYON_UNROLL for (int v = 0; v < kVectors; ++v) {
    kTail ? StoreFirst(most[v], d, out, count) : hn::StoreU(most[v], d, out + v * lanes);
  }
}

void MaxVectors(const FeatureMap<const float>& map, const PixelRange& range, float* out) {
  constexpr int kVectors = 8;
  const int64_t lanes = hn::Lanes(D());
  const float* pixels = map.at(range.top, range.left);
  int64_t c = 0;
  for (; c + kVectors * lanes <= map.channels; c += kVectors * lanes) {
    MaxBlock<kVectors, false>(map, range, pixels + c, 0, out + c);
  }
  for (; c + lanes <= map.channels; c += lanes) MaxBlock<1, false>(map, range, pixels + c, 0, out + c);
  if (c < map.channels) MaxBlock<1, true>(map, range, pixels + c, map.channels - c, out + c);
}

}  // namespace
}  // namespace baryon::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace baryon::kernels {

HWY_EXPORT(MaxVectors);

void MaxChannelVectors(const FeatureMap<const float>& map, const PixelRange& range, float* out) {
  HWY_DYNAMIC_DISPATCH(MaxVectors)(map, range, out);
}

}  // namespace baryon::kernels
#endif  // HWY_ONCE
