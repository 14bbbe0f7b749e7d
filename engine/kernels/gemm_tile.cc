// For every k a tile loads one row of the panel and multiplies it with one element of each of its rows of A:
//
//   sums[i][v] += broadcast(a[i][k]) * b[k][v]
//
// Six rows by four vectors of 16 need 24 of the 32 registers of AVX-512; six by two vectors of 8 need 12 of the 16 of
// AVX2. Six row pointers fit into the general registers beside the counters: with twelve, compilers park some of them
// in vector registers and lose 10 %. Taller tiles would also thrash the cache where rows lie 4096 bytes apart. An
// element of B is read from the second level of the cache once for six rows: 11 bytes a cycle, a third of what it can
// deliver.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/gemm_tile.cc"
#include <hwy/foreach_target.h>
//
#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <algorithm>

#include "engine/kernels/activation-inl.h"
#include "engine/kernels/gemm_tile.h"
#include "engine/kernels/panel-inl.h"
#include "engine/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace baryon::kernels::HWY_NAMESPACE {
namespace {

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

constexpr size_t kLanes = hn::MaxLanes(D());

// Brings the line of `p` into the second level of the cache; the first has no room for what comes next.
HWY_INLINE void PrefetchToL2(const float* p) { __builtin_prefetch(p, 0, 2); }

// How much of a tile's last vector has columns.
enum class Last { kFull, kPart, kHalf };

// The sums of kRows rows and kVectors vectors of columns, with what is done to them. Panels beyond the first stand
// `panel_stride` apart. Of a last vector that is half empty only half is multiplied.
template <int kRows, int kVectors, Last kLast>
void Tile(const GemmTile& tile) {
  constexpr D d;
  PanelSums<kRows, kVectors, kLast == Last::kHalf> result;
  if (tile.sums_in != nullptr) {
    result.Begin(tile.sums_in, tile.sums_stride);
  } else {
    result.Begin();
  }
  if (tile.residual != nullptr && tile.sums_out == nullptr) {
    // Read at the end, most often from memory far away.
    BARYON_UNROLL for (int i = 0; i < kRows; ++i) {
      BARYON_UNROLL for (int v = 0; v < kVectors; ++v) hwy::Prefetch(tile.residual[i] + tile.column + v * kLanes);
    }
  }

  // A last panel is stored only as wide as it is; panels beyond the first of several are whole.
  constexpr int kWidth = kVectors < kPanelVectors ? kVectors * kLanes : kPanelWidth;
  const float* prefetch = tile.prefetch;
  const float* const* run = tile.a;
  for (int64_t r = 0; r < tile.runs; ++r, run += kRows) {
    const float* a[kRows];
    BARYON_UNROLL for (int i = 0; i < kRows; ++i) a[i] = run[i] + tile.a_offset;
    const float* b = tile.b + tile.b_rows[r] * kWidth;
    for (int64_t k = 0; k < tile.run_length; ++k) {
      result.Add(a, k, b, tile.panel_stride);
      b += kWidth;
      PrefetchToL2(prefetch);
      PrefetchToL2(prefetch + tile.prefetch_second);
      prefetch += tile.prefetch_step;
    }
  }

  result.End();
  if (tile.sums_out != nullptr) {
    BARYON_UNROLL for (int i = 0; i < kRows; ++i) {
      BARYON_UNROLL for (int v = 0; v < kVectors; ++v) {
        hn::Store(result.sums[i][v], d, tile.sums_out + i * tile.sums_stride + v * kLanes);
      }
    }
    return;
  }
  const V lower = hn::Set(d, tile.lower), upper = hn::Set(d, tile.upper);
  const size_t last_columns = tile.columns - (kVectors - 1) * kLanes;
  BARYON_UNROLL for (int v = 0; v < kVectors; ++v) {
    const bool masked = kLast != Last::kFull && v == kVectors - 1;
    const auto load = [&](const float* p) HWY_ATTR { return masked ? LoadFirst(d, p, last_columns) : hn::LoadU(d, p); };
    const V bias = tile.bias != nullptr ? load(tile.bias + v * kLanes) : hn::Zero(d);
    BARYON_UNROLL for (int i = 0; i < kRows; ++i) {
      V y = hn::Add(result.sums[i][v], bias);
      if (tile.residual != nullptr) y = hn::Add(y, load(tile.residual[i] + tile.column + v * kLanes));
      y = Limited(y, lower, upper);
      float* c = tile.c[i] + tile.column + v * kLanes;
      if (masked) {
        StoreFirst(y, d, c, last_columns);
      } else {
        hn::StoreU(y, d, c);
      }
    }
  }
}

// Tile<kMaxTileRows, kVectors, kLast> for one tile after the other.
template <int kVectors, Last kLast>
void TileColumn(const GemmTileColumn& tiles) {
  constexpr D d;
  constexpr int kRows = kMaxTileRows;
  const size_t last_columns = tiles.columns - (kVectors - 1) * kLanes;
  const float* const* HWY_RESTRICT rows = tiles.a;
  float* const* HWY_RESTRICT out = tiles.c;
  const float* const* residual = tiles.residual;
  const int64_t k_end = tiles.k, step = tiles.step, a_offset = tiles.a_offset, column = tiles.column;
  const float* const b_begin = tiles.b;
  const float* const bias_begin = tiles.bias;
  for (int64_t t = tiles.count; t > 0; --t) {
    PanelSums<kRows, kVectors, kLast == Last::kHalf> tile;
    tile.Begin();
    const float* a[kRows];
    BARYON_UNROLL for (int i = 0; i < kRows; ++i) a[i] = rows[i] + a_offset;
    const float* b = b_begin;
    for (int64_t k = 0; k < k_end; ++k, b += kVectors * kLanes) tile.Add(a, k, b, /*panel_stride=*/0);
    tile.End();
    const V lower = hn::Set(d, tiles.lower), upper = hn::Set(d, tiles.upper);
    BARYON_UNROLL for (int v = 0; v < kVectors; ++v) {
      const bool masked = kLast != Last::kFull && v == kVectors - 1;
      const auto load = [&](const float* p)
                            HWY_ATTR { return masked ? LoadFirst(d, p, last_columns) : hn::LoadU(d, p); };
      const V bias = bias_begin != nullptr ? load(bias_begin + v * kLanes) : hn::Zero(d);
      BARYON_UNROLL for (int i = 0; i < kRows; ++i) {
        V y = hn::Add(tile.sums[i][v], bias);
        if (residual != nullptr) y = hn::Add(y, load(residual[i] + column + v * kLanes));
        y = Limited(y, lower, upper);
        float* c = out[i] + column + v * kLanes;
        if (masked) {
          StoreFirst(y, d, c, last_columns);
        } else {
          hn::StoreU(y, d, c);
        }
      }
    }
    rows += step;
    out += step;
    if (residual != nullptr) residual += step;
  }
}

template <int kRows, int kVectors>
void TailTile(const GemmTile& tile) {
  HalfSuffices(tile.columns, kVectors) ? Tile<kRows, kVectors, Last::kHalf>(tile)
                                       : Tile<kRows, kVectors, Last::kPart>(tile);
}

template <int kVectors>
void TailTileColumn(const GemmTileColumn& tiles) {
  HalfSuffices(tiles.columns, kVectors) ? TileColumn<kVectors, Last::kHalf>(tiles)
                                        : TileColumn<kVectors, Last::kPart>(tiles);
}

void ActivateRow(const ActivationSpec& activation, float* row, int64_t count) {
  constexpr D d;
  int64_t i = 0;
  for (; i + static_cast<int64_t>(kLanes) <= count; i += kLanes) {
    hn::StoreU(Activate(d, activation, hn::LoadU(d, row + i)), d, row + i);
  }
  if (i < count) StoreFirst(Activate(d, activation, LoadFirst(d, row + i, count - i)), d, row + i, count - i);
}

// How many panels a tile of `rows` rows takes at once. A tile of one row and two vectors has two sums, which wait for
// each other's four cycles of latency; eight keep two multipliers busy.
constexpr int PanelsAtOnce(int rows) {
  if (HWY_TARGET == HWY_AVX3 || rows > 3) return 1;
  return rows == 1 ? 4 : 2;
}

template <int kRows>
void FillRow(GemmTarget& target) {
  target.panels_at_once[kRows] = PanelsAtOnce(kRows);
  target.full[kRows] = Tile<kRows, PanelsAtOnce(kRows) * kPanelVectors, Last::kFull>;
  target.single[kRows] = Tile<kRows, kPanelVectors, Last::kFull>;
  target.tail[kRows][1] = TailTile<kRows, 1>;
  target.tail[kRows][2] = TailTile<kRows, 2>;
#if HWY_TARGET == HWY_AVX3
  target.tail[kRows][3] = TailTile<kRows, 3>;
  target.tail[kRows][4] = TailTile<kRows, 4>;
#endif
}

const GemmTarget& Target() {
  static const GemmTarget target = [] {
    GemmTarget made = {};
#if HWY_TARGET == HWY_AVX3
    made.name = "avx512 6x64";
#elif HWY_TARGET == HWY_AVX2
    made.name = "avx2 6x16";
#else
    made.name = "portable 6x8";
#endif
    made.vector_width = kLanes;
    made.panel_width = kPanelWidth;
    made.max_rows = kMaxTileRows;
    FillRow<1>(made);
    FillRow<2>(made);
    FillRow<3>(made);
    FillRow<4>(made);
    FillRow<5>(made);
    FillRow<6>(made);
    made.full_column = TileColumn<kPanelVectors, Last::kFull>;
    made.tail_column[1] = TailTileColumn<1>;
    made.tail_column[2] = TailTileColumn<2>;
#if HWY_TARGET == HWY_AVX3
    made.tail_column[3] = TailTileColumn<3>;
    made.tail_column[4] = TailTileColumn<4>;
#endif
    made.activate = ActivateRow;
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

// A kernel has room for two lines for each k.
void SetPrefetch(const float* next, int64_t size, int64_t k, int64_t index, int64_t count, GemmTile& tile) {
  constexpr int64_t kLine = 16;
  const int64_t lines = (size + kLine - 1) / kLine, share = lines * (index + 1) / count - lines * index / count;
  tile.prefetch_step = share > k ? 2 * kLine : (share * kLine + k - 1) / std::max<int64_t>(k, 1);
  tile.prefetch_second = share > k ? kLine : 0;
  const int64_t reach = (k * tile.prefetch_step + kLine - 1) / kLine;  // a share or more: never beyond the end
  tile.prefetch = next + std::max<int64_t>(std::min(lines * index / count, lines - reach), 0) * kLine;
}

void SetNoPrefetch(GemmTile& tile) {
  tile.prefetch = tile.b;
  tile.prefetch_step = tile.prefetch_second = 0;
}

const GemmTarget& ActiveGemmTarget() { return HWY_DYNAMIC_DISPATCH(Target)(); }

}  // namespace baryon::kernels
#endif  // HWY_ONCE
