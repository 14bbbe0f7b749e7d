// Layer normalisation along one axis: y = (x - mean) / sqrt(variance + eps) gamma + beta, with gamma and beta as long
// as the axis. Rows of float32 are vectorised; anything else goes line by line in double precision.
#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/kernels/normalize.h"
#include "engine/ops/reduction.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

struct LayerNormAttrs {
  int64_t axis = -1;
  double eps = 1e-5;
  bool output_mean_var = false;  // the mean and sqrt(variance + eps) are outputs, too
};

absl::StatusOr<TensorTypes> InferTypes(const LayerNormAttrs& attrs, const TensorTypes& inputs) {
  const TensorType& data = inputs[0];
  BARYON_RETURN_IF_ERROR(CheckFloating("data", data));
  BARYON_ASSIGN_OR_RETURN(const int64_t axis, ResolveAxis(attrs.axis, data.shape.rank()));
  const TensorType vector = {data.dtype, {data.shape[axis]}};
  for (int i = 1; i <= 2; ++i) {
    const bool fits = inputs[i].dtype == vector.dtype && MergeShapes(inputs[i].shape, vector.shape).has_value();
    if (!fits) return InputMismatch(i == 1 ? "gamma" : "beta", vector, inputs[i]);
  }
  TensorType moment = data;
  moment.shape[axis] = 1;
  return TensorTypes{data, moment, moment};
}

absl::Status CompleteTypes(const LayerNormAttrs& attrs, TensorTypes& inputs, TensorTypes& outputs) {
  TensorTypes data = {inputs[0]};
  BARYON_RETURN_IF_ERROR(AllTypesEqual(attrs, data, outputs));
  TensorType vector = {data[0].dtype, Shape::UnknownDims(1)};
  std::optional<int64_t> axis;
  if (data[0].shape.has_rank()) axis = NormalizeAxis(attrs.axis, data[0].shape.rank());
  if (axis.has_value()) vector.shape[0] = data[0].shape[*axis];
  TensorTypes vectors = {inputs[1], inputs[2]}, one = {vector};
  BARYON_RETURN_IF_ERROR(AllTypesEqual(attrs, vectors, one));
  if (axis.has_value()) data[0].shape[*axis] = one[0].shape[0];
  inputs = {data[0], vectors[0], vectors[1]};
  outputs[0] = data[0];
  return absl::OkStatus();
}

void* DataOrNull(const OpContext& context, int output) {
  return output < context.num_outputs() && context.output(output).has_data() ? context.output(output).raw_data()
                                                                             : nullptr;
}

// The line of elements `stride` apart that starts at x; its mean and variance.
template <typename T>
kernels::RowMoments NormalizeLine(const T* x, int64_t size, int64_t stride, double eps, const T* gamma, const T* beta,
                                  T* y) {
  if constexpr (std::is_same_v<T, float>) {
    if (stride == 1) return kernels::LayerNormRow(x, size, eps, gamma, beta, y);
  }
  const auto at = [](const T& value) { return static_cast<double>(ComputeType<T>(value)); };
  double mean = 0, variance = 0;
  for (int64_t i = 0; i < size; ++i) mean += at(x[i * stride]);
  mean /= static_cast<double>(std::max<int64_t>(size, 1));
  for (int64_t i = 0; i < size; ++i) variance += (at(x[i * stride]) - mean) * (at(x[i * stride]) - mean);
  variance /= static_cast<double>(std::max<int64_t>(size, 1));
  const double scale = 1 / std::sqrt(variance + eps);
  for (int64_t i = 0; i < size; ++i) {
    y[i * stride] = static_cast<T>((at(x[i * stride]) - mean) * scale * at(gamma[i]) + at(beta[i]));
  }
  return {mean, variance};
}

void Compute(const LayerNormAttrs& attrs, OpContext& context) {
  constexpr int64_t kElementsWorthAThread = 1 << 14;
  const TensorView& x = context.input(0);
  const AxisSplit split = SplitAtAxis(x.shape(), *NormalizeAxis(attrs.axis, x.shape().rank()));
  DispatchFloating(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T *from = x.data<const T>(), *gamma = context.input(1).data<const T>();
    const T* beta = context.input(2).data<const T>();
    T *y = context.output(0).data<T>(), *mean = static_cast<T*>(DataOrNull(context, 1));
    T* deviation = static_cast<T*>(DataOrNull(context, 2));
    context.ParallelRanges(split.outer * split.inner, kElementsWorthAThread / std::max<int64_t>(split.size, 1),
                           [&](int64_t begin, int64_t end) {
                             for (int64_t line = begin; line < end; ++line) {
                               const int64_t at = line / split.inner * split.size * split.inner + line % split.inner;
                               const kernels::RowMoments moments =
                                   NormalizeLine(from + at, split.size, split.inner, attrs.eps, gamma, beta, y + at);
                               if (mean) mean[line] = static_cast<T>(moments.mean);
                               if (deviation) deviation[line] = static_cast<T>(std::sqrt(moments.variance + attrs.eps));
                             }
                           });
  });
}

const OpRegistration<LayerNormAttrs> kLayerNorm({
    .names = {"LayerNorm", "_npx_layer_norm"},
    .inputs = {"data", Parameter("gamma"), Parameter("beta")},
    .outputs = {"output", "mean", "std"},
    .attrs = {Attr("axis", &LayerNormAttrs::axis), Attr("eps", &LayerNormAttrs::eps),
              Attr("output_mean_var", &LayerNormAttrs::output_mean_var)},
    .num_visible_outputs = [](const LayerNormAttrs& attrs) { return attrs.output_mean_var ? 3 : 1; },
    .infer_types = InferTypes,
    .complete_types = CompleteTypes,
    .compute = Compute,
    .in_place = {0},
    .accepts_unknown_dims = true,
    .to_channels_last = [](const LayerNormAttrs& attrs, int rank) -> std::optional<LayerNormAttrs> {
      const std::optional<int64_t> axis = NormalizeAxis(attrs.axis, rank);
      if (!axis.has_value()) return std::nullopt;
      return LayerNormAttrs{AxisChannelsLast(*axis, rank), attrs.eps, attrs.output_mean_var};
    },
});

}  // namespace
}  // namespace baryon
