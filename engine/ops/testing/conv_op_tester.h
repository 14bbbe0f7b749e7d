// Tests of Convolution and Deconvolution against kernels/reference.h.
#ifndef BARYON_ENGINE_OPS_TESTING_CONV_OP_TESTER_H_
#define BARYON_ENGINE_OPS_TESTING_CONV_OP_TESTER_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/kernels/reference.h"
#include "engine/ops/conv_rules.h"
#include "engine/ops/fused_activation.h"
#include "engine/ops/testing/op_tester.h"
#include "engine/tensor/tensor.h"
#include "gtest/gtest.h"

namespace baryon {

// `tensor` with its channels moved from axis 1 to the end, or back.
inline Tensor MoveChannels(const Tensor& tensor, bool to_last) {
  const int64_t rank = tensor.shape().rank();
  const int64_t channels = tensor.shape()[to_last ? 1 : rank - 1];
  const int64_t pixels = tensor.shape().Product(to_last ? 2 : 1, to_last ? rank : rank - 1);
  Shape shape = tensor.shape();
  shape.Erase(to_last ? 1 : rank - 1);
  shape.Insert(to_last ? rank - 1 : 1, channels);
  Tensor moved = Tensor::Allocate({tensor.dtype(), shape});
  const float* from = tensor.data<float>();
  float* to = moved.mutable_data<float>();
  for (int64_t n = 0; n < shape[0]; ++n) {
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t i = 0; i < pixels; ++i) {
        const int64_t first = (n * channels + c) * pixels + i, last = (n * pixels + i) * channels + c;
        to[to_last ? last : first] = from[to_last ? first : last];
      }
    }
  }
  return moved;
}

// One node, its operands written channels first, run in both layouts.
template <typename A>
struct ConvOpTester {
  A attrs;
  Shape data;  // channels first
  double tolerance = 3e-6;

  const char* op() const { return A::kIsTransposed ? "Deconvolution" : "Convolution"; }

  // Draws operands and expects the reference's results, channels first and channels last.
  void Check() const {
    CheckLayout(Layout::kNone, Layout::kNone);
    CheckLayout(ChannelsLastLayout(attrs.spatial_rank()), Layout::kNone);
  }

  void CheckLayout(Layout layout, Layout data_layout) const {
    A in_layout = attrs;
    in_layout.layout = layout;
    in_layout.data_layout = data_layout;
    OpTester tester(op());
    for (const AttrDef<A>& def : ConvAttrDefs<A>()) tester.Attr(def.name, def.format(in_layout));
    if (A::kIsTransposed) tester.Attr("adj", attrs.adj).Attr("target_shape", attrs.target_shape);
    const std::vector<Tensor> operands = Operands();
    for (size_t i = 0; i < operands.size(); ++i) {
      const bool is_map = operands[i].shape().rank() == attrs.spatial_rank() + 2;
      const bool last = i == 0 ? in_layout.data_channels_last() : in_layout.channels_last();
      tester.Input(is_map && last ? MoveChannels(operands[i], true) : operands[i]);
    }
    const Tensor want = Reference(operands);
    tester.ExpectOutput(in_layout.channels_last() ? MoveChannels(want, true) : want, {0, tolerance});
  }

  // Data, weight, bias and residual, channels first.
  std::vector<Tensor> Operands() const {
    TensorTypes types(attrs.num_inputs()), outputs(1);
    types[0] = {DType::kFloat32, data};
    const absl::Status status = CompleteConvTypes(attrs, types, outputs);
    EXPECT_TRUE(status.ok()) << status;
    OpTester tester(op());
    for (const TensorType& type : types) tester.Input(type.shape, Uniform(-1, 1));
    return tester.inputs();
  }

  // The output, channels first.
  Tensor Reference(const std::vector<Tensor>& operands) const {
    const TensorType output = (*InferConvTypes(attrs, TypesOf(operands)))[0];
    const kernels::ConvGeometry geometry = ConvGeometryOf(attrs, operands[0].type(), output);
    const Tensor in = MoveChannels(operands[0], true);
    const std::vector<double> sums = reference::Convolution(geometry, ToVector(in), ToVector(operands[1]),
                                                            kernels::StridesOfWeight(geometry, false));
    Shape shape = output.shape;
    shape.Erase(1);
    shape.Append(attrs.num_filter);
    Tensor result = Tensor::Allocate({DType::kFloat32, shape});
    const Tensor residual = attrs.residual ? MoveChannels(operands.back(), true) : Tensor();
    const kernels::ActivationSpec activation = *ToActivationSpec(attrs.activation, attrs.act_alpha, attrs.act_beta);
    for (size_t i = 0; i < sums.size(); ++i) {
      double sum = sums[i];
      if (!attrs.no_bias) sum += operands[2].data<float>()[i % attrs.num_filter];
      if (attrs.residual) sum += residual.data<float>()[i];
      result.mutable_data<float>()[i] = static_cast<float>(reference::Activate(activation, sum));
    }
    return MoveChannels(result, false);
  }

  static std::vector<float> ToVector(const Tensor& tensor) {
    return {tensor.data<float>(), tensor.data<float>() + tensor.num_elements()};
  }
  static TensorTypes TypesOf(const std::vector<Tensor>& tensors) {
    TensorTypes types;
    for (const Tensor& tensor : tensors) types.push_back(tensor.type());
    return types;
  }
};

}  // namespace baryon

#endif  // BARYON_ENGINE_OPS_TESTING_CONV_OP_TESTER_H_
