// With channels first a vector holds neighbouring pixels, and the squares of a window are added channel by channel.
// With channels last it holds neighbouring channels of one pixel, whose squares lie in scratch memory between zeros.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/local_response_norm.cc"
#include <hwy/foreach_target.h>  // first: compiles this file once for each instruction set
#include <hwy/highway.h>
// After foreach_target.h:
#include <hwy/contrib/math/math-inl.h>

#include <algorithm>

#include "engine/kernels/local_response_norm.h"
#include "engine/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace baryon::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <class D, class V>
HWY_INLINE V Normalized(D d, const LocalResponseNormFormula& formula, V x, V sum) {
  const V rate = hn::Set(d, formula.alpha / static_cast<float>(formula.size));
  const V base = hn::MulAdd(sum, rate, hn::Set(d, formula.knorm));
  return hn::Mul(x, hn::Exp(d, hn::Mul(hn::Log(d, base), hn::Set(d, -formula.beta))));
}

void ChannelsFirst(const LocalResponseNormFormula& formula, const float* x, int64_t channels, int64_t stride,
                   int64_t begin, int64_t end, float* y) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = hn::Lanes(d), reach = formula.size / 2;
  for (int64_t pixel = begin; pixel < end; pixel += lanes) {
    const int64_t count = std::min(lanes, end - pixel);
    const auto load = [&](int64_t channel) HWY_ATTR {
      const float* p = x + channel * stride + pixel;
      return count == lanes ? hn::LoadU(d, p) : LoadFirst(d, p, count);
    };
    for (int64_t channel = 0; channel < channels; ++channel) {
      auto sum = hn::Zero(d);
      const int64_t last = std::min(channels - 1, channel + reach);
      for (int64_t other = std::max<int64_t>(channel - reach, 0); other <= last; ++other) {
        sum = hn::MulAdd(load(other), load(other), sum);
      }
      StoreFirst(Normalized(d, formula, load(channel), sum), d, y + channel * stride + pixel, count);
    }
  }
}

void ChannelsLast(const LocalResponseNormFormula& formula, const float* x, int64_t channels, int64_t stride,
                  int64_t begin, int64_t end, float* squares, float* y) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = hn::Lanes(d), reach = formula.size / 2;
  std::fill_n(squares, reach, 0.0f);
  std::fill_n(squares + reach + channels, formula.size - reach, 0.0f);
  for (int64_t pixel = begin; pixel < end; ++pixel) {
    const float* from = x + pixel * stride;
    for (int64_t channel = 0; channel < channels; ++channel) squares[reach + channel] = from[channel] * from[channel];
    for (int64_t channel = 0; channel < channels; channel += lanes) {
      const int64_t count = std::min(lanes, channels - channel);
      auto sum = hn::Zero(d);
      for (int64_t i = 0; i < formula.size; ++i) sum = hn::Add(sum, LoadFirst(d, squares + channel + i, count));
      const auto result = Normalized(d, formula, LoadFirst(d, from + channel, count), sum);
      StoreFirst(result, d, y + pixel * stride + channel, count);
    }
  }
}

}  // namespace
}  // namespace baryon::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace baryon::kernels {

HWY_EXPORT(ChannelsFirst);
HWY_EXPORT(ChannelsLast);

void LocalResponseNorm(const LocalResponseNormFormula& formula, const float* x, int64_t channels,
                       int64_t channel_stride, int64_t pixel_stride, int64_t begin, int64_t end, float* squares,
                       float* y) {
  if (channel_stride == 1) {
    HWY_DYNAMIC_DISPATCH(ChannelsLast)(formula, x, channels, pixel_stride, begin, end, squares, y);
  } else {
    HWY_DYNAMIC_DISPATCH(ChannelsFirst)(formula, x, channels, channel_stride, begin, end, y);
  }
}

}  // namespace baryon::kernels
#endif  // HWY_ONCE
