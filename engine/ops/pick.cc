// One element of each line along an axis, by position: pick, and batch_take, which does so along the last axis.
#include <algorithm>
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/function_kernel.h"
#include "engine/ops/indexing.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

struct PickAttrs {
  std::optional<int64_t> axis = -1;
  bool keepdims = false;
  IndexMode mode = IndexMode::kClip;
};

absl::StatusOr<int64_t> PickAxis(const PickAttrs& attrs, int64_t rank) {
  if (!attrs.axis.has_value()) return ExpectedGot("an axis", "None");
  return ResolveAxis(*attrs.axis, rank);
}

absl::StatusOr<TensorTypes> InferPick(const PickAttrs& attrs, const TensorTypes& inputs) {
  BARYON_ASSIGN_OR_RETURN(const int64_t axis, PickAxis(attrs, inputs[0].shape.rank()));
  Shape kept = inputs[0].shape, dropped = inputs[0].shape;
  kept[axis] = 1;
  dropped.Erase(axis);
  const Shape& index = inputs[1].shape.rank() == kept.rank() ? kept : dropped;
  if (inputs[1].shape != index) return InputMismatch("index", {inputs[1].dtype, index}, inputs[1]);
  return TensorTypes{{inputs[0].dtype, attrs.keepdims ? kept : dropped}};
}

// y[o, i] = x[o, index[o, i], i]
template <typename T>
void PickElements(OpContext& context, const AxisSplit& split, const int64_t* index) {
  const T* x = static_cast<const T*>(context.input(0).raw_data());
  T* y = static_cast<T*>(context.output(0).raw_data());
  context.ParallelRanges(split.outer * split.inner, 1 << 14, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      y[i] = x[(i / split.inner * split.size + index[i]) * split.inner + i % split.inner];
    }
  });
}

std::unique_ptr<Kernel> MakePickKernel(const PrepareContext& context, int64_t axis, IndexMode mode) {
  const AxisSplit split = SplitAtAxis(context.inputs()[0].shape, axis);
  const int64_t count = split.outer * split.inner;
  const auto compute = [split, count, mode](OpContext& context) {
    int64_t* index = reinterpret_cast<int64_t*>(context.workspace());
    absl::Status status = ResolveIndices(context.input(1), 0, count, mode, split.size, index);
    if (!status.ok()) return context.Fail(std::move(status));
    DispatchBySize(context.output(0).dtype(),
                   [&](auto tag) { PickElements<typename decltype(tag)::type>(context, split, index); });
  };
  return std::make_unique<FunctionKernel>(count * sizeof(int64_t), compute);
}

const OpRegistration<PickAttrs> kPick({
    .names = {"pick", "choose_element_0index", "_npx_pick"},
    .inputs = {"data", "index"},
    .attrs = {Attr("axis", &PickAttrs::axis), Attr("keepdims", &PickAttrs::keepdims),
              EnumAttr("mode", &PickAttrs::mode, {{"wrap", IndexMode::kWrap}, {"clip", IndexMode::kClip}})},
    .infer_types = InferPick,
    .prepare = [](const PickAttrs& attrs, PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
      BARYON_ASSIGN_OR_RETURN(const int64_t axis, PickAxis(attrs, context.inputs()[0].shape.rank()));
      return MakePickKernel(context, axis, attrs.mode);
    },
});

// The positions may have any shape with one element for each line.
absl::StatusOr<TensorTypes> InferBatchTake(const NoAttrs&, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckRankAtLeast("a", inputs[0], 2));
  const int64_t lines = inputs[0].shape.Product(0, inputs[0].shape.rank() - 1);
  if (inputs[1].shape.num_elements() != lines) {
    return ExpectedGot(absl::StrCat(lines, " indices"), inputs[1].ToString());
  }
  return TensorTypes{{inputs[0].dtype, inputs[1].shape}};
}

const OpRegistration<NoAttrs> kBatchTake({
    .names = {"batch_take"},
    .inputs = {"a", "indices"},
    .infer_types = InferBatchTake,
    .prepare = [](const NoAttrs&, PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
      return MakePickKernel(context, context.inputs()[0].shape.rank() - 1, IndexMode::kClip);
    },
});

}  // namespace
}  // namespace baryon
