// expand_dims: a new axis of size 1 at `axis` of the result; -1 is the last.
#include "engine/graph/op_def.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

struct ExpandDimsAttrs {
  int64_t axis = 0;
};

absl::StatusOr<TensorTypes> InferTypes(const ExpandDimsAttrs& attrs, const TensorTypes& inputs) {
  TensorType output = inputs[0];
  BARYON_ASSIGN_OR_RETURN(const int64_t axis, ResolveAxis(attrs.axis, output.shape.rank() + 1));
  output.shape.Insert(axis, 1);
  return TensorTypes{output};
}

// The result without the new axis is the input.
absl::Status CompleteTypes(const ExpandDimsAttrs& attrs, TensorTypes& inputs, TensorTypes& outputs) {
  ShareDType(inputs[0], outputs[0]);
  Shape shape = outputs[0].shape;
  if (!shape.has_rank()) return absl::OkStatus();
  BARYON_ASSIGN_OR_RETURN(const int64_t axis, ResolveAxis(attrs.axis, shape.rank()));
  shape.Erase(axis);
  const std::optional<Shape> merged = MergeShapes(inputs[0].shape, shape);
  if (!merged.has_value()) return ExpectedGot(shape.ToString(), inputs[0].ToString());
  inputs[0].shape = *merged;
  return absl::OkStatus();
}

const OpRegistration<ExpandDimsAttrs> kExpandDims({
    .names = {"expand_dims", "_npi_expand_dims"},
    .inputs = {"data"},
    .attrs = {RequiredAttr("axis", &ExpandDimsAttrs::axis)},
    .infer_types = InferTypes,
    .complete_types = CompleteTypes,
    .view = true,
    .accepts_unknown_dims = true,
});

}  // namespace
}  // namespace baryon
