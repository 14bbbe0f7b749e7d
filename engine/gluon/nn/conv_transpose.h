// Transposed convolutions over one, two or three spatial axes: those that enlarge.
//
//   nn::Conv2DTranspose(3, 4, {.strides = 2, .padding = 1})    // twice as high and wide
#ifndef BARYON_ENGINE_GLUON_NN_CONV_TRANSPOSE_H_
#define BARYON_ENGINE_GLUON_NN_CONV_TRANSPOSE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "engine/gluon/nn/conv.h"

namespace baryon::nn {

struct ConvTransposeOptions {
  Extents strides = 1;
  Extents padding = 0;         // what is cut off the output on both sides
  Extents output_padding = 0;  // what the output has more at its end
  Extents dilation = 1;
  int64_t groups = 1;
  std::string layout = "";
  std::string activation = "";
  bool use_bias = true;
  init::Initializer weight_initializer = {};
  init::Initializer bias_initializer = "zeros";
  int64_t in_channels = 0;
  std::optional<std::string> prefix = std::nullopt;
};

// What Conv1DTranspose, Conv2DTranspose and Conv3DTranspose have in common: [N, C, ...] to [N, channels, ...], spatial
// axes being (size - 1) strides - 2 padding + dilation (kernel - 1) + 1 + output_padding. Parameters: weight
// [C, channels / groups, ...kernel_size], bias [channels]. Printed as convolutions are, with the output channels of a
// group; the output padding is not.
class ConvTranspose : public Conv {
 protected:
  ConvTranspose(int64_t axes, int64_t channels, const Extents& kernel_size, ConvTransposeOptions options);
};

// [N, C, W]
class Conv1DTranspose : public ConvTranspose {
 public:
  Conv1DTranspose(int64_t channels, const Extents& kernel_size, ConvTransposeOptions options = {})
      : ConvTranspose(1, channels, kernel_size, std::move(options)) {}
};

// [N, C, H, W]
class Conv2DTranspose : public ConvTranspose {
 public:
  Conv2DTranspose(int64_t channels, const Extents& kernel_size, ConvTransposeOptions options = {})
      : ConvTranspose(2, channels, kernel_size, std::move(options)) {}
};

// [N, C, D, H, W]
class Conv3DTranspose : public ConvTranspose {
 public:
  Conv3DTranspose(int64_t channels, const Extents& kernel_size, ConvTransposeOptions options = {})
      : ConvTranspose(3, channels, kernel_size, std::move(options)) {}
};

}  // namespace baryon::nn

#endif  // BARYON_ENGINE_GLUON_NN_CONV_TRANSPOSE_H_
