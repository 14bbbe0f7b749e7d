// squeeze: the axes named, or all of them, that have size 1 disappear. The legacy operator keeps one when none would be
// left; those of the NumPy namespace give a scalar.
#include "engine/graph/op_def.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

struct SqueezeAttrs {
  std::optional<IntTuple> axis;  // None: every axis of size 1
};

absl::StatusOr<std::vector<bool>> SqueezedAxes(const SqueezeAttrs& attrs, const Shape& shape) {
  std::vector<bool> squeezed(shape.rank(), false);
  if (!attrs.axis.has_value()) {
    for (int64_t axis = 0; axis < shape.rank(); ++axis) squeezed[axis] = shape[axis] == 1;
    return squeezed;
  }
  BARYON_ASSIGN_OR_RETURN(const IntTuple axes, ResolveAxes(*attrs.axis, shape.rank()));
  for (int64_t axis : axes) {
    if (shape[axis] > 1 || shape[axis] == 0) {
      return ExpectedGot(absl::StrCat("size 1 of axis ", axis), shape.ToString());
    }
    squeezed[axis] = true;
  }
  return squeezed;
}

absl::StatusOr<Shape> SqueezedShape(const SqueezeAttrs& attrs, const Shape& shape) {
  // Which axes go is open while the size of one is.
  if (!attrs.axis.has_value() && !shape.IsFullyKnown()) return Shape::Unknown();
  BARYON_ASSIGN_OR_RETURN(const std::vector<bool> squeezed, SqueezedAxes(attrs, shape));
  Shape result;
  for (int64_t axis = 0; axis < shape.rank(); ++axis) {
    if (!squeezed[axis]) result.Append(shape[axis]);
  }
  return result;
}

absl::StatusOr<TensorTypes> InferNumPy(const SqueezeAttrs& attrs, const TensorTypes& inputs) {
  BARYON_ASSIGN_OR_RETURN(Shape shape, SqueezedShape(attrs, inputs[0].shape));
  return TensorTypes{{inputs[0].dtype, std::move(shape)}};
}

absl::StatusOr<TensorTypes> InferLegacy(const SqueezeAttrs& attrs, const TensorTypes& inputs) {
  BARYON_ASSIGN_OR_RETURN(Shape shape, SqueezedShape(attrs, inputs[0].shape));
  if (shape.has_rank() && shape.rank() == 0) shape.Append(1);
  return TensorTypes{{inputs[0].dtype, std::move(shape)}};
}

const OpRegistration<SqueezeAttrs> kSqueeze({
    .names = {"squeeze"},
    .inputs = {"data"},
    .attrs = {Attr("axis", &SqueezeAttrs::axis)},
    .infer_types = InferLegacy,
    .view = true,
    .accepts_unknown_dims = true,
});

const OpRegistration<SqueezeAttrs> kNumPySqueeze({
    .names = {"_np_squeeze", "_npi_squeeze"},
    .inputs = {"a"},
    .attrs = {Attr("axis", &SqueezeAttrs::axis)},
    .infer_types = InferNumPy,
    .view = true,
    .accepts_unknown_dims = true,
});

}  // namespace
}  // namespace baryon
