// As in gemm_tile.cc, a tile loads one row of the panel for every k and multiplies it with one element of each of its
// rows. The next tile's first products are under way before the last one's sums are stored.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/product_tile.cc"
#include <hwy/foreach_target.h>
//
#include <hwy/highway.h>

#include <algorithm>

#include "engine/kernels/panel-inl.h"
#include "engine/kernels/parts.h"
#include "engine/kernels/product_tile.h"
#include "engine/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace baryon::kernels::HWY_NAMESPACE {
namespace {

template <bool kToL1>
HWY_INLINE void Prefetch(const float* at, int64_t second) {
  constexpr int kRead = 0, kL1 = 3, kL2 = 2;
  if constexpr (kToL1) {
    __builtin_prefetch(at, kRead, kL1);
  } else {
    __builtin_prefetch(at, kRead, kL2);
    __builtin_prefetch(at + second, kRead, kL2);
  }
}

template <int kRows, int kVectors, bool kHalf, bool kToL1>
void Tiles(const ProductTiles& tiles) {
  const int64_t a_step = tiles.a_step, sums_step = tiles.sums_step, k_end = tiles.k;
  const int64_t step = tiles.prefetch.step, second = tiles.prefetch.second;
  const float* rows = tiles.a;
  const float* const b_begin = tiles.b;
  const float* prefetch = tiles.prefetch.at;
  float* HWY_RESTRICT out = tiles.sums;
  for (int64_t t = tiles.count; t > 0; --t) {
    PanelSums<kRows, kVectors, kHalf> tile;
    tile.Begin();
    const float* a[kRows];
    BARYON_UNROLL for (int i = 0; i < kRows; ++i) a[i] = rows + i * a_step;
    const float* b = b_begin;
    for (int64_t k = 0; k < k_end; ++k) {
      tile.Add(a, k, b, /*panel_stride=*/0);
      b += kVectors * kPanelLanes;
      Prefetch<kToL1>(prefetch, second);
      prefetch += step;
    }
    tile.End();
    BARYON_UNROLL for (int i = 0; i < kRows; ++i) {
      BARYON_UNROLL for (int v = 0; v < kVectors; ++v)
          hn::Store(tile.sums[i][v], DPanel(), out + i * sums_step + v * kPanelLanes);
    }
    rows += kRows * a_step;
    out += kRows * sums_step;
  }
}

template <int kRows, int kVectors, bool kHalf>
void PrefetchingTiles(const ProductTiles& tiles) {
  // Low tiles are those of few rows, for which lines come too fast for the first level.
  constexpr bool kMayPrefetchToL1 = kRows > kMaxTileRows / 2;
  tiles.prefetch.to_l1 ? Tiles<kRows, kVectors, kHalf, kMayPrefetchToL1>(tiles)
                       : Tiles<kRows, kVectors, kHalf, false>(tiles);
}

template <int kRows, int kVectors>
void AnyTiles(const ProductTiles& tiles) {
  constexpr bool kHasHalf = HWY_TARGET == HWY_AVX3;
  HalfSuffices(tiles.columns, kVectors) ? PrefetchingTiles<kRows, kVectors, kHasHalf>(tiles)
                                        : PrefetchingTiles<kRows, kVectors, false>(tiles);
}

template <int kRows>
void FillRow(ProductTarget& target) {
  target.run[kRows][1] = AnyTiles<kRows, 1>;
  target.run[kRows][2] = AnyTiles<kRows, 2>;
#if HWY_TARGET == HWY_AVX3
  target.run[kRows][3] = AnyTiles<kRows, 3>;
  target.run[kRows][4] = AnyTiles<kRows, 4>;
#endif
}

const ProductTarget& ProductKernels() {
  static const ProductTarget target = [] {
    ProductTarget made = {};
    FillRow<1>(made);
    FillRow<2>(made);
    FillRow<3>(made);
    FillRow<4>(made);
    FillRow<5>(made);
    FillRow<6>(made);
    return made;
  }();
  return target;
}

}  // namespace
}  // namespace baryon::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace baryon::kernels {

HWY_EXPORT(ProductKernels);

// A line on its way into the first level holds one of the core's few miss buffers until memory has answered. Measured
// on Zen 4: where 24 rows or more are multiplied with each line, products take 1 to 2 % less with lines that come into
// the first level than with those that wait in the second; where 16 rows are they take up to a quarter more.
ProductPrefetch PrefetchOf(const float* next, int64_t size, int64_t k, int64_t rows, int64_t count) {
  constexpr int64_t kLine = 16, kLeastRowsToL1 = 24;
  const int64_t lines = CeilDiv(size, kLine), steps = std::max<int64_t>(count * k, 1);
  ProductPrefetch prefetch;
  prefetch.at = next;
  if (lines <= steps) {
    prefetch.step = CeilDiv(lines * kLine, steps);
    prefetch.second = 0;
  } else {
    const int64_t half = std::min(CeilDiv(lines, 2), steps);
    prefetch.step = CeilDiv(half * kLine, steps);
    prefetch.second = half * kLine;
  }
  prefetch.to_l1 = rows >= kLeastRowsToL1 && lines <= steps;
  return prefetch;
}

ProductPrefetch NoPrefetch(const float* hot) { return {hot, 0, 0, false}; }

const ProductTarget& ActiveProductTarget() { return HWY_DYNAMIC_DISPATCH(ProductKernels)(); }

}  // namespace baryon::kernels
#endif  // HWY_ONCE
