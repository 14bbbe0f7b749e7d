// Feature maps as kernels read them that look at single pixels: by strides, in either layout.
#ifndef BARYON_ENGINE_KERNELS_FEATURE_MAP_H_
#define BARYON_ENGINE_KERNELS_FEATURE_MAP_H_

#include <cstdint>

namespace baryon::kernels {

// One image of `channels` planes of height x width. Strides are in elements.
template <typename T>
struct FeatureMap {
  T* data;
  int64_t channels, height, width;
  int64_t row_stride, pixel_stride, channel_stride;

  // [height, width, channels] or [channels, height, width], densely packed.
  static FeatureMap Dense(T* data, int64_t channels, int64_t height, int64_t width, bool channels_last) {
    if (channels_last) return {data, channels, height, width, width * channels, channels, 1};
    return {data, channels, height, width, width, 1, height * width};
  }

  T* at(int64_t row, int64_t column) const { return data + row * row_stride + column * pixel_stride; }
};

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_FEATURE_MAP_H_
