#include "engine/gluon/nn/conv_transpose.h"

#include <utility>

namespace baryon::nn {

ConvTranspose::ConvTranspose(int64_t axes, int64_t channels, const Extents& kernel_size, ConvTransposeOptions options)
    : Conv(axes, channels, kernel_size,
           {.strides = options.strides,
            .padding = options.padding,
            .dilation = options.dilation,
            .groups = options.groups,
            .layout = std::move(options.layout),
            .activation = std::move(options.activation),
            .use_bias = options.use_bias,
            .weight_initializer = std::move(options.weight_initializer),
            .bias_initializer = std::move(options.bias_initializer),
            .in_channels = options.in_channels,
            .prefix = std::move(options.prefix)},
           options.output_padding) {}

}  // namespace baryon::nn
