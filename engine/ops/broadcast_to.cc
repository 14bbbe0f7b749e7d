// Axes of size 1 repeated until an array has a given shape: broadcast_to and _npi_broadcast_to name the shape,
// broadcast_axis some of its axes, broadcast_like another array that has it.
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/moves.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

constexpr int64_t kMostRank = 32;

// What becomes of an axis of size `from` that shall have size `to`; either may be unknown.
absl::StatusOr<int64_t> GrownDim(int64_t from, int64_t to, const Shape& shape) {
  if (from < 0 || from == 1 || from == to) return to;
  if (to < 0) return from;
  return ExpectedGot(absl::StrCat("an axis of size 1 to become ", to), shape.ToString());
}

absl::StatusOr<std::unique_ptr<Kernel>> PrepareBroadcast(PrepareContext& context) {
  const Shape &from = context.inputs()[0].shape, &to = context.outputs()[0].shape;
  const auto from_strides = RowMajorStrides(from);
  IntTuple strides(to.rank(), 0);
  const int64_t added = to.rank() - from.rank();
  for (int64_t axis = 0; axis < from.rank(); ++axis) {
    if (from[axis] != 1) strides[added + axis] = from_strides[axis];
  }
  return MakeMoveKernel(context, {{.loops = LoopsOver(to, strides, RowMajorStrides(to))}});
}

template <typename A>
absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const A&, PrepareContext& context) {
  return PrepareBroadcast(context);
}

struct BroadcastToAttrs {
  IntTuple shape;
};

// Dimensions of `shape` that equal `kept` are those of the input. Axes in front of the input's are new.
absl::StatusOr<TensorTypes> InferBroadcastTo(const IntTuple& shape, int64_t kept, const TensorType& input) {
  const int64_t added = static_cast<int64_t>(shape.size()) - input.shape.rank();
  if (added < 0 || static_cast<int64_t>(shape.size()) > kMostRank) {
    return ExpectedGot(absl::StrCat("a shape that ", input.shape.ToString(), " grows to"), FormatAttr(shape));
  }
  TensorType output = {input.dtype, {}};
  for (int64_t axis = 0; axis < static_cast<int64_t>(shape.size()); ++axis) {
    if (axis >= added && shape[axis] == kept) {
      output.shape.Append(input.shape[axis - added]);
      continue;
    }
    if (shape[axis] < 0) return ExpectedGot("a shape without negative dimensions", FormatAttr(shape));
    const int64_t from = axis < added ? 1 : input.shape[axis - added];
    BARYON_ASSIGN_OR_RETURN(const int64_t dim, GrownDim(from, shape[axis], input.shape));
    output.shape.Append(dim);
  }
  return TensorTypes{std::move(output)};
}

const OpRegistration<BroadcastToAttrs> kBroadcastTo({
    .names = {"broadcast_to"},
    .inputs = {"data"},
    .attrs = {Attr("shape", &BroadcastToAttrs::shape)},
    .infer_types = [](const BroadcastToAttrs& attrs, const TensorTypes& inputs) -> absl::StatusOr<TensorTypes> {
      BARYON_RETURN_IF_ERROR(CheckRank("data", inputs[0], static_cast<int64_t>(attrs.shape.size())));
      return InferBroadcastTo(attrs.shape, /*kept=*/0, inputs[0]);
    },
    .prepare = Prepare<BroadcastToAttrs>,
    .accepts_unknown_dims = true,
});

const OpRegistration<BroadcastToAttrs> kNumPyBroadcastTo({
    .names = {"_npi_broadcast_to"},
    .inputs = {"array"},
    .attrs = {Attr("shape", &BroadcastToAttrs::shape)},
    .infer_types = [](const BroadcastToAttrs& attrs,
                      const TensorTypes& inputs) { return InferBroadcastTo(attrs.shape, /*kept=*/-2, inputs[0]); },
    .prepare = Prepare<BroadcastToAttrs>,
    .accepts_unknown_dims = true,
});

struct BroadcastAxisAttrs {
  IntTuple axis, size;
};

