// A vector holds neighbouring channels or columns, so that sums of blocks are sums of vectors. Both levels of a tile
// are computed in registers: each element is loaded once and each product stored once.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/strassen_tile.cc"
#include <hwy/foreach_target.h>
//
#include <hwy/highway.h>

#include "engine/kernels/simd-inl.h"
#include "engine/kernels/strassen_tile.h"

HWY_BEFORE_NAMESPACE();
namespace baryon::kernels::HWY_NAMESPACE {
namespace {

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr int64_t kLanes = hn::MaxLanes(D());

// 2 x 2 blocks of `kBlock` vectors each.
template <int kBlock>
using Blocks = V[2][2][kBlock];

// The left side of product p.
template <int kBlock>
HWY_INLINE void LeftSide(const Blocks<kBlock>& a, int p, V* side) {
  BARYON_UNROLL for (int i = 0; i < kBlock; ++i) {
    switch (p) {
      case 0:
        side[i] = hn::Add(a[0][0][i], a[1][1][i]);
        break;
      case 1:
        side[i] = hn::Add(a[1][0][i], a[1][1][i]);
        break;
      case 2:
        side[i] = a[0][0][i];
        break;
      case 3:
        side[i] = a[1][1][i];
        break;
      case 4:
        side[i] = hn::Add(a[0][0][i], a[0][1][i]);
        break;
      case 5:
        side[i] = hn::Sub(a[1][0][i], a[0][0][i]);
        break;
      default:
        side[i] = hn::Sub(a[0][1][i], a[1][1][i]);
        break;
    }
  }
}

// The right side of product p.
template <int kBlock>
HWY_INLINE void RightSide(const Blocks<kBlock>& b, int p, V* side) {
  BARYON_UNROLL for (int i = 0; i < kBlock; ++i) {
    switch (p) {
      case 0:
        side[i] = hn::Add(b[0][0][i], b[1][1][i]);
        break;
      case 1:
        side[i] = b[0][0][i];
        break;
      case 2:
        side[i] = hn::Sub(b[0][1][i], b[1][1][i]);
        break;
      case 3:
        side[i] = hn::Sub(b[1][0][i], b[0][0][i]);
        break;
      case 4:
        side[i] = b[1][1][i];
        break;
      case 5:
        side[i] = hn::Add(b[0][0][i], b[0][1][i]);
        break;
      default:
        side[i] = hn::Add(b[1][0][i], b[1][1][i]);
        break;
    }
  }
}

// Adds product p to the blocks of C it belongs to, in the order of p: the first three begin the sums.
template <int kBlock>
HWY_INLINE void AddProduct(const V* m, int p, Blocks<kBlock>& c) {
  BARYON_UNROLL for (int i = 0; i < kBlock; ++i) {
    switch (p) {
      case 0:
        c[0][0][i] = m[i];
        c[1][1][i] = m[i];
        break;
      case 1:
        c[1][0][i] = m[i];
        c[1][1][i] = hn::Sub(c[1][1][i], m[i]);
        break;
      case 2:
        c[0][1][i] = m[i];
        c[1][1][i] = hn::Add(c[1][1][i], m[i]);
        break;
      case 3:
        c[0][0][i] = hn::Add(c[0][0][i], m[i]);
        c[1][0][i] = hn::Add(c[1][0][i], m[i]);
        break;
      case 4:
        c[0][0][i] = hn::Sub(c[0][0][i], m[i]);
        c[0][1][i] = hn::Add(c[0][1][i], m[i]);
        break;
      case 5:
        c[1][1][i] = hn::Add(c[1][1][i], m[i]);
        break;
      default:
        c[0][0][i] = hn::Add(c[0][0][i], m[i]);
        break;
    }
  }
}

// Where block (i, j) of the inner level, within block (bi, bj) of the outer one, stands among n x n vectors.
template <int kLevels>
constexpr int Row(int outer, int inner) {
  return kLevels == 1 ? outer : 2 * outer + inner;
}

template <int kLevels, bool kMasked>
HWY_INLINE void InputVector(const StrassenInputTile& tile, int64_t c) {
  constexpr D d;
  constexpr int kInner = kLevels == 1 ? 1 : 4;  // vectors of a block of the outer level
  const size_t lanes = tile.part - c;
  Blocks<kInner> a;
  BARYON_UNROLL for (int i = 0; i < 2; ++i) {
    BARYON_UNROLL for (int j = 0; j < 2; ++j) {
      BARYON_UNROLL for (int k = 0; k < kInner; ++k) {
        const float* p = tile.rows[Row<kLevels>(i, k / 2)] + Row<kLevels>(j, k % 2) * tile.part + c;
        a[i][j][k] = kMasked ? LoadFirst(d, p, lanes) : hn::LoadU(d, p);
      }
    }
  }
  float* out = tile.out + c;
  const auto store = [&](V v) HWY_ATTR {
    if (kMasked) {
      StoreFirst(v, d, out, lanes);
    } else {
      hn::StoreU(v, d, out);
    }
  };
  BARYON_UNROLL for (int outer = 0; outer < 7; ++outer) {
    V side[kInner];
    LeftSide<kInner>(a, outer, side);
    if constexpr (kLevels == 1) {
      store(side[0]);
      out += tile.out_step;
    } else {
      const Blocks<1> inner = {{{side[0]}, {side[1]}}, {{side[2]}, {side[3]}}};
      BARYON_UNROLL for (int p = 0; p < 7; ++p) {
        V product[1];
        LeftSide<1>(inner, p, product);
        store(product[0]);
        out += tile.out_step;
      }
    }
  }
}

template <int kLevels>
void Input(const StrassenInputTile& tile) {
  int64_t c = 0;
  for (; c + kLanes <= tile.part; c += kLanes) InputVector<kLevels, false>(tile, c);
  if (c < tile.part) InputVector<kLevels, true>(tile, c);
}

template <int kLevels>
void Weight(const StrassenWeightTile& tile) {
  constexpr D d;
  constexpr int kInner = kLevels == 1 ? 1 : 4;
  constexpr int kParts = 1 << kLevels;
  for (int64_t column = 0; column < tile.count; column += kLanes) {
    Blocks<kInner> b;
    BARYON_UNROLL for (int i = 0; i < 2; ++i) {
      BARYON_UNROLL for (int j = 0; j < 2; ++j) {
        BARYON_UNROLL for (int k = 0; k < kInner; ++k) {
          const int element = Row<kLevels>(i, k / 2) * kParts + Row<kLevels>(j, k % 2);
          b[i][j][k] = hn::LoadU(d, tile.in + element * tile.step + column);
        }
      }
    }
    float* out = tile.out + column;
    BARYON_UNROLL for (int outer = 0; outer < 7; ++outer) {
      V side[kInner];
      RightSide<kInner>(b, outer, side);
      if constexpr (kLevels == 1) {
        hn::StoreU(side[0], d, out);
        out += tile.out_step;
      } else {
        const Blocks<1> inner = {{{side[0]}, {side[1]}}, {{side[2]}, {side[3]}}};
        BARYON_UNROLL for (int p = 0; p < 7; ++p) {
          V product[1];
          RightSide<1>(inner, p, product);
          hn::StoreU(product[0], d, out);
          out += tile.out_step;
        }
      }
    }
  }
}

template <int kLevels, bool kMasked>
HWY_INLINE void OutputVector(const StrassenOutputTile& tile, int64_t j) {
  constexpr D d;
  constexpr int kInner = kLevels == 1 ? 1 : 4;
  Blocks<kInner> c;
  const float* in = tile.in + j;
  BARYON_UNROLL for (int outer = 0; outer < 7; ++outer) {
    V block[kInner];
    if constexpr (kLevels == 1) {
      block[0] = hn::LoadU(d, in);
      in += tile.in_step;
    } else {
      Blocks<1> inner;
      BARYON_UNROLL for (int p = 0; p < 7; ++p) {
        const V product[1] = {hn::LoadU(d, in)};
        AddProduct<1>(product, p, inner);
        in += tile.in_step;
      }
      BARYON_UNROLL for (int k = 0; k < kInner; ++k) block[k] = inner[k / 2][k % 2][0];
    }
    AddProduct<kInner>(block, outer, c);
  }

  const size_t lanes = tile.columns - j;
  const auto load = [&](const float* p) HWY_ATTR { return kMasked ? LoadFirst(d, p, lanes) : hn::LoadU(d, p); };
  const V lower = hn::Set(d, tile.lower), upper = hn::Set(d, tile.upper);
  BARYON_UNROLL for (int part = 0; part < 1 << kLevels; ++part) {
    const int64_t column = part * tile.part + j;
    const V bias = tile.bias == nullptr ? hn::Zero(d) : load(tile.bias + column);
    BARYON_UNROLL for (int row = 0; row < 1 << kLevels; ++row) {
      float* const out = tile.out[row];
      if (out == nullptr) continue;
      constexpr int kHalf = kLevels == 1 ? 1 : 2;
      V result = hn::Add(c[row / kHalf][part / kHalf][row % kHalf * kHalf % kInner + part % kHalf], bias);
      if (tile.residual != nullptr) result = hn::Add(result, load(tile.residual[row] + column));
      result = Limited(result, lower, upper);
      if (kMasked) {
        StoreFirst(result, d, out + column, lanes);
      } else {
        hn::StoreU(result, d, out + column);
      }
    }
  }
}

template <int kLevels>
void Output(const StrassenOutputTile& tile) {
  int64_t j = 0;
  for (; j + kLanes <= tile.columns; j += kLanes) OutputVector<kLevels, false>(tile, j);
  if (j < tile.columns) OutputVector<kLevels, true>(tile, j);
}

const StrassenTarget& StrassenKernels() {
  static const StrassenTarget target = {
      kTargetName, kLanes, {Input<1>, Input<2>}, {Output<1>, Output<2>}, {Weight<1>, Weight<2>}};
  return target;
}

}  // namespace
}  // namespace baryon::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace baryon::kernels {

HWY_EXPORT(StrassenKernels);

const StrassenTarget& ActiveStrassenTarget() { return HWY_DYNAMIC_DISPATCH(StrassenKernels)(); }

}  // namespace baryon::kernels
#endif  // HWY_ONCE
