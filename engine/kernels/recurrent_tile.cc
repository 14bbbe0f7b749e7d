// A tile is first a matrix product like those of gemm_tile.cc. With one row it is bound by the weight, which streams
// from the second level of the cache at 30 bytes a cycle; the arithmetic of the gates, some 100 cycles a vector of
// units, then overlaps with the next panel's loads.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/recurrent_tile.cc"
#include <hwy/foreach_target.h>
//
#include <hwy/highway.h>

#include "engine/kernels/recurrent_tile.h"
#include "engine/kernels/sigmoid-inl.h"
#include "engine/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace baryon::kernels::HWY_NAMESPACE {
namespace {

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr int kLanes = hn::MaxLanes(D());

// The gates of one row and one vector of units, whose sums W h are at `sums`, [gates][lanes].
template <Cell kCell>
HWY_INLINE void Gates(const CellTile& tile, int row, int64_t panel, int units, const float* sums) {
  constexpr D d;
  const int64_t unit = (tile.panel + panel) * kLanes;
  const float* projected = tile.projected[row] + (tile.panel + panel) * NumGates(kCell) * kLanes;
  const auto sum = [&](int gate) HWY_ATTR { return hn::Load(d, sums + gate * kLanes); };
  const auto share = [&](int gate) HWY_ATTR { return hn::Load(d, projected + gate * kLanes); };
  const auto load = [&](const float* p) HWY_ATTR { return units == kLanes ? hn::LoadU(d, p) : LoadFirst(d, p, units); };
  V h;
  if constexpr (kCell == Cell::kRelu) {
    const V x = hn::Add(share(0), sum(0));
    h = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Zero(d), x);  // NaN stays NaN
  } else if constexpr (kCell == Cell::kTanh) {
    h = TanhOf(d, hn::Add(share(0), sum(0)));
  } else if constexpr (kCell == Cell::kLstm) {
    const V input = SigmoidOf(d, hn::Add(share(0), sum(0))), forget = SigmoidOf(d, hn::Add(share(1), sum(1)));
    const V news = TanhOf(d, hn::Add(share(2), sum(2))), output = SigmoidOf(d, hn::Add(share(3), sum(3)));
    float* cell = tile.cell[row] + unit;  // as wide as whole vectors
    V c = hn::MulAdd(forget, hn::Load(d, cell), hn::Mul(input, news));
    c = Limited(c, hn::Set(d, tile.lower), hn::Set(d, tile.upper));
    if (tile.limit_nan) c = hn::IfThenElse(hn::IsNaN(c), hn::Set(d, tile.lower), c);
    hn::Store(c, d, cell);
    h = hn::Mul(output, TanhOf(d, c));
  } else {
    const V reset = SigmoidOf(d, hn::Add(share(0), sum(0))), update = SigmoidOf(d, hn::Add(share(1), sum(1)));
    const V recurrent = hn::Add(sum(2), hn::Load(d, tile.new_bias + panel * kLanes));
    const V news = TanhOf(d, hn::MulAdd(reset, recurrent, share(2)));
    h = hn::MulAdd(update, hn::Sub(load(tile.previous[row] + unit), news), news);
  }
  float* out = tile.out[row] + unit;
  if (units == kLanes) {
    hn::StoreU(h, d, out);
  } else {
    StoreFirst(h, d, out, units);
  }
}

template <Cell kCell, int kRows, int kPanels>
void Tile(const CellTile& tile) {
  constexpr D d;
  constexpr int kGates = NumGates(kCell), kVectors = kGates * kPanels;
  V sums[kRows][kVectors];
  BARYON_UNROLL for (int i = 0; i < kRows; ++i) {
    BARYON_UNROLL for (int v = 0; v < kVectors; ++v) sums[i][v] = hn::Zero(d);
  }
  const float* HWY_RESTRICT h[kRows];
  BARYON_UNROLL for (int i = 0; i < kRows; ++i) h[i] = tile.previous[i];
  const float* HWY_RESTRICT w = tile.weight;
  for (int64_t k = 0; k < tile.k; ++k) {
    V columns[kVectors];
    BARYON_UNROLL for (int v = 0; v < kVectors; ++v) {
      columns[v] = hn::Load(d, w + v / kGates * tile.panel_stride + v % kGates * kLanes);
    }
    BARYON_UNROLL for (int i = 0; i < kRows; ++i) {
      const V element = hn::Set(d, h[i][k]);
      BARYON_UNROLL for (int v = 0; v < kVectors; ++v) sums[i][v] = hn::MulAdd(element, columns[v], sums[i][v]);
    }
    w += kGates * kLanes;
  }
  HWY_ALIGN float finished[kRows * kVectors * kLanes];
  BARYON_UNROLL for (int i = 0; i < kRows; ++i) {
    BARYON_UNROLL for (int v = 0; v < kVectors; ++v) hn::Store(sums[i][v], d, finished + (i * kVectors + v) * kLanes);
  }
  for (int i = 0; i < kRows; ++i) {
    for (int panel = 0; panel < kPanels; ++panel) {
      Gates<kCell>(tile, i, panel, panel + 1 < kPanels ? kLanes : tile.last_units,
                   finished + (i * kVectors + panel * kGates) * kLanes);
    }
  }
}

constexpr bool kManyRegisters = HWY_TARGET == HWY_AVX3;

// As many sums as registers leave room for: 24 of 32, or 12 of 16.
constexpr int MaxRows(Cell cell) {
  if (kManyRegisters || NumGates(cell) == 1) return 6;
  return cell == Cell::kGru ? 4 : 3;
}

// Sums wait four cycles for each other: at least four where one vector is multiplied a cycle, eight where two are.
constexpr int PanelsAtOnce(Cell cell, int rows) {
  if (NumGates(cell) > 1) return rows == 1 ? 2 : 1;
  return kManyRegisters || rows <= 3 ? 4 : 2;
}

template <Cell kCell, int kRows>
void FillRow(CellTarget& target) {
  if constexpr (kRows <= MaxRows(kCell)) {
    target.panels_at_once[kRows] = PanelsAtOnce(kCell, kRows);
    target.full[kRows] = Tile<kCell, kRows, PanelsAtOnce(kCell, kRows)>;
    target.single[kRows] = Tile<kCell, kRows, 1>;
  }
}

template <Cell kCell>
CellTarget MakeTarget() {
  CellTarget target = {};
  target.name = kTargetName;
  target.lanes = kLanes;
  target.max_rows = MaxRows(kCell);
  FillRow<kCell, 1>(target);
  FillRow<kCell, 2>(target);
  FillRow<kCell, 3>(target);
  FillRow<kCell, 4>(target);
  FillRow<kCell, 5>(target);
  FillRow<kCell, 6>(target);
  return target;
}

const CellTarget& Target(Cell cell) {
  static const CellTarget targets[] = {MakeTarget<Cell::kRelu>(), MakeTarget<Cell::kTanh>(), MakeTarget<Cell::kLstm>(),
                                       MakeTarget<Cell::kGru>()};
  return targets[static_cast<int>(cell)];
}

}  // namespace
}  // namespace baryon::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace baryon::kernels {

HWY_EXPORT(Target);

const CellTarget& ActiveCellTarget(Cell cell) { return HWY_DYNAMIC_DISPATCH(Target)(cell); }

}  // namespace baryon::kernels
#endif  // HWY_ONCE
