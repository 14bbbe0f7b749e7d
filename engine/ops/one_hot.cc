// one_hot: each position becomes a vector of `depth` elements, `on_value` at that position and `off_value` elsewhere.
// A position outside is off everywhere.
#include <algorithm>
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/function_kernel.h"
#include "engine/ops/indexing.h"
#include "engine/ops/moves.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

struct OneHotAttrs {
  int64_t depth = 0;
  double on_value = 1, off_value = 0;
  DType dtype = DType::kFloat32;
};

absl::StatusOr<TensorTypes> InferTypes(const OneHotAttrs& attrs, const TensorTypes& inputs) {
  if (attrs.depth < 0) return ExpectedGot("depth of 0 or more", attrs.depth);
  TensorType output = {attrs.dtype, inputs[0].shape};
  output.shape.Append(attrs.depth);
  return TensorTypes{std::move(output)};
}

template <typename T>
void WriteRows(const OneHotAttrs& attrs, DType dtype, const int64_t* index, int64_t begin, int64_t end, T* y) {
  const T on = static_cast<T>(FillValue::Of(dtype, attrs.on_value).bits);
  const T off = static_cast<T>(FillValue::Of(dtype, attrs.off_value).bits);
  std::fill(y + begin * attrs.depth, y + end * attrs.depth, off);
  for (int64_t i = begin; i < end; ++i) {
    if (0 <= index[i] && index[i] < attrs.depth) y[i * attrs.depth + index[i]] = on;
  }
}

absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const OneHotAttrs& attrs, PrepareContext& context) {
  const int64_t count = context.inputs()[0].shape.num_elements();
  const auto compute = [attrs, count](OpContext& context) {
    int64_t* index = reinterpret_cast<int64_t*>(context.workspace());
    absl::Status status = ResolveIndices(context.input(0), 0, count, IndexMode::kKeep, attrs.depth, index);
    if (!status.ok()) return context.Fail(std::move(status));
    const TensorView& output = context.output(0);
    context.ParallelRanges(count, (1 << 14) / std::max<int64_t>(attrs.depth, 1), [&](int64_t begin, int64_t end) {
      DispatchBySize(output.dtype(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        WriteRows(attrs, output.dtype(), index, begin, end, static_cast<T*>(output.raw_data()));
      });
    });
  };
  return std::make_unique<FunctionKernel>(count * sizeof(int64_t), compute);
}

const OpRegistration<OneHotAttrs> kOneHot({
    .names = {"one_hot", "_npx_one_hot"},
    .inputs = {"indices"},
    .attrs = {RequiredAttr("depth", &OneHotAttrs::depth), Attr("on_value", &OneHotAttrs::on_value),
              Attr("off_value", &OneHotAttrs::off_value), NoneKeepsDefault(Attr("dtype", &OneHotAttrs::dtype))},
    .infer_types = InferTypes,
    .prepare = Prepare,
    .accepts_unknown_dims = true,
});

}  // namespace
}  // namespace baryon
