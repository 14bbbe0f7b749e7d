// The windows of a convolution whose positions are moved one by one, as rows of a matrix.
// Source: Dai, Qi, Xiong, Li, Zhang, Hu, Wei, Deformable Convolutional Networks, 2017; Zhu, Hu, Lin, Dai, Deformable
// ConvNets v2: More Deformable, Better Results, 2019.
#ifndef BARYON_ENGINE_KERNELS_DEFORMABLE_PATCH_H_
#define BARYON_ENGINE_KERNELS_DEFORMABLE_PATCH_H_

#include <cstdint>
#include <type_traits>

#include "engine/kernels/bilinear_point.h"
#include "engine/kernels/conv_geometry.h"
#include "engine/kernels/feature_map.h"
#include "engine/kernels/row_products.h"

namespace baryon::kernels {

// How positions of a window move. Offsets are maps of 2 * positions channels for each group of channels that moves
// together, (down, right) for every position; masks of as many channels as positions. Without masks (v1) a position
// outside of the image counts as 0, one beyond the last pixel takes its value; with them pixels outside count as 0.
template <typename T>
struct DeformableMoves {
  FeatureMap<const T> offsets;
  FeatureMap<const T> masks;  // data is nullptr when there are none
  int64_t groups;
};

// The window of output pixel (y, x) of a 2-D convolution: for each of its groups, position and channel within the
// group, in this order, the moved input element. `image` is channels last.
template <typename T, typename V>
void DeformablePatch(const ConvGeometry& geometry, const DeformableMoves<T>& moves, const FeatureMap<const T>& image,
                     int64_t y, int64_t x, V* patch) {
  const int64_t positions = geometry.num_positions(), width = geometry.group_channels();
  const int64_t moved = image.channels / moves.groups;  // channels that move together
  const T* offset = moves.offsets.at(y, x);
  const T* mask = moves.masks.data == nullptr ? nullptr : moves.masks.at(y, x);
  for (int64_t group = 0; group < moves.groups; ++group) {
    for (int64_t position = 0; position < positions; ++position) {
      const int64_t move = group * positions + position;
      const V at_y = static_cast<V>(y * geometry.stride[1] - geometry.pad[1] +
                                    position / geometry.kernel[2] * geometry.dilation[1]) +
                     static_cast<V>(offset[2 * move * moves.offsets.channel_stride]);
      const V at_x = static_cast<V>(x * geometry.stride[2] - geometry.pad[2] +
                                    position % geometry.kernel[2] * geometry.dilation[2]) +
                     static_cast<V>(offset[(2 * move + 1) * moves.offsets.channel_stride]);
      const bool inside =
          at_y >= 0 && at_y < static_cast<V>(image.height) && at_x >= 0 && at_x < static_cast<V>(image.width);
      BilinearPoint<V> point = {{0, 0, 0, 0}, {0, 0, 0, 0}};
      if (mask != nullptr) {
        point = PointWithZeroBorder(image, at_y, at_x);
        const V factor = static_cast<V>(mask[move * moves.masks.channel_stride]);
        for (V& weight : point.weight) weight *= factor;
      } else if (inside) {
        point = PointInside(image, at_y, at_x);
      }
      // The channels, in pieces that belong to one group of the convolution.
      for (int64_t c = group * moved, end; c < (group + 1) * moved; c = end) {
        end = std::min((c / width + 1) * width, (group + 1) * moved);
        V* to = patch + (c / width * positions + position) * width + c % width;
        if constexpr (std::is_same_v<T, float>) {
          const float* const rows[] = {image.data + point.offset[0] + c, image.data + point.offset[1] + c,
                                       image.data + point.offset[2] + c, image.data + point.offset[3] + c};
          BlendRows(rows, point.weight, end - c, to);
        } else {
          for (int64_t i = c; i < end; ++i) to[i - c] = ValueAt(image.data + i * image.channel_stride, point);
        }
      }
    }
  }
}

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_DEFORMABLE_PATCH_H_
