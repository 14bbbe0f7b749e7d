// Convolutions over one, two or three spatial axes.
//
//   nn::Conv2D(6, 3, {.activation = "relu"})
//   nn::Conv2D(192, {1, 7}, {.padding = {0, 3}, .use_bias = false})
#ifndef BARYON_ENGINE_GLUON_NN_CONV_H_
#define BARYON_ENGINE_GLUON_NN_CONV_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "engine/gluon/hybrid_block.h"
#include "engine/gluon/nn/activation.h"
#include "engine/gluon/nn/extents.h"

namespace baryon::nn {

struct ConvOptions {
  Extents strides = 1;
  Extents padding = 0;  // zeros on both sides
  Extents dilation = 1;
  int64_t groups = 1;           // the channels fall into so many parts, each with kernels of its own
  std::string layout = "";      // of input and output; empty: channels first, "NCHW"; or channels last, "NHWC"
  std::string activation = "";  // a name that Activation takes; empty: linear
  bool use_bias = true;
  init::Initializer weight_initializer = {};
  init::Initializer bias_initializer = "zeros";
  int64_t in_channels = 0;  // of the input; 0: those of the first input
  std::optional<std::string> prefix = std::nullopt;
};

// What Conv1D, Conv2D and Conv3D have in common: y = activation(x * W + b), [N, C, ...] to [N, channels, ...], spatial
// axes being (size + 2 padding - dilation (kernel - 1) - 1) / strides + 1. Parameters: weight
// [channels, C / groups, ...kernel_size], or with the channels last [channels, ...kernel_size, C / groups]; bias
// [channels]. Sizes that are none (another number of axes, an unknown layout) are in status().
class Conv : public gluon::HybridBlock {
 public:
  gluon::Parameter weight() const { return param("weight"); }
  gluon::Parameter bias() const { return param("bias"); }

  NDArray Forward(const NDArray& x) override;
  absl::Status InferShape(const NDArray& x) override;
  // "Conv2D(1 -> 6, kernel_size=(3, 3), stride=(1, 1), Activation(relu))". The number of input channels is that of a
  // group, as in Gluon.
  std::string ToString() const override;

 protected:
  // With an output padding, the transposed convolution; see conv_transpose.h.
  Conv(int64_t axes, int64_t channels, const Extents& kernel_size, ConvOptions options,
       const std::optional<Extents>& output_padding = std::nullopt);

 private:
  absl::Status SetSizes(int64_t axes, const Extents& kernel_size, const ConvOptions& options,
                        const std::optional<Extents>& output_padding);
  Shape WeightShape(int64_t in_channels) const;

  int64_t channels_, groups_;
  IntTuple kernel_, strides_, padding_, dilation_;  // a number for each axis
  std::optional<IntTuple> output_padding_;          // of a transposed one
  std::string layout_;
  std::optional<gluon::Child<Activation>> activation_;
};

// [N, C, W]
class Conv1D : public Conv {
 public:
  Conv1D(int64_t channels, const Extents& kernel_size, ConvOptions options = {})
      : Conv(1, channels, kernel_size, std::move(options)) {}
};

// [N, C, H, W]
class Conv2D : public Conv {
 public:
  Conv2D(int64_t channels, const Extents& kernel_size, ConvOptions options = {})
      : Conv(2, channels, kernel_size, std::move(options)) {}
};

// [N, C, D, H, W]
class Conv3D : public Conv {
 public:
  Conv3D(int64_t channels, const Extents& kernel_size, ConvOptions options = {})
      : Conv(3, channels, kernel_size, std::move(options)) {}
};

}  // namespace baryon::nn

#endif  // BARYON_ENGINE_GLUON_NN_CONV_H_
