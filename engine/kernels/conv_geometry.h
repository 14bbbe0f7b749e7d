// The sizes of a convolution, and which input elements its outputs read.
#ifndef BARYON_ENGINE_KERNELS_CONV_GEOMETRY_H_
#define BARYON_ENGINE_KERNELS_CONV_GEOMETRY_H_

#include <array>
#include <cstdint>
#include <vector>

namespace baryon::kernels {

// Depth, height, width. One- and two-dimensional data has sizes of 1 in front.
using Extents = std::array<int64_t, 3>;

// out[n, o, f] = sum over positions p and channels c of in[n, o * stride - pad + p * dilation, c] * weight[f, p, c],
// within each group of channels and filters. Transposed: every in[n, i] adds in * weight to out[n, i * stride - pad +
// p * dilation] instead. Inputs outside of `in` are 0.
struct ConvGeometry {
  int64_t batch = 1, channels = 1, filters = 1, groups = 1;
  Extents in = {1, 1, 1}, out = {1, 1, 1};
  Extents kernel = {1, 1, 1}, stride = {1, 1, 1}, dilation = {1, 1, 1}, pad = {0, 0, 0};
  bool transposed = false;

  int64_t group_channels() const { return channels / groups; }
  int64_t group_filters() const { return filters / groups; }
  int64_t num_positions() const { return kernel[0] * kernel[1] * kernel[2]; }
  int64_t in_pixels() const { return in[0] * in[1] * in[2]; }
  int64_t out_pixels() const { return out[0] * out[1] * out[2]; }
  int64_t num_multiplications() const;
};

// How weights lie in memory: element (group, filter, channel, position), filter and channel counted within the group,
// at group * `group` + filter * `filter` + channel * `channel` + position * `position`.
struct WeightStrides {
  int64_t group, filter, channel, position;
};
// Of a weight whose channels stand before (false) or behind (true) the kernel's axes: [filters, c/g, k...] or
// [filters, k..., c/g]; of a transposed convolution [channels, f/g, k...] or [channels, k..., f/g].
WeightStrides StridesOfWeight(const ConvGeometry& geometry, bool channels_last);

// Along one axis: the outputs first, first + step, ..., `count` of them, and what they read. The j-th reads, with the
// weight at kernel[p], the input at j * in_step + offset[p], for each p; offsets ascend. An ordinary convolution is one
// such phase. A transposed one has a phase for each remainder of the output coordinate by the stride: the kernel
// positions that hit an output depend on that remainder alone.
struct AxisPhase {
  int64_t first, step, count;
  int64_t in_step;
  std::vector<int64_t> kernel, offset;

  int64_t positions() const { return static_cast<int64_t>(kernel.size()); }
};
std::vector<AxisPhase> AxisPhases(const ConvGeometry& geometry, int axis);

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_CONV_GEOMETRY_H_
