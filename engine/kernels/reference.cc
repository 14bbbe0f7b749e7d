#include "engine/kernels/reference.h"

#include <algorithm>
#include <cmath>

namespace baryon::reference {

using kernels::Activation;
using kernels::ActivationSpec;
using kernels::ConvGeometry;
using kernels::WeightStrides;

double Activate(const ActivationSpec& activation, double x) {
  const double alpha = activation.alpha, beta = activation.beta;
  switch (activation.kind) {
    case Activation::kNone:
      return x;
    case Activation::kRelu:
      return std::max(x, 0.0);
    case Activation::kClip:
      return x > beta ? beta : x < alpha ? alpha : x;
    case Activation::kSigmoid:
      return 1 / (1 + std::exp(-x));
    case Activation::kTanh:
      return std::tanh(x);
    case Activation::kSoftRelu:
      return std::log1p(std::exp(x));
    case Activation::kSoftSign:
      return x / (1 + std::abs(x));
    case Activation::kLeaky:
      return x > 0 ? x : alpha * x;
    case Activation::kElu:
      return x > 0 ? x : alpha * std::expm1(x);
    case Activation::kSelu:
      return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * std::expm1(x));
    case Activation::kGelu:
      return x / 2 * (1 + std::erf(x / std::sqrt(2.0)));
    case Activation::kGeluTanh:
      return x / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case Activation::kSwish:
      return x / (1 + std::exp(-x));
    case Activation::kHardSigmoid:
      return std::min(std::max(alpha * x + beta, 0.0), 1.0);
    case Activation::kMish:
      return x * std::tanh(std::log1p(std::exp(x)));
    case Activation::kLogSigmoid:
      return -std::log1p(std::exp(-x));
  }
  return x;
}

std::vector<double> MatMul(const std::vector<float>& a, const std::vector<float>& b, int64_t m, int64_t k, int64_t n) {
  std::vector<double> c(m * n, 0.0);
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      for (int64_t p = 0; p < k; ++p) c[i * n + j] += static_cast<double>(a[i * k + p]) * b[p * n + j];
    }
  }
  return c;
}

std::vector<double> Convolution(const ConvGeometry& g, const std::vector<float>& in, const std::vector<float>& weight,
                                const WeightStrides& strides) {
  std::vector<double> out(g.batch * g.out_pixels() * g.filters, 0.0);
  // One multiplication for each small pixel, big pixel it meets, and pair of channels: the small map is the output of
  // an ordinary convolution and the input of a transposed one.
  const kernels::Extents& small = g.transposed ? g.in : g.out;
  const kernels::Extents& big = g.transposed ? g.out : g.in;
  const auto for_each = [](const kernels::Extents& extents, auto&& fn) {
    for (int64_t z = 0; z < extents[0]; ++z) {
      for (int64_t y = 0; y < extents[1]; ++y) {
        for (int64_t x = 0; x < extents[2]; ++x) fn(kernels::Extents{z, y, x});
      }
    }
  };
  const auto index = [](const kernels::Extents& extents, const kernels::Extents& at) {
    return (at[0] * extents[1] + at[1]) * extents[2] + at[2];
  };
  const int64_t channels = g.group_channels(), filters = g.group_filters();
  for (int64_t n = 0; n < g.batch; ++n) {
    for_each(small, [&](const kernels::Extents& at) {
      for_each(g.kernel, [&](const kernels::Extents& position) {
        kernels::Extents other;
        for (int axis = 0; axis < 3; ++axis) {
          other[axis] = at[axis] * g.stride[axis] - g.pad[axis] + position[axis] * g.dilation[axis];
          if (other[axis] < 0 || other[axis] >= big[axis]) return;
        }
        const int64_t in_pixel = n * g.in_pixels() + index(g.in, g.transposed ? at : other);
        const int64_t out_pixel = n * g.out_pixels() + index(g.out, g.transposed ? other : at);
        const int64_t p = index(g.kernel, position);
        for (int64_t f = 0; f < g.filters; ++f) {
          const int64_t group = f / filters;
          for (int64_t c = 0; c < channels; ++c) {
            const int64_t w =
                group * strides.group + f % filters * strides.filter + c * strides.channel + p * strides.position;
            out[out_pixel * g.filters + f] +=
                static_cast<double>(in[in_pixel * g.channels + group * channels + c]) * weight[w];
          }
        }
      });
    });
  }
  return out;
}

}  // namespace baryon::reference
