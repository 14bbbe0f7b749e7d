// slice_axis: [begin, end) of one axis. Unlike slice it clamps nothing: an empty range or one beyond the axis is
// refused. slice_like: the first elements along some axes (all of them unless named), as many as another array has
// there.
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/moves.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

struct SliceAxisAttrs {
  int64_t axis = 0, begin = 0;
  std::optional<int64_t> end;  // None: to the last
};

// begin and end counted from the front; {0, 0} on an empty axis.
absl::StatusOr<std::pair<int64_t, int64_t>> Range(const SliceAxisAttrs& attrs, int64_t size) {
  if (size == 0) return std::make_pair<int64_t, int64_t>(0, 0);
  int64_t begin = attrs.begin, end = attrs.end.value_or(size);
  if (begin < 0) begin += size;
  if (end < 0) end += size;
  if (0 <= begin && begin < end && end <= size) return std::make_pair(begin, end);
  return ExpectedGot(absl::StrCat("a range of axis ", attrs.axis, " of size ", size),
                     absl::StrCat("[", attrs.begin, ", ", FormatAttr(attrs.end), ")"));
}

absl::StatusOr<TensorTypes> InferSliceAxis(const SliceAxisAttrs& attrs, const TensorTypes& inputs) {
  TensorType output = inputs[0];
  BARYON_ASSIGN_OR_RETURN(const int64_t axis, ResolveAxis(attrs.axis, output.shape.rank()));
  if (output.shape[axis] >= 0) {
    BARYON_ASSIGN_OR_RETURN(const auto range, Range(attrs, output.shape[axis]));
    output.shape[axis] = range.second - range.first;
  }
  return TensorTypes{output};
}

// Copies the part of input 0 that begins at `begin` of `axis` and has the shape of the output.
absl::StatusOr<std::unique_ptr<Kernel>> PreparePart(PrepareContext& context, int64_t axis, int64_t begin) {
  const Shape &from = context.inputs()[0].shape, &to = context.outputs()[0].shape;
  const auto strides = RowMajorStrides(from);
  const int64_t offset = begin == 0 ? 0 : begin * strides[axis];
  return MakeMoveKernel(context, {{.from = offset, .loops = LoopsOver(to, strides, RowMajorStrides(to))}});
}

absl::StatusOr<std::unique_ptr<Kernel>> PrepareSliceAxis(const SliceAxisAttrs& attrs, PrepareContext& context) {
  const Shape& from = context.inputs()[0].shape;
  BARYON_ASSIGN_OR_RETURN(const int64_t axis, ResolveAxis(attrs.axis, from.rank()));
  BARYON_ASSIGN_OR_RETURN(const auto range, Range(attrs, from[axis]));
  return PreparePart(context, axis, range.first);
}

std::optional<SliceAxisAttrs> SliceAxisChannelsLast(const SliceAxisAttrs& attrs, int rank) {
  const std::optional<int64_t> axis = ChannelsLastAxis(attrs.axis, rank);
  if (!axis.has_value()) return std::nullopt;
  SliceAxisAttrs changed = attrs;
  changed.axis = *axis;
  return changed;
}

const OpRegistration<SliceAxisAttrs> kSliceAxis({
    .names = {"slice_axis"},
    .inputs = {"data"},
    .attrs = {RequiredAttr("axis", &SliceAxisAttrs::axis), RequiredAttr("begin", &SliceAxisAttrs::begin),
              RequiredAttr("end", &SliceAxisAttrs::end)},
    .infer_types = InferSliceAxis,
    .prepare = PrepareSliceAxis,
    .accepts_unknown_dims = true,
    .to_channels_last = SliceAxisChannelsLast,
});

struct SliceLikeAttrs {
  IntTuple axes;  // none: all
};

absl::StatusOr<TensorTypes> InferSliceLike(const SliceLikeAttrs& attrs, const TensorTypes& inputs) {
  const Shape& like = inputs[1].shape;
  TensorType output = inputs[0];
  IntTuple axes = attrs.axes;
  if (axes.empty()) {
    BARYON_RETURN_IF_ERROR(CheckRank("shape_like", inputs[1], output.shape.rank()));
    for (int64_t axis = 0; axis < like.rank(); ++axis) axes.push_back(axis);
  }
  for (int64_t given : axes) {
    BARYON_ASSIGN_OR_RETURN(const int64_t axis, ResolveAxis(given, output.shape.rank()));
    BARYON_RETURN_IF_ERROR(CheckRankAtLeast("shape_like", inputs[1], axis + 1));
    if (like[axis] > inputs[0].shape[axis]) {
      return ExpectedGot(absl::StrCat("at most ", inputs[0].shape[axis], " along axis ", axis, " of \"shape_like\""),
                         inputs[1].ToString());
    }
    output.shape[axis] = like[axis];
  }
  return TensorTypes{output};
}

const OpRegistration<SliceLikeAttrs> kSliceLike({
    .names = {"slice_like", "_npx_slice_like"},
    .inputs = {"data", "shape_like"},
    .attrs = {Attr("axes", &SliceLikeAttrs::axes)},
    .infer_types = InferSliceLike,
    .prepare = [](const SliceLikeAttrs&, PrepareContext& context) { return PreparePart(context, 0, 0); },
});

}  // namespace
}  // namespace baryon
