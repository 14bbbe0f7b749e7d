// What a batch norm behind a convolution or dense layer makes of weight and bias (see passes/fold_batch_norm.cc). Computed
// in double precision, stored in the parameters' dtype: once, at load. Files do not hold these operators.
#include <cmath>
#include <vector>

#include "engine/graph/op_def.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

struct FoldBatchNormAttrs {
  double eps = 1e-3;
  bool fix_gamma = true;
  bool has_bias = false;
  int64_t axis = 0;  // of the output channels in the weight
};

double Scale(const FoldBatchNormAttrs& attrs, const TensorView& gamma, const TensorView& var, int64_t channel) {
  const double g = attrs.fix_gamma ? 1.0 : gamma.data<const float>()[channel];
  return g / std::sqrt(var.data<const float>()[channel] + attrs.eps);
}

absl::StatusOr<TensorTypes> InferWeight(const FoldBatchNormAttrs& attrs, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckRankAtLeast("weight", inputs[0], attrs.axis + 1));
  const TensorType channels = {DType::kFloat32, {inputs[0].shape[attrs.axis]}};
  for (size_t i = 1; i < inputs.size(); ++i) {
    if (inputs[i] != channels) return InputMismatch("gamma", channels, inputs[i]);
  }
  return TensorTypes{inputs[0]};
}

void ComputeWeight(const FoldBatchNormAttrs& attrs, OpContext& context) {
  const TensorView &weight = context.input(0), &output = context.output(0);
  const AxisSplit split = SplitAtAxis(weight.shape(), attrs.axis);
  const float* x = weight.data<const float>();
  float* y = output.data<float>();
  for (int64_t i = 0; i < split.outer * split.size; ++i) {
    const double scale = Scale(attrs, context.input(1), context.input(2), i % split.size);
    for (int64_t j = i * split.inner; j < (i + 1) * split.inner; ++j) y[j] = static_cast<float>(scale * x[j]);
  }
}

absl::StatusOr<TensorTypes> InferBias(const FoldBatchNormAttrs&, const TensorTypes& inputs) {
  for (const TensorType& input : inputs) {
    if (input != inputs[0]) return InputMismatch("beta", inputs[0], input);
  }
  return TensorTypes{inputs[0]};
}

void ComputeBias(const FoldBatchNormAttrs& attrs, OpContext& context) {
  const float *beta = context.input(1).data<const float>(), *mean = context.input(2).data<const float>();
  const float* bias = attrs.has_bias ? context.input(4).data<const float>() : nullptr;
  float* y = context.output(0).data<float>();
  for (int64_t c = 0; c < context.output(0).num_elements(); ++c) {
    const double shift = (bias == nullptr ? 0.0 : bias[c]) - mean[c];
    y[c] = static_cast<float>(Scale(attrs, context.input(0), context.input(3), c) * shift + beta[c]);
  }
}

const OpRegistration<FoldBatchNormAttrs> kWeight({
    .names = {"_fold_batch_norm_weight"},
    .inputs = {"weight", "gamma", "var"},
    .attrs = {Attr("eps", &FoldBatchNormAttrs::eps), Attr("fix_gamma", &FoldBatchNormAttrs::fix_gamma),
              Attr("axis", &FoldBatchNormAttrs::axis)},
    .infer_types = InferWeight,
    .compute = ComputeWeight,
    .in_place = {0},
});

const OpRegistration<FoldBatchNormAttrs> kBias({
    .names = {"_fold_batch_norm_bias"},
    .inputs = {"gamma", "beta", "mean", "var", "bias"},
    .attrs = {Attr("eps", &FoldBatchNormAttrs::eps), Attr("fix_gamma", &FoldBatchNormAttrs::fix_gamma),
              Attr("has_bias", &FoldBatchNormAttrs::has_bias)},
    .num_inputs = [](const FoldBatchNormAttrs& attrs) { return attrs.has_bias ? 5 : 4; },
    .infer_types = InferBias,
    .compute = ComputeBias,
});

}  // namespace
}  // namespace baryon
