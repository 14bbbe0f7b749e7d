// The first input; the second only says which shape and dtype it has.
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

absl::StatusOr<TensorTypes> InferTypes(const NoAttrs&, const TensorTypes& inputs) {
  const std::optional<Shape> shape = MergeShapes(inputs[0].shape, inputs[1].shape);
  if (!shape.has_value()) return InputMismatch("rhs", inputs[0], inputs[1]);
  return TensorTypes{{inputs[0].dtype, *shape}};
}

const OpRegistration<NoAttrs> kIdentityLikeRhs({
    .names = {"_identity_with_attr_like_rhs"},
    .inputs = {"lhs", "rhs"},
    .infer_types = InferTypes,
    .complete_types = AllTypesEqual<NoAttrs>,
    .view = true,
    .elementwise = true,
    .accepts_unknown_dims = true,
});

}  // namespace
}  // namespace baryon
