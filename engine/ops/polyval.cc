// The polynomial p[0] x^(n-1) + ... + p[n-1] at every x, by Horner's scheme.
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

absl::StatusOr<TensorTypes> InferTypes(const NoAttrs&, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckRank("p", inputs[0], 1));
  BARYON_RETURN_IF_ERROR(CheckFloating("x", inputs[1]));
  if (inputs[0].dtype != inputs[1].dtype) {
    return InputMismatch("p", {inputs[1].dtype, inputs[0].shape}, inputs[0]);
  }
  return TensorTypes{inputs[1]};
}

void Compute(const NoAttrs&, OpContext& context) {
  constexpr int64_t kElementsWorthAThread = 1 << 12;
  const TensorView &p = context.input(0), &x = context.input(1), &y = context.output(0);
  DispatchFloating(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T *coefficients = p.data<const T>(), *from = x.data<const T>();
    T* to = y.data<T>();
    context.ParallelRanges(x.num_elements(), kElementsWorthAThread, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const ComputeType<T> at = from[i];
        ComputeType<T> value = 0;
        for (int64_t k = 0; k < p.num_elements(); ++k) value = value * at + coefficients[k];
        to[i] = value;
      }
    });
  });
}

const OpRegistration<NoAttrs> kPolyval({
    .names = {"_npi_polyval"},
    .inputs = {"p", "x"},
    .infer_types = InferTypes,
    .compute = Compute,
    .in_place = {1},
});

}  // namespace
}  // namespace baryon
