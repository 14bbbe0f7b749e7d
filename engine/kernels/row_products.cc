// Several vectors of sums, so that additions do not wait for each other.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/row_products.cc"
#include "engine/kernels/row_products.h"

#include <hwy/foreach_target.h>  // first: compiles this file once for each instruction set
#include <hwy/highway.h>

#include <algorithm>

#include "engine/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace baryon::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;

float Dot(const float* x, const float* y, int64_t n) {
  constexpr int kVectors = 4;
  const D d;
  const int64_t lanes = hn::Lanes(d);
  hn::Vec<D> sums[kVectors];
  BARYON_UNROLL for (int v = 0; v < kVectors; ++v) sums[v] = hn::Zero(d);
  int64_t i = 0;
  for (; i + kVectors * lanes <= n; i += kVectors * lanes) {
    BARYON_UNROLL for (int v = 0; v < kVectors; ++v) {
      sums[v] = hn::MulAdd(hn::LoadU(d, x + i + v * lanes), hn::LoadU(d, y + i + v * lanes), sums[v]);
    }
  }
  for (; i + lanes <= n; i += lanes) sums[0] = hn::MulAdd(hn::LoadU(d, x + i), hn::LoadU(d, y + i), sums[0]);
  if (i < n) sums[1] = hn::MulAdd(LoadFirst(d, x + i, n - i), LoadFirst(d, y + i, n - i), sums[1]);
  const auto sum = hn::Add(hn::Add(sums[0], sums[1]), hn::Add(sums[2], sums[3]));
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

void Dots(const float* x, const float* y, int64_t stride, int64_t rows, int64_t n, float* sums) {
  for (int64_t i = 0; i < rows; ++i) sums[i] = Dot(x, y + i * stride, n);
}

// One block of `kVectors` vectors of the output; with kTail one of `count` elements.
template <int kVectors, bool kTail>
void SumBlock(const float* weights, const float* y, int64_t stride, int64_t rows, int64_t count, float* out) {
  const D d;
  const int64_t lanes = hn::Lanes(d);
  hn::Vec<D> sums[kVectors];
  BARYON_UNROLL for (int v = 0; v < kVectors; ++v) sums[v] = hn::Zero(d);
  for (int64_t i = 0; i < rows; ++i) {
    const auto weight = hn::Set(d, weights[i]);
    const float* row = y + i * stride;
    BARYON_UNROLL for (int v = 0; v < kVectors; ++v) {
      const auto value = kTail ? LoadFirst(d, row, count) : hn::LoadU(d, row + v * lanes);
      sums[v] = hn::MulAdd(weight, value, sums[v]);
    }
  }
  BARYON_UNROLL for (int v = 0; v < kVectors; ++v) {
    kTail ? StoreFirst(sums[v], d, out, count) : hn::StoreU(sums[v], d, out + v * lanes);
  }
}

void WeightedSum(const float* weights, const float* y, int64_t stride, int64_t rows, int64_t n, float* out) {
  constexpr int kVectors = 8;
  const int64_t lanes = hn::Lanes(D());
  int64_t i = 0;
  for (; i + kVectors * lanes <= n; i += kVectors * lanes) {
    SumBlock<kVectors, false>(weights, y + i, stride, rows, 0, out + i);
  }
  for (; i + lanes <= n; i += lanes) SumBlock<1, false>(weights, y + i, stride, rows, 0, out + i);
  if (i < n) SumBlock<1, true>(weights, y + i, stride, rows, n - i, out + i);
}

void Blend(const float* const* rows, const float* weights, int64_t n, float* out) {
  const D d;
  const int64_t lanes = hn::Lanes(d);
  const auto w0 = hn::Set(d, weights[0]), w1 = hn::Set(d, weights[1]), w2 = hn::Set(d, weights[2]);
  const auto w3 = hn::Set(d, weights[3]);
  const float *a = rows[0], *b = rows[1], *c = rows[2], *e = rows[3];
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto first = hn::MulAdd(w1, hn::LoadU(d, b + i), hn::Mul(w0, hn::LoadU(d, a + i)));
    const auto second = hn::MulAdd(w3, hn::LoadU(d, e + i), hn::Mul(w2, hn::LoadU(d, c + i)));
    hn::StoreU(hn::Add(first, second), d, out + i);
  }
  if (i == n) return;
  const auto load = [&](const float* row) HWY_ATTR { return LoadFirst(d, row + i, n - i); };
  const auto first = hn::MulAdd(w1, load(b), hn::Mul(w0, load(a)));
  const auto second = hn::MulAdd(w3, load(e), hn::Mul(w2, load(c)));
  StoreFirst(hn::Add(first, second), d, out + i, n - i);
}

}  // namespace
}  // namespace baryon::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace baryon::kernels {

HWY_EXPORT(Dots);
HWY_EXPORT(WeightedSum);
HWY_EXPORT(Blend);

void DotRows(const float* x, const float* y, int64_t stride, int64_t rows, int64_t n, float* sums) {
  HWY_DYNAMIC_DISPATCH(Dots)(x, y, stride, rows, n, sums);
}
void SumWeightedRows(const float* weights, const float* y, int64_t stride, int64_t rows, int64_t n, float* out) {
  HWY_DYNAMIC_DISPATCH(WeightedSum)(weights, y, stride, rows, n, out);
}
void BlendRows(const float* const* rows, const float* weights, int64_t n, float* out) {
  HWY_DYNAMIC_DISPATCH(Blend)(rows, weights, n, out);
}

}  // namespace baryon::kernels
#endif  // HWY_ONCE
