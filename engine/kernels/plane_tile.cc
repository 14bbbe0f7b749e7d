// For every tap a tile loads two vectors of pixels and multiplies them with one weight of each of its filters:
//
//   sums[f][v] += broadcast(weights[t][f]) * in[taps[t] + v]
//
// Six filters need 12 sums of the 16 registers of AVX2, eight need 16 of the 32 of AVX-512: more than the latency of
// the multipliers asks for. There are no pointers of rows to set up, and no lanes without work but at the end.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/plane_tile.cc"
#include <hwy/foreach_target.h>
//
#include <hwy/highway.h>

#include <limits>

#include "engine/kernels/plane_tile.h"
#include "engine/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace baryon::kernels::HWY_NAMESPACE {
namespace {

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

constexpr int64_t kLanes = hn::MaxLanes(D());
constexpr int kMaxFilters = HWY_TARGET == HWY_AVX3 ? 8 : 6;

template <int kFilters, int kVectors>
HWY_INLINE void MultiplyVectors(const PlaneTile& tile, int64_t first) {
  constexpr D d;
  V sums[kFilters][kVectors];
  BARYON_UNROLL for (int f = 0; f < kFilters; ++f) {
    BARYON_UNROLL for (int v = 0; v < kVectors; ++v) sums[f][v] = hn::Zero(d);
  }
  const float* HWY_RESTRICT in = tile.in + first;
  const float* HWY_RESTRICT weights = tile.weights;
  for (int64_t t = 0; t < tile.num_taps; ++t, weights += kFilters) {
    const float* HWY_RESTRICT pixels = in + tile.taps[t];
    V x[kVectors];
    BARYON_UNROLL for (int v = 0; v < kVectors; ++v) x[v] = hn::LoadU(d, pixels + v * kLanes);
    BARYON_UNROLL for (int f = 0; f < kFilters; ++f) {
      const V weight = hn::Set(d, weights[f]);
      BARYON_UNROLL for (int v = 0; v < kVectors; ++v) sums[f][v] = hn::MulAdd(weight, x[v], sums[f][v]);
    }
  }
  const V lower = hn::Set(d, tile.lower), upper = hn::Set(d, tile.upper);
  BARYON_UNROLL for (int f = 0; f < kFilters; ++f) {
    const V bias = hn::Set(d, tile.bias != nullptr ? tile.bias[f] : 0.0f);
    BARYON_UNROLL for (int v = 0; v < kVectors; ++v) {
      const V y = Limited(hn::Add(sums[f][v], bias), lower, upper);
      hn::StoreU(y, d, tile.out + f * tile.out_step + first + v * kLanes);
    }
  }
}

template <int kFilters>
void Multiply(const PlaneTile& tile) {
  int64_t i = 0;
  for (; i + kLanes < tile.count; i += 2 * kLanes) MultiplyVectors<kFilters, 2>(tile, i);
  if (i < tile.count) MultiplyVectors<kFilters, 1>(tile, i);
}

// Elements with even and odd numbers of two vectors.
HWY_INLINE void Split(V low, V high, V& even, V& odd) {
#if HWY_TARGET == HWY_SCALAR
  even = low;
  odd = high;
#else
  constexpr D d;
  even = hn::ConcatEven(d, high, low);
  odd = hn::ConcatOdd(d, high, low);
#endif
}

// Windows at two rows. Sums are formed by rows first, as in pool.cc; for maxima the order is all the same.
HWY_INLINE V LargestOf(const float* first, const float* second) {
  constexpr D d;
  const V least = hn::Set(d, std::numeric_limits<float>::lowest());
  const V low = Larger(hn::LoadU(d, second), Larger(hn::LoadU(d, first), least));
  const V high = Larger(hn::LoadU(d, second + kLanes), Larger(hn::LoadU(d, first + kLanes), least));
  V even, odd;
  Split(low, high, even, odd);
  return Larger(odd, even);
}

HWY_INLINE V MeanOf(const float* first, const float* second) {
  constexpr D d;
  V even[2], odd[2];
  Split(hn::LoadU(d, first), hn::LoadU(d, first + kLanes), even[0], odd[0]);
  Split(hn::LoadU(d, second), hn::LoadU(d, second + kLanes), even[1], odd[1]);
  return hn::Mul(hn::Add(hn::Add(even[0], odd[0]), hn::Add(even[1], odd[1])), hn::Set(d, 0.25f));
}

template <bool kMax>
void PoolPlane(const float* in, int64_t pitch, int64_t height, int64_t width, float* out) {
  constexpr D d;
  for (int64_t y = 0; y < height; ++y, in += 2 * pitch, out += width) {
    for (int64_t x = 0; x < width; x += kLanes) {
      const V result = (kMax ? LargestOf : MeanOf)(in + 2 * x, in + pitch + 2 * x);
      hn::StoreU(result, d, out + x);
    }
  }
}

const PlaneTarget& Target() {
  static const PlaneTarget target = [] {
    PlaneTarget made = {};
    made.name = kTargetName;
    made.max_filters = kMaxFilters;
    made.slack = 2 * kLanes;
    made.multiply[1] = Multiply<1>;
    made.multiply[2] = Multiply<2>;
    made.multiply[3] = Multiply<3>;
    made.multiply[4] = Multiply<4>;
    made.multiply[5] = Multiply<5>;
    made.multiply[6] = Multiply<6>;
#if HWY_TARGET == HWY_AVX3
    made.multiply[7] = Multiply<7>;
    made.multiply[8] = Multiply<8>;
#endif
    made.pool_max = PoolPlane<true>;
    made.pool_avg = PoolPlane<false>;
    return made;
  }();
  return target;
}

}  // namespace
}  // namespace baryon::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace baryon::kernels {

HWY_EXPORT(Target);

const PlaneTarget& ActivePlaneTarget() { return HWY_DYNAMIC_DISPATCH(Target)(); }

}  // namespace baryon::kernels
#endif  // HWY_ONCE
