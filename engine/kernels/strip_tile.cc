// A block of 14 outputs by two vectors of filters keeps its sums in 28 of 32 registers; one of six by two, in 12 of 16.
// That is more than the tiles of gemm_tile.h hold where filters are few, and nothing is left to be done for each tile
// but its arithmetic: rows of A found through pointers cost as much as the sums of 27 products, all that a kernel of
// 3x3 over three colours has. The last block of a row overlaps the one before it and computes its outputs again.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/strip_tile.cc"
#include <hwy/foreach_target.h>
//
#include <hwy/highway.h>

#include <algorithm>
#include <atomic>

#include "engine/kernels/simd-inl.h"
#include "engine/kernels/strip_tile.h"

HWY_BEFORE_NAMESPACE();
namespace baryon::kernels::HWY_NAMESPACE {
namespace {

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr int64_t kLanes = hn::MaxLanes(D());
constexpr int kBlock = HWY_TARGET == HWY_AVX3 ? 14 : 6;
constexpr int kMaxVectors = 2;

// Outputs [first, first + kBlock).
template <int kStep, int kVectors>
HWY_INLINE void RunBlock(const StripTile& tile, int64_t first) {
  constexpr D d;
  V sums[kBlock][kVectors];
  BARYON_UNROLL for (int i = 0; i < kBlock; ++i) {
    BARYON_UNROLL for (int v = 0; v < kVectors; ++v) sums[i][v] = hn::Zero(d);
  }
  const float* in = tile.in + first * kStep;
  const float* HWY_RESTRICT weights = tile.weights;
  const int64_t weight_step = tile.weight_step;
  for (int64_t r = 0; r < tile.num_runs; ++r) {
    const float* HWY_RESTRICT a = in + tile.runs[r];
    for (const float* const end = a + tile.run_length; a < end; ++a) {
      V columns[kVectors];
      BARYON_UNROLL for (int v = 0; v < kVectors; ++v) columns[v] = hn::Load(d, weights + v * kLanes);
      BARYON_UNROLL for (int i = 0; i < kBlock; ++i) {
        const V element = hn::Set(d, a[i * kStep]);
        BARYON_UNROLL for (int v = 0; v < kVectors; ++v) sums[i][v] = hn::MulAdd(element, columns[v], sums[i][v]);
      }
      weights += weight_step;
      // Else compilers keep elements for the next but one or two, where a neighbour reads them, and spill them.
      std::atomic_signal_fence(std::memory_order_seq_cst);
    }
  }
  const int64_t out_step = tile.out_step;
  const V lower = hn::Set(d, tile.lower), upper = hn::Set(d, tile.upper);
  BARYON_UNROLL for (int v = 0; v < kVectors; ++v) {
    const int64_t lanes = std::min(tile.columns - v * kLanes, kLanes);
    const V bias = tile.bias == nullptr ? hn::Zero(d) : LoadFirst(d, tile.bias + v * kLanes, lanes);
    float* out = tile.out + first * out_step + v * kLanes;
    BARYON_UNROLL for (int i = 0; i < kBlock; ++i, out += out_step) {
      const V y = Limited(hn::Add(sums[i][v], bias), lower, upper);
      if (lanes == kLanes) {
        hn::StoreU(y, d, out);
      } else {
        StoreFirst(y, d, out, lanes);
      }
    }
  }
}

template <int kStep, int kVectors>
void RunBlocks(const StripTile& tile) {
  for (int64_t first = 0; first < tile.width; first += kBlock) {
    RunBlock<kStep, kVectors>(tile, std::min(first, tile.width - kBlock));
  }
}

template <int kStep>
void Run(const StripTile& tile) {
  (tile.columns > kLanes ? RunBlocks<kStep, 2> : RunBlocks<kStep, 1>)(tile);
}

const StripTarget& StripKernels() {
  static const StripTarget target = {kTargetName, kLanes, kMaxVectors, kBlock, Run<3>, Run<6>};
  return target;
}

}  // namespace
}  // namespace baryon::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace baryon::kernels {

HWY_EXPORT(StripKernels);

const StripTarget& ActiveStripTarget() { return HWY_DYNAMIC_DISPATCH(StripKernels)(); }

}  // namespace baryon::kernels
#endif  // HWY_ONCE
