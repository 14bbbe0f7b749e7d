// slice: Python's x[begin:end:step] along the first axes, with None, negative numbers and clamping; and its inverses
// _slice_assign and _slice_assign_scalar, which copy the input and overwrite that region.
#include <algorithm>
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/moves.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

struct SliceAttrs {
  OptionalIntTuple begin, end, step;
  double scalar = 0;  // _slice_assign_scalar
};

// `size` positions from `begin` on, `step` apart.
struct Slice {
  int64_t begin, step, size;
};

Slice ClampedSlice(const std::optional<int64_t>& first, const std::optional<int64_t>& last, int64_t step,
                   int64_t size) {
  const bool forward = step > 0;
  int64_t begin = first.value_or(forward ? 0 : size - 1), end = last.value_or(forward ? size : -1);
  if (first.has_value() && begin < 0) begin += size;
  if (last.has_value() && end < 0) end += size;
  begin = forward ? std::max<int64_t>(begin, 0) : std::min(begin, size - 1);
  end = std::clamp<int64_t>(end, -1, size);
  const int64_t length = forward ? end - begin : begin - end;
  if (length <= 0 || begin < 0 || begin >= size) return {0, 1, 0};
  // Written so that a step of any size fits: 1 + (length - 1) / |step|.
  return {begin, step, 1 + (forward ? (length - 1) / step : -((length - 1) / step))};
}

absl::Status CheckBounds(const SliceAttrs& attrs) {
  if (attrs.begin.size() != attrs.end.size()) {
    return ExpectedGot(absl::StrCat(attrs.begin.size(), " ends for begin ", FormatAttr(attrs.begin)),
                       FormatAttr(attrs.end));
  }
  if (!attrs.step.empty() && attrs.step.size() != attrs.begin.size()) {
    return ExpectedGot(absl::StrCat(attrs.begin.size(), " steps"), FormatAttr(attrs.step));
  }
  for (const std::optional<int64_t>& step : attrs.step) {
    if (step == 0) return ExpectedGot("steps other than 0", FormatAttr(attrs.step));
  }
  return absl::OkStatus();
}

// One slice for each axis; of size -1 where the axis has an unknown size.
absl::StatusOr<std::vector<Slice>> Slices(const SliceAttrs& attrs, const Shape& shape) {
  if (static_cast<int64_t>(attrs.begin.size()) > shape.rank()) {
    return ExpectedGot(absl::StrCat("at most ", shape.rank(), " bounds for ", shape.ToString()),
                       FormatAttr(attrs.begin));
  }
  std::vector<Slice> slices;
  for (int64_t axis = 0; axis < shape.rank(); ++axis) {
    const size_t i = axis;
    if (shape[axis] < 0 || i >= attrs.begin.size()) {
      slices.push_back({0, 1, shape[axis]});
    } else {
      const int64_t step = i < attrs.step.size() ? attrs.step[i].value_or(1) : 1;
      slices.push_back(ClampedSlice(attrs.begin[i], attrs.end[i], step, shape[axis]));
    }
  }
  return slices;
}

Shape ShapeOf(const std::vector<Slice>& slices) {
  Shape shape;
  for (const Slice& slice : slices) shape.Append(slice.size);
  return shape;
}

// Where the region of an array of `shape` begins, and the strides of its axes there.
struct Region {
  int64_t offset = 0;
  IntTuple strides;
};

Region RegionOf(const std::vector<Slice>& slices, const Shape& shape) {
  const auto strides = RowMajorStrides(shape);
  Region region;
  for (int64_t axis = 0; axis < shape.rank(); ++axis) {
    region.offset += slices[axis].begin * strides[axis];
    region.strides.push_back(slices[axis].step * strides[axis]);
  }
  return region;
}

absl::StatusOr<TensorTypes> InferSlice(const SliceAttrs& attrs, const TensorTypes& inputs) {
  BARYON_ASSIGN_OR_RETURN(const std::vector<Slice> slices, Slices(attrs, inputs[0].shape));
  return TensorTypes{{inputs[0].dtype, ShapeOf(slices)}};
}

