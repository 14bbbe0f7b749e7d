// What the depthwise algorithms share.
#ifndef BARYON_ENGINE_KERNELS_DEPTHWISE_WEIGHTS_H_
#define BARYON_ENGINE_KERNELS_DEPTHWISE_WEIGHTS_H_

#include <algorithm>
#include <cstdint>

#include "engine/kernels/conv_geometry.h"
#include "engine/kernels/parts.h"

namespace baryon::kernels {

inline bool IsDepthwise(const ConvGeometry& geometry) {
  return geometry.groups == geometry.channels && geometry.filters == geometry.channels;
}

// Channels rounded up to whole vectors.
inline int64_t PackedChannels(int64_t channels, int64_t vector_width) {
  return (channels + vector_width - 1) / vector_width * vector_width;
}

// Weights as [position][packed_channels], with zeros for the channels that only complete a vector.
inline void PackDepthwise(const ConvGeometry& geometry, const float* weight, const WeightStrides& strides,
                          int64_t packed_channels, float* packed) {
  for (int64_t position = 0; position < geometry.num_positions(); ++position) {
    float* row = packed + position * packed_channels;
    for (int64_t c = 0; c < geometry.channels; ++c) row[c] = weight[c * strides.group + position * strides.position];
    std::fill(row + geometry.channels, row + packed_channels, 0.0f);
  }
}

// Into how many tasks to cut so many units of rows: some for each thread, each worth handing to another.
inline int DepthwiseTasks(const ConvGeometry& geometry, int64_t units, int num_threads) {
  constexpr double kTaskMultiplications = 200e3;
  const double wanted = num_threads == 1 ? 1 : 4 * num_threads;
  const double worthwhile = 1 + geometry.num_multiplications() / kTaskMultiplications;
  return static_cast<int>(EvenParts(units, static_cast<int64_t>(std::min(worthwhile, wanted)), num_threads));
}

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_DEPTHWISE_WEIGHTS_H_
