// The Khatri-Rao product: row (i, j, ...) of the result is the product, element by element, of row i of the first
// matrix, row j of the second, and so on.
#include <utility>

#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

struct KhatriRaoAttrs {
  int64_t num_args = 1;
};

absl::StatusOr<TensorTypes> InferRows(const KhatriRaoAttrs& attrs, const TensorTypes& inputs) {
  if (attrs.num_args != static_cast<int64_t>(inputs.size())) {
    return ExpectedGot(absl::StrCat(attrs.num_args, " inputs"), inputs.size());
  }
  int64_t rows = 1;
  for (const TensorType& input : inputs) {
    BARYON_RETURN_IF_ERROR(CheckRank("args", input, 2));
    if (input.dtype != inputs[0].dtype || input.shape[1] != inputs[0].shape[1]) {
      return InputMismatch("args", {inputs[0].dtype, {input.shape[0], inputs[0].shape[1]}}, input);
    }
    if (__builtin_mul_overflow(rows, input.shape[0], &rows)) return ExpectedGot("fewer rows", input.ToString());
  }
  return TensorTypes{{inputs[0].dtype, {rows, inputs[0].shape[1]}}};
}

void Compute(const KhatriRaoAttrs&, OpContext& context) {
  const TensorView& out = context.output(0);
  const int64_t columns = out.shape()[1];
  DispatchDType(out.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    using C = ComputeType<T>;
    T* y = out.data<T>();
    context.ParallelRanges(out.shape()[0], 256, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        for (int64_t column = 0; column < columns; ++column) {
          C product = static_cast<C>(1);
          int64_t rest = row;
          for (int i = context.num_inputs(); i-- > 0;) {
            const int64_t rows = context.input(i).shape()[0];
            product = static_cast<C>(product *
                                     static_cast<C>(context.input(i).data<const T>()[rest % rows * columns + column]));
            rest /= rows;
          }
          y[row * columns + column] = static_cast<T>(product);
        }
      }
    });
  });
}

const OpRegistration<KhatriRaoAttrs> kKhatriRao({
    .names = {"khatri_rao", "_contrib_khatri_rao"},
    .inputs = {"args"},
    .variadic = true,
    .attrs = {Attr("num_args", &KhatriRaoAttrs::num_args)},
    .infer_types = InferRows,
    .compute = Compute,
});

}  // namespace
}  // namespace baryon
