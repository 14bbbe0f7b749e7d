// Weighted means: sum w x / sum w. Weights have the shape of the data, or are a vector along the one axis that goes.
#include "engine/graph/op_def.h"
#include "engine/ops/reduction.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

using kernels::ReduceGeometry;

struct AverageAttrs {
  std::optional<IntTuple> axis;
  bool returned = false;  // the sum of the weights is an output, too
  bool weighted = true;
};

bool IsVectorOfWeights(const TensorTypes& inputs) { return inputs[1].shape != inputs[0].shape; }

// A vector of weights fits one named axis.
absl::Status CheckWeights(const AverageAttrs& attrs, const AxisMask& reduced, const TensorTypes& inputs) {
  const TensorType &data = inputs[0], &weights = inputs[1];
  if (weights.dtype != data.dtype) return InputMismatch("weights", {data.dtype, weights.shape}, weights);
  if (!IsVectorOfWeights(inputs)) return absl::OkStatus();
  if (!attrs.axis.has_value() || attrs.axis->size() != 1) {
    return InputMismatch("weights", data, weights);
  }
  int64_t axis = 0;
  while (!reduced[axis]) ++axis;
  const TensorType vector = {data.dtype, {data.shape[axis]}};
  return weights == vector ? absl::OkStatus() : InputMismatch("weights", vector, weights);
}

absl::StatusOr<TensorTypes> InferTypes(const AverageAttrs& attrs, const TensorTypes& inputs) {
  const TensorType& data = inputs[0];
  BARYON_ASSIGN_OR_RETURN(const AxisMask reduced, ReducedAxes(attrs.axis, data.shape.rank(), EmptyAxes::kNone));
  if (attrs.weighted) BARYON_RETURN_IF_ERROR(CheckWeights(attrs, reduced, inputs));
  const DType dtype = data.dtype == DType::kBool ? DType::kFloat32 : data.dtype;
  const TensorType average = {dtype, ReducedShape(data.shape, reduced, /*keepdims=*/false)};
  const bool one_sum = !attrs.weighted || IsVectorOfWeights(inputs);
  return TensorTypes{average, {dtype, one_sum ? Shape() : average.shape}};
}

// Sums of w x and of w for the outputs of one unit, reading weight_at(offset in x).
template <typename T, typename WeightAt>
void WeightedSums(const ReduceGeometry& g, const T* x, int64_t offset, int64_t count, WeightAt weight_at,
                  double* products, double* weights) {
  ForEachRowGroup(g, offset, [&](int64_t at) {
    const int64_t columns = g.run_is_reduced ? g.run : count;
    for (int64_t row = 0; row < g.rows; ++row) {
      for (int64_t j = 0; j < columns; ++j) {
        const int64_t element = at + row * g.row_stride + j, output = g.run_is_reduced ? 0 : j;
        const double weight = weight_at(element);
        products[output] += weight * static_cast<double>(ComputeType<T>(x[element]));
        weights[output] += weight;
      }
    }
  });
}

template <typename T, typename WeightAt>
void Average(const ReduceGeometry& g, OpContext& context, WeightAt weight_at) {
  const T* x = context.input(0).data<const T>();
  const TensorView &y = context.output(0), &sums = context.output(1);
  const int64_t num_sums = sums.has_data() ? sums.num_elements() : 0;
  ForEachUnit(g, 0, g.num_units, [&](int64_t first, int64_t count, int64_t offset) {
    double products[ReduceGeometry::kStrip] = {}, weights[ReduceGeometry::kStrip] = {};
    WeightedSums(g, x, offset, count, weight_at, products, weights);
    DispatchDType(y.dtype(), [&](auto tag) {
      using Out = typename decltype(tag)::type;
      for (int64_t j = 0; j < count; ++j) {
        y.data<Out>()[first + j] = static_cast<Out>(products[j] / weights[j]);
        if (first + j < num_sums) sums.data<Out>()[first + j] = static_cast<Out>(weights[j]);
      }
    });
  });
}

void Compute(const AverageAttrs& attrs, OpContext& context) {
  const TensorView& x = context.input(0);
  const AxisMask reduced = *ReducedAxes(attrs.axis, x.shape().rank(), EmptyAxes::kNone);
  const ReduceGeometry geometry = GeometryOf(x.shape(), reduced);
  DispatchDType(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    if (!attrs.weighted) return Average<T>(geometry, context, [](int64_t) { return 1.0; });
    const TensorView& w = context.input(1);
    AxisSplit split = {1, x.num_elements(), 1};  // weights of the data's shape: one for each element
    if (w.shape() != x.shape()) split = SplitAtAxis(x.shape(), *NormalizeAxis((*attrs.axis)[0], x.shape().rank()));
    const T* weights = w.data<const T>();
    Average<T>(geometry, context, [&](int64_t element) {
      return static_cast<double>(ComputeType<T>(weights[element / split.inner % split.size]));
    });
  });
}

const OpRegistration<AverageAttrs> kAverage({
    .names = {"_npi_average"},
    .inputs = {"a", "weights"},
    .outputs = {"", ""},
    .attrs = {Attr("axis", &AverageAttrs::axis), Attr("returned", &AverageAttrs::returned),
              Attr("weighted", &AverageAttrs::weighted)},
    .num_inputs = [](const AverageAttrs& attrs) { return attrs.weighted ? 2 : 1; },
    .num_visible_outputs = [](const AverageAttrs& attrs) { return attrs.returned ? 2 : 1; },
    .infer_types = InferTypes,
    .compute = Compute,
});

}  // namespace
}  // namespace baryon
