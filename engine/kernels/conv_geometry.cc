// A transposed convolution's output o gets in[i] * weight[p] whenever i * stride - pad + p * dilation == o. With
// o = first + j * stride that is i = j + (first + pad - p * dilation) / stride, for the positions p where the division
// leaves nothing.
#include "engine/kernels/conv_geometry.h"

#include <algorithm>

namespace baryon::kernels {

int64_t ConvGeometry::num_multiplications() const {
  const int64_t pixels = transposed ? in_pixels() : out_pixels();
  return batch * pixels * num_positions() * group_channels() * filters;
}

WeightStrides StridesOfWeight(const ConvGeometry& geometry, bool channels_last) {
  const int64_t positions = geometry.num_positions();
  const int64_t outer = geometry.transposed ? geometry.group_channels() : geometry.group_filters();
  const int64_t inner = geometry.transposed ? geometry.group_filters() : geometry.group_channels();
  const int64_t outer_stride = inner * positions;
  const int64_t inner_stride = channels_last ? 1 : positions, position_stride = channels_last ? inner : 1;
  if (geometry.transposed) return {outer * outer_stride, inner_stride, outer_stride, position_stride};
  return {outer * outer_stride, outer_stride, inner_stride, position_stride};
}

std::vector<AxisPhase> AxisPhases(const ConvGeometry& geometry, int axis) {
  const int64_t stride = geometry.stride[axis], dilation = geometry.dilation[axis], pad = geometry.pad[axis];
  std::vector<AxisPhase> phases;
  if (!geometry.transposed) {
    AxisPhase& phase = phases.emplace_back(AxisPhase{0, 1, geometry.out[axis], stride, {}, {}});
    for (int64_t p = 0; p < geometry.kernel[axis]; ++p) {
      phase.kernel.push_back(p);
      phase.offset.push_back(p * dilation - pad);
    }
    return phases;
  }
  for (int64_t first = 0; first < std::min(stride, geometry.out[axis]); ++first) {
    const int64_t count = (geometry.out[axis] - first + stride - 1) / stride;
    AxisPhase& phase = phases.emplace_back(AxisPhase{first, stride, count, 1, {}, {}});
    for (int64_t p = geometry.kernel[axis] - 1; p >= 0; --p) {
      const int64_t distance = first + pad - p * dilation;
      if (distance % stride != 0) continue;
      phase.kernel.push_back(p);
      phase.offset.push_back(distance / stride);
    }
  }
  return phases;
}

}  // namespace baryon::kernels
