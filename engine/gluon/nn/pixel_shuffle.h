// Channels become positions: upsampling after a convolution that gave each new position a channel. In one dimension
// out[n, c, w f + i] = x[n, c f + i, w]; in more the channels of one position are in the order of the axes.
// Source: Shi et al., Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional
// Neural Network, 2016.
#ifndef BARYON_ENGINE_GLUON_NN_PIXEL_SHUFFLE_H_
#define BARYON_ENGINE_GLUON_NN_PIXEL_SHUFFLE_H_

#include <array>
#include <cstdint>
#include <string>

#include "engine/gluon/hybrid_block.h"

namespace baryon::nn {

// [N, C f, W] to [N, C, W f].
class PixelShuffle1D : public gluon::HybridBlock {
 public:
  explicit PixelShuffle1D(int64_t factor);

  NDArray Forward(const NDArray& x) override;
  std::string ToString() const override;  // "PixelShuffle1D(2)"

 private:
  int64_t factor_;
};

// [N, C f1 f2, H, W] to [N, C, H f1, W f2]: PixelShuffle2D(2), PixelShuffle2D({2, 3}).
class PixelShuffle2D : public gluon::HybridBlock {
 public:
  explicit PixelShuffle2D(int64_t factor) : PixelShuffle2D({factor, factor}) {}
  explicit PixelShuffle2D(const std::array<int64_t, 2>& factors);

  NDArray Forward(const NDArray& x) override;
  std::string ToString() const override;  // "PixelShuffle2D((2, 3))"

 private:
  std::array<int64_t, 2> factors_;
};

// [N, C f1 f2 f3, D, H, W] to [N, C, D f1, H f2, W f3].
class PixelShuffle3D : public gluon::HybridBlock {
 public:
  explicit PixelShuffle3D(int64_t factor) : PixelShuffle3D({factor, factor, factor}) {}
  explicit PixelShuffle3D(const std::array<int64_t, 3>& factors);

  NDArray Forward(const NDArray& x) override;
  std::string ToString() const override;  // "PixelShuffle3D((2, 3, 4))"

 private:
  std::array<int64_t, 3> factors_;
};

}  // namespace baryon::nn

#endif  // BARYON_ENGINE_GLUON_NN_PIXEL_SHUFFLE_H_
