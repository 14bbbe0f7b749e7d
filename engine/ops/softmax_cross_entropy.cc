// The loss -sum_n log(max(softmax(data[n])[label[n]], 1e-8)) of a batch.
#include <algorithm>
#include <cmath>

#include "engine/graph/op_def.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

absl::StatusOr<TensorTypes> InferTypes(const NoAttrs&, const TensorTypes& inputs) {
  const TensorType &data = inputs[0], &label = inputs[1];
  BARYON_RETURN_IF_ERROR(CheckFloating("data", data));
  BARYON_RETURN_IF_ERROR(CheckRank("data", data, 2));
  const TensorType expected = {data.dtype, {data.shape[0]}};
  if (label != expected) return InputMismatch("label", expected, label);
  return TensorTypes{{data.dtype, {1}}};
}

// log sum exp(x)
template <typename T>
double LogSum(const T* x, int64_t size) {
  double largest = -INFINITY, sum = 0;
  for (int64_t i = 0; i < size; ++i) largest = std::max(largest, static_cast<double>(ComputeType<T>(x[i])));
  for (int64_t i = 0; i < size; ++i) sum += std::exp(static_cast<double>(ComputeType<T>(x[i])) - largest);
  return largest + std::log(sum);
}

void Compute(const NoAttrs&, OpContext& context) {
  constexpr double kLeastProbability = 1e-8;
  const TensorView &data = context.input(0), &label = context.input(1);
  const int64_t rows = data.shape()[0], size = data.shape()[1];
  DispatchFloating(data.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    double loss = 0;
    for (int64_t row = 0; row < rows; ++row) {
      const T* x = data.data<const T>() + row * size;
      const double given = static_cast<double>(ComputeType<T>(label.data<const T>()[row]));
      if (!(given >= 0 && given < static_cast<double>(size))) {
        return context.Fail(ExpectedGot(absl::StrCat("labels in [0, ", size, ")"), given));
      }
      const double log_probability =
          static_cast<double>(ComputeType<T>(x[static_cast<int64_t>(given)])) - LogSum(x, size);
      loss -= std::max(log_probability, std::log(kLeastProbability));
    }
    context.output(0).data<T>()[0] = static_cast<T>(loss);
  });
}

const OpRegistration<NoAttrs> kSoftmaxCrossEntropy({
    .names = {"softmax_cross_entropy"},
    .inputs = {"data", "label"},
    .infer_types = InferTypes,
    .compute = Compute,
});

}  // namespace
}  // namespace baryon
