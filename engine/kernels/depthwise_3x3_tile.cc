// A block of outputs, two rows of up to seven columns, keeps its sums in registers. Every input it reads is loaded once
// and multiplied into all sums it belongs to, up to six; all is unrolled. The loads from the second level of the cache,
// where the maps of a network lie, bound the speed: two rows need 2.6 of them for each output, one row 3.9, and loading
// an input anew for each kernel position 9.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/depthwise_3x3_tile.cc"
#include <hwy/foreach_target.h>
//
#include <hwy/highway.h>

#include "engine/kernels/depthwise_3x3_tile.h"
#include "engine/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace baryon::kernels::HWY_NAMESPACE {
namespace {

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr int64_t kLanes = hn::MaxLanes(D());
// Columns of the widest block: 14 sums among 32 registers, 8 among 16.
constexpr int kMostColumns = HWY_TARGET == HWY_AVX3 ? 7 : 4;

constexpr bool InKernel(int position) { return position >= 0 && position < 3; }

// kRows x kColumns outputs from column `first` on, one vector of channels from `c` on. kMasked: only `lanes` channels.
template <int kStride, int kRows, int kColumns, bool kMasked>
HWY_INLINE void RunVector(const Depthwise3x3Tile& tile, int64_t first, int64_t c, size_t lanes) {
  constexpr D d;
  constexpr int kInRows = (kRows - 1) * kStride + 3, kInColumns = (kColumns - 1) * kStride + 3;
  const auto load = [&](const float* p) HWY_ATTR { return kMasked ? LoadFirst(d, p, lanes) : hn::LoadU(d, p); };
  V sums[kRows][kColumns];
  BARYON_UNROLL for (int r = 0; r < kRows; ++r) {
    BARYON_UNROLL for (int j = 0; j < kColumns; ++j) sums[r][j] = hn::Zero(d);
  }
  const float* const* in = tile.in + first * kStride;
  BARYON_UNROLL for (int y = 0; y < kInRows; ++y) {
    V weights[kRows][3];
    BARYON_UNROLL for (int r = 0; r < kRows; ++r) {
      if (!InKernel(y - r * kStride)) continue;
      BARYON_UNROLL for (int x = 0; x < 3; ++x) {
        weights[r][x] = hn::Load(d, tile.weights + ((y - r * kStride) * 3 + x) * tile.weight_step + c);
      }
    }
    const float* const* row = in + y * tile.in_pitch;
    BARYON_UNROLL for (int x = 0; x < kInColumns; ++x) {
      const V element = load(row[x] + c);
      BARYON_UNROLL for (int r = 0; r < kRows; ++r) {
        if (!InKernel(y - r * kStride)) continue;
        BARYON_UNROLL for (int j = 0; j < kColumns; ++j) {
          if (!InKernel(x - j * kStride)) continue;
          sums[r][j] = hn::MulAdd(element, weights[r][x - j * kStride], sums[r][j]);
        }
      }
    }
  }
  const V bias = tile.bias == nullptr ? hn::Zero(d) : load(tile.bias + c);
  const V lower = hn::Set(d, tile.lower), upper = hn::Set(d, tile.upper);
  BARYON_UNROLL for (int r = 0; r < kRows; ++r) {
    BARYON_UNROLL for (int j = 0; j < kColumns; ++j) {
      V y = hn::Add(sums[r][j], bias);
      if (tile.residual[r] != nullptr) y = hn::Add(y, load(tile.residual[r] + (first + j) * tile.residual_step + c));
      y = Limited(y, lower, upper);
      float* out = tile.out[r] + (first + j) * tile.out_step + c;
      if (kMasked) {
        StoreFirst(y, d, out, lanes);
      } else {
        hn::StoreU(y, d, out);
      }
    }
  }
}

// Blocks of kColumns from column `first` on, as many as fit; returns the column behind them.
template <int kStride, int kRows, int kColumns>
int64_t RunBlocks(const Depthwise3x3Tile& tile, int64_t first) {
  for (; first + kColumns <= tile.width; first += kColumns) {
    int64_t c = 0;
    for (; c + kLanes <= tile.channels; c += kLanes) RunVector<kStride, kRows, kColumns, false>(tile, first, c, kLanes);
    if (c < tile.channels) RunVector<kStride, kRows, kColumns, true>(tile, first, c, tile.channels - c);
  }
  return first;
}

template <int kStride, int kRows>
void Run(const Depthwise3x3Tile& tile) {
  int64_t first = RunBlocks<kStride, kRows, kMostColumns>(tile, 0);
  if constexpr (kMostColumns > 4) first = RunBlocks<kStride, kRows, 4>(tile, first);
  first = RunBlocks<kStride, kRows, 2>(tile, first);
  RunBlocks<kStride, kRows, 1>(tile, first);
}

const Depthwise3x3Target& Depthwise3x3Kernels() {
  static const Depthwise3x3Target target = {kTargetName, kLanes, {{Run<1, 1>, Run<1, 2>}, {Run<2, 1>, Run<2, 2>}}};
  return target;
}

}  // namespace
}  // namespace baryon::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace baryon::kernels {

HWY_EXPORT(Depthwise3x3Kernels);

const Depthwise3x3Target& ActiveDepthwise3x3Target() { return HWY_DYNAMIC_DISPATCH(Depthwise3x3Kernels)(); }

}  // namespace baryon::kernels
#endif  // HWY_ONCE
