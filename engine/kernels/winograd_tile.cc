// A two-dimensional transform is a one-dimensional one of the columns and then of the rows; a vector holds neighbouring
// channels, so that both are plain arithmetic between vectors. The points of six products are 0, 1, -1, 2, -2 and
// infinity, of five the same without -2, of four without 2.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/winograd_tile.cc"
#include <hwy/foreach_target.h>
//
#include <hwy/highway.h>

#include "engine/kernels/simd-inl.h"
#include "engine/kernels/winograd_tile.h"

HWY_BEFORE_NAMESPACE();
namespace baryon::kernels::HWY_NAMESPACE {
namespace {

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr int64_t kLanes = hn::MaxLanes(D());

HWY_INLINE V Times(float factor, V x) { return hn::Mul(hn::Set(D(), factor), x); }
HWY_INLINE V TimesPlus(float factor, V x, V y) { return hn::MulAdd(hn::Set(D(), factor), x, y); }

template <int kM, int kR>
struct Transform;

template <>
struct Transform<2, 3> {
  static HWY_INLINE void Input(const V* d, V* t) {  // B^T d
    t[0] = hn::Sub(d[0], d[2]);
    t[1] = hn::Add(d[1], d[2]);
    t[2] = hn::Sub(d[2], d[1]);
    t[3] = hn::Sub(d[1], d[3]);
  }
  static HWY_INLINE void Output(const V* p, V* y) {  // A^T p
    y[0] = hn::Add(hn::Add(p[0], p[1]), p[2]);
    y[1] = hn::Sub(hn::Sub(p[1], p[2]), p[3]);
  }
  static HWY_INLINE void Weight(const V* g, V* t) {  // G g
    const V even = Times(0.5f, hn::Add(g[0], g[2])), odd = Times(0.5f, g[1]);
    t[0] = g[0];
    t[1] = hn::Add(even, odd);
    t[2] = hn::Sub(even, odd);
    t[3] = g[2];
  }
};

template <>
struct Transform<3, 3> {
  static HWY_INLINE void Input(const V* d, V* t) {
    const V odd = hn::Sub(d[3], d[1]);
    t[0] = TimesPlus(2, hn::Sub(d[0], d[2]), odd);
    t[1] = TimesPlus(-2, d[1], hn::Sub(d[3], d[2]));
    t[2] = TimesPlus(2, d[1], TimesPlus(-3, d[2], d[3]));
    t[3] = odd;
    t[4] = TimesPlus(-2, odd, hn::Sub(d[4], d[2]));
  }
  static HWY_INLINE void Output(const V* p, V* y) {
    const V one_even = hn::Add(p[1], p[2]), one_odd = hn::Sub(p[1], p[2]);
    y[0] = hn::Add(hn::Add(p[0], one_even), p[3]);
    y[1] = TimesPlus(2, p[3], one_odd);
    y[2] = TimesPlus(4, p[3], hn::Add(one_even, p[4]));
  }
  static HWY_INLINE void Weight(const V* g, V* t) {
    const V ends = hn::Add(g[0], g[2]);
    t[0] = Times(0.5f, g[0]);
    t[1] = Times(-0.5f, hn::Add(ends, g[1]));
    t[2] = Times(-1.0f / 6, hn::Sub(ends, g[1]));
    t[3] = Times(1.0f / 6, TimesPlus(4, g[2], TimesPlus(2, g[1], g[0])));
    t[4] = g[2];
  }
};

template <>
struct Transform<4, 3> {
  static HWY_INLINE void Input(const V* d, V* t) {
    const V one_even = TimesPlus(-4, d[2], d[4]), one_odd = TimesPlus(-4, d[1], d[3]);
    const V two_even = hn::Sub(d[4], d[2]), two_odd = hn::Sub(d[3], d[1]);
    t[0] = TimesPlus(4, d[0], TimesPlus(-5, d[2], d[4]));
    t[1] = hn::Add(one_even, one_odd);
    t[2] = hn::Sub(one_even, one_odd);
    t[3] = TimesPlus(2, two_odd, two_even);
    t[4] = TimesPlus(-2, two_odd, two_even);
    t[5] = TimesPlus(4, d[1], TimesPlus(-5, d[3], d[5]));
  }
  static HWY_INLINE void Output(const V* p, V* y) {
    const V one_even = hn::Add(p[1], p[2]), one_odd = hn::Sub(p[1], p[2]);
    const V two_even = hn::Add(p[3], p[4]), two_odd = hn::Sub(p[3], p[4]);
    y[0] = hn::Add(hn::Add(p[0], one_even), two_even);
    y[1] = TimesPlus(2, two_odd, one_odd);
    y[2] = TimesPlus(4, two_even, one_even);
    y[3] = TimesPlus(8, two_odd, hn::Add(one_odd, p[5]));
  }
  static HWY_INLINE void Weight(const V* g, V* t) {
    const V ends = hn::Add(g[0], g[2]), two_ends = TimesPlus(4, g[2], g[0]);
    t[0] = Times(0.25f, g[0]);
    t[1] = Times(-1.0f / 6, hn::Add(ends, g[1]));
    t[2] = Times(-1.0f / 6, hn::Sub(ends, g[1]));
    t[3] = Times(1.0f / 24, TimesPlus(2, g[1], two_ends));
    t[4] = Times(1.0f / 24, TimesPlus(-2, g[1], two_ends));
    t[5] = g[2];
  }
};

// The points of F(4, 3), so the same input transform.
template <>
struct Transform<3, 4> {
  static HWY_INLINE void Input(const V* d, V* t) { Transform<4, 3>::Input(d, t); }
  static HWY_INLINE void Output(const V* p, V* y) {
    const V one_even = hn::Add(p[1], p[2]), one_odd = hn::Sub(p[1], p[2]);
    const V two_even = hn::Add(p[3], p[4]), two_odd = hn::Sub(p[3], p[4]);
    y[0] = hn::Add(hn::Add(p[0], one_even), two_even);
    y[1] = TimesPlus(2, two_odd, one_odd);
    y[2] = TimesPlus(4, two_even, hn::Add(one_even, p[5]));
  }
  static HWY_INLINE void Weight(const V* g, V* t) {
    const V one_even = hn::Add(g[0], g[2]), one_odd = hn::Add(g[1], g[3]);
    const V two_even = TimesPlus(4, g[2], g[0]), two_odd = TimesPlus(4, g[3], g[1]);
    t[0] = Times(0.25f, g[0]);
    t[1] = Times(-1.0f / 6, hn::Add(one_even, one_odd));
    t[2] = Times(-1.0f / 6, hn::Sub(one_even, one_odd));
    t[3] = Times(1.0f / 24, TimesPlus(2, two_odd, two_even));
    t[4] = Times(1.0f / 24, TimesPlus(-2, two_odd, two_even));
    t[5] = g[3];
  }
};

template <int kM, int kR, bool kMasked>
HWY_INLINE void InputVector(const WinogradInputTile& tile, int64_t c) {
  constexpr D d;
  constexpr int kEdge = kM + kR - 1;
  V half[kEdge][kEdge];
  BARYON_UNROLL for (int x = 0; x < kEdge; ++x) {
    V column[kEdge], transformed[kEdge];
    BARYON_UNROLL for (int y = 0; y < kEdge; ++y) {
      const float* p = tile.pixels[y * kEdge + x] + c;
      column[y] = kMasked ? LoadFirst(d, p, tile.channels - c) : hn::LoadU(d, p);
    }
    Transform<kM, kR>::Input(column, transformed);
    BARYON_UNROLL for (int y = 0; y < kEdge; ++y) half[y][x] = transformed[y];
  }
  BARYON_UNROLL for (int y = 0; y < kEdge; ++y) {
    V transformed[kEdge];
    Transform<kM, kR>::Input(half[y], transformed);
    BARYON_UNROLL for (int x = 0; x < kEdge; ++x) {
      hn::Store(transformed[x], d, tile.out + (y * kEdge + x) * tile.out_step + c);
    }
  }
}

template <int kM, int kR>
void Input(const WinogradInputTile& tile) {
  int64_t c = 0;
  for (; c + kLanes <= tile.channels; c += kLanes) InputVector<kM, kR, false>(tile, c);
  if (c < tile.channels) InputVector<kM, kR, true>(tile, c);
}

template <int kM, int kR, bool kMasked>
HWY_INLINE void OutputVector(const WinogradOutputTile& tile, int64_t j) {
  constexpr D d;
  constexpr int kEdge = kM + kR - 1;
  const size_t count = tile.columns - j;
  const auto load = [&](const float* p) HWY_ATTR { return kMasked ? LoadFirst(d, p, count) : hn::LoadU(d, p); };
  V half[kM][kEdge];
  BARYON_UNROLL for (int x = 0; x < kEdge; ++x) {
    V column[kEdge], transformed[kM];
    BARYON_UNROLL for (int y = 0; y < kEdge; ++y) column[y] =
        hn::LoadU(d, tile.in + (y * kEdge + x) * tile.in_step + j);
    Transform<kM, kR>::Output(column, transformed);
    BARYON_UNROLL for (int y = 0; y < kM; ++y) half[y][x] = transformed[y];
  }
  const V bias = tile.bias == nullptr ? hn::Zero(d) : load(tile.bias + j);
  const V lower = hn::Set(d, tile.lower), upper = hn::Set(d, tile.upper);
  BARYON_UNROLL for (int y = 0; y < kM; ++y) {
    V row[kM];
    Transform<kM, kR>::Output(half[y], row);
    BARYON_UNROLL for (int x = 0; x < kM; ++x) {
      float* const out = tile.out[y * kM + x];
      if (out == nullptr) continue;
      V result = hn::Add(row[x], bias);
      if (tile.residual != nullptr) result = hn::Add(result, load(tile.residual[y * kM + x] + j));
      result = Limited(result, lower, upper);
      if (kMasked) {
        StoreFirst(result, d, out + j, count);
      } else {
        hn::StoreU(result, d, out + j);
      }
    }
  }
}

template <int kM, int kR>
void Output(const WinogradOutputTile& tile) {
  int64_t j = 0;
  for (; j + kLanes <= tile.columns; j += kLanes) OutputVector<kM, kR, false>(tile, j);
  if (j < tile.columns) OutputVector<kM, kR, true>(tile, j);
}

template <int kM, int kR>
void Weight(const WinogradWeightTile& tile) {
  constexpr D d;
  constexpr int kEdge = kM + kR - 1;
  for (int64_t j = 0; j < tile.count; j += kLanes) {
    V half[kEdge][kR];
    BARYON_UNROLL for (int x = 0; x < kR; ++x) {
      V column[kR], transformed[kEdge];
      BARYON_UNROLL for (int y = 0; y < kR; ++y) column[y] = hn::LoadU(d, tile.in + (y * kR + x) * tile.step + j);
      Transform<kM, kR>::Weight(column, transformed);
      BARYON_UNROLL for (int y = 0; y < kEdge; ++y) half[y][x] = transformed[y];
    }
    BARYON_UNROLL for (int y = 0; y < kEdge; ++y) {
      V transformed[kEdge];
      Transform<kM, kR>::Weight(half[y], transformed);
      BARYON_UNROLL for (int x = 0; x < kEdge; ++x) {
        hn::StoreU(transformed[x], d, tile.out + (y * kEdge + x) * tile.out_step + j);
      }
    }
  }
}

template <int kM, int kR>
constexpr WinogradTransforms Made() {
  return {kM, kR, Input<kM, kR>, Output<kM, kR>, Weight<kM, kR>};
}

const WinogradTransforms& Transforms(int m, int r) {
  static constexpr WinogradTransforms kAll[] = {Made<2, 3>(), Made<3, 3>(), Made<4, 3>(), Made<3, 4>()};
  return kAll[r == 4 ? 3 : m - 2];
}

}  // namespace
}  // namespace baryon::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace baryon::kernels {

HWY_EXPORT(Transforms);

const WinogradTransforms& ActiveWinogradTransforms(int m, int r) { return HWY_DYNAMIC_DISPATCH(Transforms)(m, r); }

}  // namespace baryon::kernels
#endif  // HWY_ONCE
