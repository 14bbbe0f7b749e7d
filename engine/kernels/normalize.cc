#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/normalize.cc"
#include "engine/kernels/normalize.h"

#include <hwy/foreach_target.h>  // first: compiles this file once for each instruction set
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>

#include "engine/kernels/float_sums.h"
#include "engine/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace baryon::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// y[i] = fn(x[i], i) in vectors; fn gets the index and how many lanes count.
template <class D, class Fn>
HWY_INLINE void Map(D d, const float* x, int64_t n, float* y, Fn fn) {
  const int64_t lanes = hn::Lanes(d);
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(fn(hn::LoadU(d, x + i), i, lanes), d, y + i);
  if (i < n) StoreFirst(fn(LoadFirst(d, x + i, n - i), i, n - i), d, y + i, n - i);
}

template <class D>
HWY_INLINE hn::Vec<D> LoadLanes(D d, const float* p, int64_t count) {
  return count == static_cast<int64_t>(hn::Lanes(d)) ? hn::LoadU(d, p) : LoadFirst(d, p, count);
}

void Row(const float* x, int64_t n, float mean, float scale, float shift, bool relu, float* y) {
  const hn::ScalableTag<float> d;
  const auto m = hn::Set(d, mean), s = hn::Set(d, scale), b = hn::Set(d, shift), zero = hn::Zero(d);
  if (relu) {
    return Map(d, x, n, y,
               [&](auto v, int64_t, int64_t) HWY_ATTR { return hn::Max(hn::MulAdd(hn::Sub(v, m), s, b), zero); });
  }
  Map(d, x, n, y, [&](auto v, int64_t, int64_t) HWY_ATTR { return hn::MulAdd(hn::Sub(v, m), s, b); });
}

void Columns(const float* x, int64_t rows, int64_t x_stride, int64_t columns, const float* mean, const float* scale,
             const float* shift, bool relu, float* y, int64_t y_stride) {
  const hn::ScalableTag<float> d;
  const auto zero = hn::Zero(d);
  const auto least = hn::Set(d, relu ? 0.0f : -INFINITY);
  for (int64_t row = 0; row < rows; ++row) {
    Map(d, x + row * x_stride, columns, y + row * y_stride, [&](auto v, int64_t i, int64_t count) HWY_ATTR {
      const auto difference = hn::Sub(v, LoadLanes(d, mean + i, count));
      const auto result = hn::MulAdd(difference, LoadLanes(d, scale + i, count), LoadLanes(d, shift + i, count));
      return hn::IfThenElse(hn::Lt(result, least), zero, result);
    });
  }
}

void LayerNorm(const float* x, int64_t n, float mean, float scale, const float* gamma, const float* beta, float* y) {
  const hn::ScalableTag<float> d;
  const auto m = hn::Set(d, mean), s = hn::Set(d, scale);
  Map(d, x, n, y, [&](auto v, int64_t i, int64_t count) HWY_ATTR {
    return hn::MulAdd(hn::Mul(hn::Sub(v, m), s), LoadLanes(d, gamma + i, count), LoadLanes(d, beta + i, count));
  });
}

}  // namespace
}  // namespace baryon::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace baryon::kernels {

HWY_EXPORT(Row);
HWY_EXPORT(Columns);
HWY_EXPORT(LayerNorm);

void NormalizeRow(const float* x, int64_t n, float mean, float scale, float shift, bool relu, float* y) {
  HWY_DYNAMIC_DISPATCH(Row)(x, n, mean, scale, shift, relu, y);
}

void NormalizeColumns(const float* x, int64_t rows, int64_t x_stride, int64_t columns, const float* mean,
                      const float* scale, const float* shift, bool relu, float* y, int64_t y_stride) {
  HWY_DYNAMIC_DISPATCH(Columns)(x, rows, x_stride, columns, mean, scale, shift, relu, y, y_stride);
}

RowMoments MomentsOfRow(const float* x, int64_t n) {
  const double count = static_cast<double>(std::max<int64_t>(n, 1)), mean = Sum(Term::kValue, x, n) / count;
  return {mean, Sum(Term::kSquaredDifference, x, n, static_cast<float>(mean)) / count};
}

RowMoments LayerNormRow(const float* x, int64_t n, double eps, const float* gamma, const float* beta, float* y) {
  const RowMoments moments = MomentsOfRow(x, n);
  const float scale = static_cast<float>(1 / std::sqrt(moments.variance + eps));
  HWY_DYNAMIC_DISPATCH(LayerNorm)(x, n, static_cast<float>(moments.mean), scale, gamma, beta, y);
  return moments;
}

}  // namespace baryon::kernels
#endif  // HWY_ONCE
