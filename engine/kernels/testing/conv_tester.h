// Tests of convolution plans: geometries, and comparison of a plan with the reference.
#ifndef BARYON_ENGINE_KERNELS_TESTING_CONV_TESTER_H_
#define BARYON_ENGINE_KERNELS_TESTING_CONV_TESTER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/kernels/aligned_buffer.h"
#include "engine/kernels/conv.h"
#include "engine/kernels/reference.h"
#include "engine/kernels/testing/kernel_tester.h"

namespace baryon::kernels {

// A convolution with square images, kernels and so on, which a test then makes less regular. Call Finish() last.
struct TestConv {
  ConvGeometry geometry;
  int threads = 1;
  bool channels_last_weight = true, channels_first_input = false;
  bool bias = true, residual = false, in_place = false;
  int64_t in_border = 0, out_border = 0;  // channels of a wider tensor beside the convolution's own
  ActivationSpec activation = {};

  // 2-D: images of `size`, kernel `kernel`; padding keeps the size at stride 1.
  static TestConv Square(int64_t channels, int64_t filters, int64_t size, int64_t kernel, int64_t stride = 1,
                         int64_t groups = 1) {
    TestConv conv;
    ConvGeometry& g = conv.geometry;
    g.channels = channels;
    g.filters = filters;
    g.groups = groups;
    g.in = {1, size, size};
    g.kernel = {1, kernel, kernel};
    g.stride = {1, stride, stride};
    g.pad = {0, kernel / 2, kernel / 2};
    return conv;
  }
  TestConv& Transposed() {
    geometry.transposed = true;
    return *this;
  }
  // Computes the output's size from the others; `adjust` is added to it.
  TestConv& Finish(int64_t adjust = 0) {
    ConvGeometry& g = geometry;
    for (int axis = 0; axis < 3; ++axis) {
      const int64_t reach = (g.kernel[axis] - 1) * g.dilation[axis] + 1;
      g.out[axis] = g.transposed ? (g.in[axis] - 1) * g.stride[axis] + reach - 2 * g.pad[axis]
                                 : (g.in[axis] + 2 * g.pad[axis] - reach) / g.stride[axis] + 1;
      if (g.in[axis] > 1) g.out[axis] += adjust;
    }
    return *this;
  }

  std::string Name() const {
    const ConvGeometry& g = geometry;
    return absl::StrCat(g.transposed ? "transposed " : "", g.batch, "x", absl::StrJoin(g.in, "x"), "x", g.channels,
                        " kernel ", absl::StrJoin(g.kernel, "x"), " stride ", absl::StrJoin(g.stride, "x"),
                        " dilation ", absl::StrJoin(g.dilation, "x"), " pad ", absl::StrJoin(g.pad, "x"), " filters ",
                        g.filters, " groups ", g.groups, " threads ", threads);
  }

  std::vector<float> In() const { return RandomFloats(geometry.batch * geometry.in_pixels() * geometry.channels, 1); }
  std::vector<float> Weight() const {
    return RandomFloats(geometry.group_channels() * geometry.filters * geometry.num_positions(), 2);
  }
  std::vector<float> Bias() const { return RandomFloats(geometry.filters, 3); }
  std::vector<float> Residual() const {
    return RandomFloats(geometry.batch * geometry.out_pixels() * geometry.filters, 4);
  }

  ConvOptions Options() const {
    ConvOptions options;
    options.num_threads = threads;
    if (in_border > 0) options.in_stride = geometry.channels + in_border;
    if (out_border > 0) options.out_stride = geometry.filters + out_border;
    return options;
  }

  // The output of `plan`, densely packed; nothing beside it may be written.
  std::vector<float> Compute(const ConvPlan& plan) const {
    const ConvGeometry& g = geometry;
    const std::vector<float> dense_in = In(), weight = Weight(), bias_values = Bias(), residual_values = Residual();
    AlignedBuffer packed(plan.packed_size()), workspace(plan.workspace_bytes() / 4 + 1);
    plan.Pack(weight.data(), StridesOfWeight(g, channels_last_weight), packed.data());

    std::vector<float> in;
    if (channels_first_input) {
      for (int64_t n = 0; n < g.batch; ++n) {
        for (int64_t c = 0; c < g.channels; ++c) {
          for (int64_t i = 0; i < g.in_pixels(); ++i) {
            in.push_back(dense_in[(n * g.in_pixels() + i) * g.channels + c]);
          }
        }
      }
    } else {
      for (size_t i = 0; i < dense_in.size(); ++i) {
        in.push_back(dense_in[i]);
        if ((i + 1) % g.channels == 0) in.insert(in.end(), in_border, 1e30f);
      }
    }
    constexpr float kUntouched = 12345;
    const int64_t pixels = g.batch * g.out_pixels(), out_stride = g.filters + out_border;
    std::vector<float> out(pixels * out_stride, kUntouched);
    if (in_place) out = residual_values;
    ConvOperands operands;
    operands.in = in.data();
    operands.packed = packed.data();
    operands.out = out.data();
    operands.bias = bias ? bias_values.data() : nullptr;
    operands.residual = !residual ? nullptr : in_place ? out.data() : residual_values.data();
    operands.activation = activation;
    for (int task = plan.num_tasks() - 1; task >= 0; --task) {
      plan.RunTask(task, operands, reinterpret_cast<char*>(workspace.data()));
    }
    std::vector<float> dense;
    for (int64_t i = 0; i < pixels; ++i) {
      dense.insert(dense.end(), out.begin() + i * out_stride, out.begin() + i * out_stride + g.filters);
      for (int64_t j = g.filters; j < out_stride; ++j) EXPECT_EQ(out[i * out_stride + j], kUntouched) << Name();
    }
    return dense;
  }

  std::vector<double> Reference() const {
    std::vector<double> out =
        reference::Convolution(geometry, In(), Weight(), StridesOfWeight(geometry, channels_last_weight));
    const std::vector<float> bias_values = Bias(), residual_values = Residual();
    for (size_t i = 0; i < out.size(); ++i) {
      if (bias) out[i] += bias_values[i % geometry.filters];
      if (residual) out[i] += residual_values[i];
      out[i] = reference::Activate(activation, out[i]);
    }
    return out;
  }

  void Check(const ConvPlan& plan) const {
    const double terms = static_cast<double>(geometry.group_channels() * geometry.num_positions());
    ExpectClose(Compute(plan), Reference(), 5e-7 * std::sqrt(terms + 4), absl::StrCat(Name(), ", ", plan.ToString()));
  }
};

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_TESTING_CONV_TESTER_H_
