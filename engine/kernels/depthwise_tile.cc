// A block of eight outputs keeps its sums in registers; each weight is loaded once for the block, each input once for
// each position. Channels are the inner loop over memory: inputs of neighbouring outputs are far apart, their channels
// are not.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/depthwise_tile.cc"
#include <hwy/foreach_target.h>
//
#include <hwy/highway.h>

#include "engine/kernels/depthwise_tile.h"
#include "engine/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace baryon::kernels::HWY_NAMESPACE {
namespace {

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr int64_t kLanes = hn::MaxLanes(D());

// A vector of channels, from `c` on, of kBlock outputs, from `first` on. kMasked: only `lanes` channels are left.
template <int kBlock, bool kMasked>
HWY_INLINE void RunVector(const DepthwiseTile& tile, int64_t first, int64_t c, size_t lanes) {
  constexpr D d;
  const auto load = [&](const float* p) HWY_ATTR { return kMasked ? LoadFirst(d, p, lanes) : hn::LoadU(d, p); };
  V sums[kBlock];
  BARYON_UNROLL for (int b = 0; b < kBlock; ++b) sums[b] = hn::Zero(d);
  const int64_t in_step = tile.in_step;
  for (int64_t row = 0; row < tile.num_rows; ++row) {
    const float* HWY_RESTRICT in = tile.in_rows[row] + first * in_step + c;
    const float* HWY_RESTRICT weights = tile.weights[row] + c;
    for (int64_t p = 0; p < tile.num_positions; ++p) {
      const float* HWY_RESTRICT at = in + tile.in_offsets[p];
      const V weight = hn::Load(d, weights + tile.weight_offsets[p]);
      BARYON_UNROLL for (int b = 0; b < kBlock; ++b) sums[b] = hn::MulAdd(load(at + b * in_step), weight, sums[b]);
    }
  }
  const V bias = tile.bias == nullptr ? hn::Zero(d) : load(tile.bias + c);
  const V lower = hn::Set(d, tile.lower), upper = hn::Set(d, tile.upper);
  BARYON_UNROLL for (int b = 0; b < kBlock; ++b) {
    V y = hn::Add(sums[b], bias);
    if (tile.residual != nullptr) y = hn::Add(y, load(tile.residual + (first + b) * tile.residual_step + c));
    y = Limited(y, lower, upper);
    float* out = tile.out + (first + b) * tile.out_step + c;
    if (kMasked) {
      StoreFirst(y, d, out, lanes);
    } else {
      hn::StoreU(y, d, out);
    }
  }
}

template <int kBlock>
int64_t RunBlocks(const DepthwiseTile& tile, int64_t first) {
  for (; first + kBlock <= tile.first + tile.count; first += kBlock) {
    int64_t c = 0;
    for (; c + kLanes <= tile.channels; c += kLanes) RunVector<kBlock, false>(tile, first, c, kLanes);
    if (c < tile.channels) RunVector<kBlock, true>(tile, first, c, tile.channels - c);
  }
  return first;
}

void Run(const DepthwiseTile& tile) {
  int64_t first = RunBlocks<8>(tile, tile.first);
  first = RunBlocks<4>(tile, first);
  RunBlocks<1>(tile, first);
}

const DepthwiseTarget& DepthwiseKernels() {
  static const DepthwiseTarget target = {kTargetName, kLanes, Run};
  return target;
}

}  // namespace
}  // namespace baryon::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace baryon::kernels {

HWY_EXPORT(DepthwiseKernels);

const DepthwiseTarget& ActiveDepthwiseTarget() { return HWY_DYNAMIC_DISPATCH(DepthwiseKernels)(); }

}  // namespace baryon::kernels
#endif  // HWY_ONCE