absl::StatusOr<std::unique_ptr<Kernel>> PrepareSlice(const SliceAttrs& attrs, PrepareContext& context) {
  const Shape &from = context.inputs()[0].shape, &to = context.outputs()[0].shape;
  BARYON_ASSIGN_OR_RETURN(const std::vector<Slice> slices, Slices(attrs, from));
  const Region region = RegionOf(slices, from);
  return MakeMoveKernel(context,
                        {{.from = region.offset, .loops = LoopsOver(to, region.strides, RowMajorStrides(to))}});
}

std::optional<SliceAttrs> SliceChannelsLast(const SliceAttrs& attrs, int rank) {
  if (static_cast<int>(attrs.begin.size()) > rank) return std::nullopt;
  SliceAttrs changed = attrs;
  for (OptionalIntTuple* tuple : {&changed.begin, &changed.end, &changed.step}) {
    tuple->resize(rank);
    ToChannelsLastOrder(*tuple);
  }
  return changed;
}

std::vector<AttrDef<SliceAttrs>> BoundsAttrs() {
  return {RequiredAttr("begin", &SliceAttrs::begin), RequiredAttr("end", &SliceAttrs::end),
          Attr("step", &SliceAttrs::step)};
}

const OpRegistration<SliceAttrs> kSlice({
    .names = {"slice", "crop", "_npx_slice", "_npi_slice", "_sparse_slice"},
    .inputs = {"data"},
    .attrs = BoundsAttrs(),
    .check = CheckBounds,
    .infer_types = InferSlice,
    .prepare = PrepareSlice,
    .accepts_unknown_dims = true,
    .to_channels_last = SliceChannelsLast,
});

absl::StatusOr<TensorTypes> InferAssign(const SliceAttrs& attrs, const TensorTypes& inputs) {
  BARYON_ASSIGN_OR_RETURN(const std::vector<Slice> slices, Slices(attrs, inputs[0].shape));
  const TensorType region = {inputs[0].dtype, ShapeOf(slices)};
  if (inputs.size() > 1 && inputs[1] != region) return InputMismatch("rhs", region, inputs[1]);
  return TensorTypes{inputs[0]};
}

// A copy of the whole, then the region of it from `source`, an input or the fill value.
absl::StatusOr<std::unique_ptr<Kernel>> PrepareAssign(const SliceAttrs& attrs, PrepareContext& context) {
  const TensorType& whole = context.inputs()[0];
  BARYON_ASSIGN_OR_RETURN(const std::vector<Slice> slices, Slices(attrs, whole.shape));
  const Region region = RegionOf(slices, whole.shape);
  const Shape shape = ShapeOf(slices);
  const bool has_source = context.inputs().size() > 1;
  Move assign = {.input = has_source ? 1 : Move::kFill, .to = region.offset};
  if (has_source) {
    assign.loops = LoopsOver(shape, RowMajorStrides(shape), region.strides);
  } else {
    assign.loops = LoopsOver(shape, IntTuple(shape.rank(), 0), region.strides);
  }
  return MakeMoveKernel(context, {DenseMove(whole.shape.num_elements())}, {std::move(assign)},
                        FillValue::Of(whole.dtype, attrs.scalar));
}

const OpRegistration<SliceAttrs> kSliceAssign({
    .names = {"_slice_assign", "_crop_assign", "_npi_slice_assign"},
    .inputs = {"lhs", "rhs"},
    .attrs = BoundsAttrs(),
    .check = CheckBounds,
    .infer_types = InferAssign,
    .prepare = PrepareAssign,
    .in_place = {0},
});

const OpRegistration<SliceAttrs> kSliceAssignScalar({
    .names = {"_slice_assign_scalar", "_crop_assign_scalar", "_npi_slice_assign_scalar"},
    .inputs = {"data"},
    .attrs =
        [] {
          std::vector<AttrDef<SliceAttrs>> attrs = BoundsAttrs();
          attrs.push_back(Attr("scalar", &SliceAttrs::scalar));
          return attrs;
        }(),
    .check = CheckBounds,
    .infer_types = InferAssign,
    .prepare = PrepareAssign,
    .in_place = {0},
});

}  // namespace
}  // namespace baryon