absl::StatusOr<TensorTypes> InferBroadcastAxis(const BroadcastAxisAttrs& attrs, const TensorTypes& inputs) {
  if (attrs.axis.size() != attrs.size.size()) {
    return ExpectedGot(absl::StrCat(attrs.axis.size(), " sizes"), FormatAttr(attrs.size));
  }
  TensorType output = inputs[0];
  BARYON_ASSIGN_OR_RETURN(const IntTuple axes, ResolveAxes(attrs.axis, output.shape.rank()));
  for (size_t i = 0; i < axes.size(); ++i) {
    if (attrs.size[i] < 0) return ExpectedGot("sizes of 0 or more", FormatAttr(attrs.size));
    if (output.shape[axes[i]] != 1) {
      return ExpectedGot(absl::StrCat("axis ", axes[i], " of size 1"), inputs[0].ToString());
    }
    output.shape[axes[i]] = attrs.size[i];
  }
  return TensorTypes{std::move(output)};
}

std::optional<BroadcastAxisAttrs> BroadcastAxisChannelsLast(const BroadcastAxisAttrs& attrs, int rank) {
  BroadcastAxisAttrs changed = attrs;
  for (int64_t& axis : changed.axis) {
    const std::optional<int64_t> last = ChannelsLastAxis(axis, rank);
    if (!last.has_value()) return std::nullopt;
    axis = *last;
  }
  return changed;
}

const OpRegistration<BroadcastAxisAttrs> kBroadcastAxis({
    .names = {"broadcast_axis", "broadcast_axes"},
    .inputs = {"data"},
    .attrs = {Attr("axis", &BroadcastAxisAttrs::axis), Attr("size", &BroadcastAxisAttrs::size)},
    .infer_types = InferBroadcastAxis,
    .prepare = Prepare<BroadcastAxisAttrs>,
    .to_channels_last = BroadcastAxisChannelsLast,
});

struct BroadcastLikeAttrs {
  std::optional<IntTuple> lhs_axes, rhs_axes;  // None: all of them
};

absl::StatusOr<TensorTypes> InferBroadcastLike(const BroadcastLikeAttrs& attrs, const TensorTypes& inputs) {
  const Shape& rhs = inputs[1].shape;
  TensorType output = inputs[0];
  if (!attrs.lhs_axes.has_value() || !attrs.rhs_axes.has_value()) {
    BARYON_RETURN_IF_ERROR(CheckRank("rhs", inputs[1], output.shape.rank()));
    for (int64_t axis = 0; axis < rhs.rank(); ++axis) {
      BARYON_ASSIGN_OR_RETURN(output.shape[axis], GrownDim(inputs[0].shape[axis], rhs[axis], inputs[0].shape));
    }
    return TensorTypes{std::move(output)};
  }
  BARYON_ASSIGN_OR_RETURN(const IntTuple lhs_axes, ResolveAxes(*attrs.lhs_axes, output.shape.rank()));
  if (lhs_axes.empty() || lhs_axes.size() != attrs.rhs_axes->size()) {
    return ExpectedGot(absl::StrCat("rhs_axes for lhs_axes ", FormatAttr(attrs.lhs_axes)), FormatAttr(attrs.rhs_axes));
  }
  for (size_t i = 0; i < lhs_axes.size(); ++i) {
    BARYON_ASSIGN_OR_RETURN(const int64_t axis, ResolveAxis((*attrs.rhs_axes)[i], rhs.rank()));
    if (inputs[0].shape[lhs_axes[i]] > 1 || inputs[0].shape[lhs_axes[i]] == 0) {
      return ExpectedGot(absl::StrCat("axis ", lhs_axes[i], " of size 1"), inputs[0].ToString());
    }
    output.shape[lhs_axes[i]] = rhs[axis];
  }
  return TensorTypes{std::move(output)};
}

const OpRegistration<BroadcastLikeAttrs> kBroadcastLike({
    .names = {"broadcast_like", "_npx_broadcast_like"},
    .inputs = {"lhs", "rhs"},
    .attrs = {Attr("lhs_axes", &BroadcastLikeAttrs::lhs_axes), Attr("rhs_axes", &BroadcastLikeAttrs::rhs_axes)},
    .infer_types = InferBroadcastLike,
    .prepare = Prepare<BroadcastLikeAttrs>,
    .accepts_unknown_dims = true,
});

}  // namespace
}  // namespace baryon
