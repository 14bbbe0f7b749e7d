// Convolution in plain loops, for element types that have no fast kernel: double and the 16-bit floats. Any layout.
#ifndef BARYON_ENGINE_KERNELS_PLAIN_CONV_H_
#define BARYON_ENGINE_KERNELS_PLAIN_CONV_H_

#include <array>
#include <cstdint>
#include <vector>

#include "engine/kernels/conv_geometry.h"
#include "engine/tensor/dtype.h"

namespace baryon::kernels {

// Elements from one image, one channel and one pixel to the next.
struct MapStrides {
  int64_t image, channel, pixel;
};
inline MapStrides StridesOfMap(int64_t channels, int64_t pixels, bool channels_last) {
  return channels_last ? MapStrides{channels * pixels, 1, channels} : MapStrides{channels * pixels, pixels, 1};
}

template <typename T>
struct PlainConvOperands {
  const T* in;
  MapStrides in_strides;
  const T* weight;
  WeightStrides weight_strides;
  const T* bias;      // [filters], or nullptr
  const T* residual;  // where `out` is in its own tensor, or nullptr
  T* out;             // may be the residual
  MapStrides out_strides;
};

// Computes the outputs of pixels [begin, end), counted through all images. `phases`: AxisPhases of the three axes. Sums
// are formed in T, for 16-bit floats in float.
template <typename T>
void PlainConvolution(const ConvGeometry& geometry, const std::array<std::vector<AxisPhase>, 3>& phases,
                      const PlainConvOperands<T>& operands, int64_t begin, int64_t end) {
  using Sum = ComputeType<T>;
  for (int64_t index = begin; index < end; ++index) {
    const int64_t image = index / geometry.out_pixels(), pixel = index % geometry.out_pixels();
    const Extents at = {pixel / (geometry.out[1] * geometry.out[2]), pixel / geometry.out[2] % geometry.out[1],
                        pixel % geometry.out[2]};
    // Calls fn(position, input pixel) for the kernel positions inside the input.
    const auto for_each_position = [&](auto&& fn) {
      std::array<const AxisPhase*, 3> phase;
      Extents j;
      for (int axis = 0; axis < 3; ++axis) {
        const int64_t count = static_cast<int64_t>(phases[axis].size());
        phase[axis] = &phases[axis][at[axis] % count];
        j[axis] = at[axis] / count;
      }
      const auto coordinate = [&](int axis, int64_t p) {
        return j[axis] * phase[axis]->in_step + phase[axis]->offset[p];
      };
      const auto outside = [&](int axis, int64_t p) {
        return coordinate(axis, p) < 0 || coordinate(axis, p) >= geometry.in[axis];
      };
      for (int64_t z = 0; z < phase[0]->positions(); ++z) {
        if (outside(0, z)) continue;
        for (int64_t y = 0; y < phase[1]->positions(); ++y) {
          if (outside(1, y)) continue;
          for (int64_t x = 0; x < phase[2]->positions(); ++x) {
            if (outside(2, x)) continue;
            fn((phase[0]->kernel[z] * geometry.kernel[1] + phase[1]->kernel[y]) * geometry.kernel[2] +
                   phase[2]->kernel[x],
               (coordinate(0, z) * geometry.in[1] + coordinate(1, y)) * geometry.in[2] + coordinate(2, x));
          }
        }
      }
    };
    for (int64_t filter = 0; filter < geometry.filters; ++filter) {
      const int64_t group = filter / geometry.group_filters();
      const WeightStrides& strides = operands.weight_strides;
      const T* weight = operands.weight + group * strides.group + filter % geometry.group_filters() * strides.filter;
      const T* in = operands.in + image * operands.in_strides.image +
                    group * geometry.group_channels() * operands.in_strides.channel;
      Sum sum = 0;
      for_each_position([&](int64_t position, int64_t in_pixel) {
        const T* w = weight + position * strides.position;
        const T* x = in + in_pixel * operands.in_strides.pixel;
        for (int64_t c = 0; c < geometry.group_channels(); ++c) {
          sum += static_cast<Sum>(x[c * operands.in_strides.channel]) * static_cast<Sum>(w[c * strides.channel]);
        }
      });
      const int64_t offset = image * operands.out_strides.image + filter * operands.out_strides.channel +
                             pixel * operands.out_strides.pixel;
      if (operands.bias != nullptr) sum += static_cast<Sum>(operands.bias[filter]);
      if (operands.residual != nullptr) sum += static_cast<Sum>(operands.residual[offset]);
      operands.out[offset] = static_cast<T>(sum);
    }
  }
}

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_PLAIN_CONV_H_
