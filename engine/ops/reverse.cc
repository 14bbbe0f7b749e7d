// Elements in another order along some axes: reverse and _npi_flip walk backwards, _npi_roll starts elsewhere,
// _npi_rot90 turns the plane of two axes by quarters.
#include <numeric>
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/moves.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

struct ReverseAttrs {
  IntTuple axis;
};

absl::StatusOr<TensorTypes> InferReverse(const ReverseAttrs& attrs, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(ResolveAxes(attrs.axis, inputs[0].shape.rank()).status());
  return TensorTypes{inputs[0]};
}

absl::StatusOr<std::unique_ptr<Kernel>> PrepareReverse(const ReverseAttrs& attrs, PrepareContext& context) {
  const Shape& shape = context.inputs()[0].shape;
  BARYON_ASSIGN_OR_RETURN(const IntTuple axes, ResolveAxes(attrs.axis, shape.rank()));
  const auto strides = RowMajorStrides(shape);
  auto reversed = strides;
  int64_t first = 0;
  for (int64_t axis : axes) {
    first += (shape[axis] - 1) * strides[axis];
    reversed[axis] = -strides[axis];
  }
  return MakeMoveKernel(context, {{.from = first, .loops = LoopsOver(shape, reversed, strides)}});
}

std::optional<ReverseAttrs> ReverseChannelsLast(const ReverseAttrs& attrs, int rank) {
  ReverseAttrs changed = attrs;
  for (int64_t& axis : changed.axis) {
    const std::optional<int64_t> last = ChannelsLastAxis(axis, rank);
    if (!last.has_value()) return std::nullopt;
    axis = *last;
  }
  return changed;
}

const OpRegistration<ReverseAttrs> kReverse({
    .names = {"reverse", "flip", "_npi_flip"},
    .inputs = {"data"},
    .attrs = {RequiredAttr("axis", &ReverseAttrs::axis)},
    .infer_types = InferReverse,
    .prepare = PrepareReverse,
    .accepts_unknown_dims = true,
    .to_channels_last = ReverseChannelsLast,
});

struct RollAttrs {
  std::optional<IntTuple> shift;  // one for all axes, or one for each
  std::optional<IntTuple> axis;   // None: the flattened array
};

// How far each axis of `shape`, or of the flattened array, moves: in [0, size).
absl::StatusOr<IntTuple> Shifts(const RollAttrs& attrs, const Shape& shape) {
  if (!attrs.shift.has_value() || attrs.shift->empty()) return ExpectedGot("a shift", FormatAttr(attrs.shift));
  IntTuple axes = {0};
  if (attrs.axis.has_value()) {
    BARYON_ASSIGN_OR_RETURN(axes, ResolveAxes(*attrs.axis, shape.rank()));
  }
  if (attrs.shift->size() != 1 && attrs.shift->size() != axes.size()) {
    return ExpectedGot(absl::StrCat("one shift or ", axes.size()), FormatAttr(attrs.shift));
  }
  IntTuple shifts(shape.rank(), 0);
  for (size_t i = 0; i < axes.size(); ++i) {
    const int64_t size = shape[axes[i]], shift = (*attrs.shift)[attrs.shift->size() == 1 ? 0 : i];
    if (size > 0) shifts[axes[i]] = (shift % size + size) % size;
  }
  return shifts;
}

Shape RolledShape(const RollAttrs& attrs, const Shape& shape) {
  return attrs.axis.has_value() ? shape : Shape{shape.num_elements()};
}

absl::StatusOr<TensorTypes> InferRoll(const RollAttrs& attrs, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(Shifts(attrs, RolledShape(attrs, inputs[0].shape)).status());
  return TensorTypes{inputs[0]};
}

absl::StatusOr<std::unique_ptr<Kernel>> PrepareRoll(const RollAttrs& attrs, PrepareContext& context) {
  const Shape shape = RolledShape(attrs, context.inputs()[0].shape);
  BARYON_ASSIGN_OR_RETURN(const IntTuple shifts, Shifts(attrs, shape));
  std::vector<std::vector<AxisRun>> runs;
  for (int64_t axis = 0; axis < shape.rank(); ++axis) {
    const int64_t shift = shifts[axis], rest = shape[axis] - shift;
    runs.push_back({{rest, shift, 0}});
    if (shift > 0) runs.back().push_back({shift, 0, rest});
  }
  return MakeMoveKernel(context, MovesOfRuns(shape, shape, runs));
}

const OpRegistration<RollAttrs> kRoll({
    .names = {"_np_roll", "_npi_roll"},
    .inputs = {"data"},
    .attrs = {Attr("shift", &RollAttrs::shift), Attr("axis", &RollAttrs::axis)},
    .infer_types = InferRoll,
    .prepare = PrepareRoll,
});

struct Rot90Attrs {
  int64_t k = 1;
  std::optional<IntTuple> axes;

  int64_t quarters() const { return (k % 4 + 4) % 4; }
};

absl::StatusOr<IntTuple> PlaneAxes(const Rot90Attrs& attrs, int64_t rank) {
  if (!attrs.axes.has_value() || attrs.axes->size() != 2) return ExpectedGot("two axes", FormatAttr(attrs.axes));
  return ResolveAxes(*attrs.axes, rank);
}

absl::StatusOr<TensorTypes> InferRot90(const Rot90Attrs& attrs, const TensorTypes& inputs) {
  TensorType output = inputs[0];
  BARYON_ASSIGN_OR_RETURN(const IntTuple plane, PlaneAxes(attrs, output.shape.rank()));
  if (attrs.quarters() % 2 == 1) std::swap(output.shape[plane[0]], output.shape[plane[1]]);
  return TensorTypes{std::move(output)};
}

// One quarter: y[i, j] = x[j, last - i]; two: x[last - i, last - j]; three: x[last - j, i].
absl::StatusOr<std::unique_ptr<Kernel>> PrepareRot90(const Rot90Attrs& attrs, PrepareContext& context) {
  const Shape &from = context.inputs()[0].shape, &to = context.outputs()[0].shape;
  BARYON_ASSIGN_OR_RETURN(const IntTuple plane, PlaneAxes(attrs, from.rank()));
  const int64_t quarters = attrs.quarters();
  auto strides = RowMajorStrides(from);
  int64_t first = 0;
  const auto walk_back = [&](int64_t axis) {
    first += (from[axis] - 1) * strides[axis];
    strides[axis] = -strides[axis];
  };
  if (quarters == 1 || quarters == 2) walk_back(plane[1]);
  if (quarters == 3 || quarters == 2) walk_back(plane[0]);
  if (quarters % 2 == 1) std::swap(strides[plane[0]], strides[plane[1]]);
  return MakeMoveKernel(context, {{.from = first, .loops = LoopsOver(to, strides, RowMajorStrides(to))}});
}

const OpRegistration<Rot90Attrs> kRot90({
    .names = {"_npi_rot90"},
    .inputs = {"data"},
    .attrs = {Attr("k", &Rot90Attrs::k), Attr("axes", &Rot90Attrs::axes)},
    .infer_types = InferRot90,
    .prepare = PrepareRot90,
});

}  // namespace
}  // namespace baryon
