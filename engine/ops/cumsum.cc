// Running sums along an axis, or of the flattened array: y[i] = y[i - 1] + x[i], rounded to the output's dtype at each
// step as MXNet does.
#include <algorithm>

#include "engine/graph/op_def.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

struct CumsumAttrs {
  std::optional<int64_t> axis;
  DType dtype = DType::kUnknown;
};

absl::StatusOr<TensorTypes> InferTypes(const CumsumAttrs& attrs, const TensorTypes& inputs) {
  TensorType type = inputs[0];
  if (attrs.axis.has_value()) {
    BARYON_RETURN_IF_ERROR(ResolveAxis(*attrs.axis, type.shape.rank()).status());
  } else {
    type.shape = {type.shape.num_elements()};
  }
  if (type.dtype == DType::kBool) type.dtype = DType::kInt64;
  if (attrs.dtype != DType::kUnknown) type.dtype = attrs.dtype;
  return TensorTypes{type};
}

template <typename In, typename Out>
void RunningSums(const In* x, const AxisSplit& split, int64_t begin, int64_t end, Out* y) {
  using Sum = ComputeType<Out>;
  for (int64_t line = begin; line < end; ++line) {
    const int64_t first = line / split.inner * split.size * split.inner + line % split.inner;
    Out sum = static_cast<Out>(0);
    for (int64_t i = first; i < first + split.size * split.inner; i += split.inner) {
      sum = static_cast<Out>(static_cast<Sum>(sum) + static_cast<Sum>(static_cast<ComputeType<In>>(x[i])));
      y[i] = sum;
    }
  }
}

void Compute(const CumsumAttrs& attrs, OpContext& context) {
  constexpr int64_t kElementsWorthAThread = 1 << 14;
  const TensorView &x = context.input(0), &y = context.output(0);
  AxisSplit split = {1, x.num_elements(), 1};
  if (attrs.axis.has_value()) split = SplitAtAxis(x.shape(), *NormalizeAxis(*attrs.axis, x.shape().rank()));
  const int64_t lines = split.outer * split.inner, grain = kElementsWorthAThread / std::max<int64_t>(split.size, 1);
  DispatchDType(x.dtype(), [&](auto in) {
    using In = typename decltype(in)::type;
    DispatchDType(y.dtype(), [&](auto out) {
      using Out = typename decltype(out)::type;
      context.ParallelRanges(lines, grain, [&](int64_t begin, int64_t end) {
        RunningSums(x.data<const In>(), split, begin, end, y.data<Out>());
      });
    });
  });
}

const OpRegistration<CumsumAttrs> kCumsum({
    .names = {"_np_cumsum", "_npi_cumsum", "cumsum"},
    .inputs = {"a"},
    .attrs = {Attr("axis", &CumsumAttrs::axis), Attr("dtype", &CumsumAttrs::dtype)},
    .infer_types = InferTypes,
    .compute = Compute,
});

}  // namespace
}  // namespace baryon
