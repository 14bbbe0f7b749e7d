// Pooling: the maximum, average or sum over a window of the input for each output and channel. Windows are given for
// each axis, so that strided, global and adaptive pooling are the same thing.
#ifndef BARYON_ENGINE_KERNELS_POOL_H_
#define BARYON_ENGINE_KERNELS_POOL_H_

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include "engine/kernels/conv_geometry.h"
#include "engine/tensor/dtype.h"

namespace baryon::kernels {

enum class PoolType { kMax, kAvg, kSum, kLp };

// The inputs [begin, end) of an output along an axis; begin >= end when the window lies outside of the input. `size` is
// the axis's factor of the average's divisor, which may count padding. `padded`: the window reaches into the padding.
struct PoolWindow {
  int64_t begin, end, size;
  bool padded = false;
};

struct PoolGeometry {
  PoolType type = PoolType::kMax;
  int power = 2;  // of kLp: the root of the sum of powers, 1 to 3
  int64_t batch = 1, channels = 1;
  // Elements from one pixel to the next where the tensor is a part of a wider one; 0: densely packed. For
  // PoolChannelsLast only.
  int64_t in_stride = 0, out_stride = 0;
  Extents in = {1, 1, 1};
  std::array<std::vector<PoolWindow>, 3> windows;  // of the outputs along each axis
  // What an average over nothing is: 0, or 0 divided by the window's size, which may be 0 or negative.
  bool divides_nothing = false;
  bool max_sees_padding = false;  // as zeros

  int64_t out(int axis) const { return static_cast<int64_t>(windows[axis].size()); }
  int64_t in_pixels() const { return in[0] * in[1] * in[2]; }
  int64_t out_pixels() const { return out(0) * out(1) * out(2); }
  // Along all images: rows of the output have the same image, depth and height.
  int64_t out_rows() const { return batch * out(0) * out(1); }
  // What a maximum begins with.
  template <typename T>
  ComputeType<T> Least(const PoolWindow& z, const PoolWindow& y, const PoolWindow& x) const;
  bool IsEmpty(const PoolWindow& z, const PoolWindow& y, const PoolWindow& x) const {
    return z.begin >= z.end || y.begin >= y.end || x.begin >= x.end;
  }
};

// Windows of `kernel` inputs every `stride`, the first beginning `pad` before the input, `count` of them. They end at
// the latest `pad` behind the input; `size` is their length up to there with `counts_pad`, else that of their real
// inputs.
std::vector<PoolWindow> SlidingWindows(int64_t in, int64_t count, int64_t kernel, int64_t stride, int64_t pad,
                                       bool counts_pad);
// `count` windows of nearly equal size that cover the input: [floor(i in / count), ceil((i + 1) in / count)).
std::vector<PoolWindow> AdaptiveWindows(int64_t in, int64_t count);

// Output rows [begin, end) of float32 data [batch, pixels, channels]. Not for kLp.
void PoolChannelsLast(const PoolGeometry& geometry, const float* in, int64_t begin, int64_t end, float* out);

// What a maximum over nothing is: the lowest finite value.
template <typename T>
ComputeType<T> LowestOf() {
  if constexpr (std::is_same_v<T, Half>) return -65504.0f;
  if constexpr (std::is_same_v<T, BFloat16>) return -3.38953139e38f;
  return std::numeric_limits<ComputeType<T>>::lowest();
}

template <typename T>
ComputeType<T> PoolGeometry::Least(const PoolWindow& z, const PoolWindow& y, const PoolWindow& x) const {
  return max_sees_padding && (z.padded || y.padded || x.padded) ? ComputeType<T>(0) : LowestOf<T>();
}

// Any element type, any layout, one element after the other: outputs [begin, end) counted as [batch, channels, pixels].
// Sums are formed in T, for 16-bit floats in float.
template <typename T>
void PoolPlain(const PoolGeometry& geometry, bool channels_last, const T* in, int64_t begin, int64_t end, T* out) {
  using Sum = ComputeType<T>;
  const int64_t pixels = geometry.out_pixels(), channels = geometry.channels;
  const int64_t in_step = channels_last ? channels : 1;
  for (int64_t i = begin; i < end; ++i) {
    const int64_t pixel = i % pixels, channel = i / pixels % channels, image = i / (pixels * channels);
    const PoolWindow& x = geometry.windows[2][pixel % geometry.out(2)];
    const PoolWindow& y = geometry.windows[1][pixel / geometry.out(2) % geometry.out(1)];
    const PoolWindow& z = geometry.windows[0][pixel / (geometry.out(2) * geometry.out(1))];
    const T* plane = in + (channels_last ? image * geometry.in_pixels() * channels + channel
                                         : (image * channels + channel) * geometry.in_pixels());
    const bool is_max = geometry.type == PoolType::kMax;
    Sum result = is_max ? geometry.Least<T>(z, y, x) : Sum(0);
    for (int64_t iz = z.begin; iz < z.end; ++iz) {
      for (int64_t iy = y.begin; iy < y.end; ++iy) {
        Sum row = 0;
        for (int64_t ix = x.begin; ix < x.end; ++ix) {
          const Sum value = plane[((iz * geometry.in[1] + iy) * geometry.in[2] + ix) * in_step];
          if (is_max) {
            result = value > result ? value : result;
          } else if (geometry.type == PoolType::kLp) {
            row += geometry.power == 1 ? value : geometry.power == 2 ? value * value : value * value * value;
          } else {
            row += value;
          }
        }
        if (!is_max) result += row;
      }
    }
    if (geometry.type == PoolType::kAvg && (geometry.divides_nothing || !geometry.IsEmpty(z, y, x))) {
      result /= static_cast<Sum>(z.size * y.size * x.size);
    } else if (geometry.type == PoolType::kLp && geometry.power > 1) {
      result = geometry.power == 2 ? std::sqrt(result) : std::cbrt(result);
    }
    out[channels_last ? (image * pixels + pixel) * channels + channel : i] = static_cast<T>(result);
  }
}

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_POOL_H_
