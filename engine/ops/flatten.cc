// Flatten: [d0, d1, ..., dn] as [d0, d1 * ... * dn].
#include "engine/graph/op_def.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

absl::StatusOr<TensorTypes> InferTypes(const NoAttrs&, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckRankAtLeast("data", inputs[0], 1));
  const Shape& from = inputs[0].shape;
  int64_t columns = 1;
  for (int64_t axis = 1; axis < from.rank(); ++axis) {
    columns = columns < 0 || from[axis] < 0 ? Shape::kUnknownDim : columns * from[axis];
  }
  return TensorTypes{{inputs[0].dtype, {from[0], columns}}};
}

const OpRegistration<NoAttrs> kFlatten({
    .names = {"Flatten", "flatten", "_npx_batch_flatten"},
    .inputs = {"data"},
    .infer_types = InferTypes,
    .view = true,
    .accepts_unknown_dims = true,
});

}  // namespace
}  // namespace baryon
