// An array cut along one axis: SliceChannel into equal pieces, _split_v2 into `sections` nearly equal ones or before
// the positions `indices`; _npi_hsplit and _npi_dsplit are its forms for axis 1 (0 of a vector) and 2.
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/moves.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

constexpr int64_t kMostPieces = 1 << 16;

struct SplitAttrs {
  int64_t num_outputs = 1;  // SliceChannel
  IntTuple indices;         // _split_v2: where pieces begin, the first at 0, unless `sections` are given
  int64_t sections = 0;
  int64_t axis = 1;
  bool squeeze_axis = false;
};

// The positions where pieces begin, and after them the end. `size` may be unknown for equal pieces.
absl::StatusOr<std::vector<int64_t>> EqualPieces(const SplitAttrs& attrs, int64_t size) {
  if (size > 0 && size % attrs.num_outputs != 0) {
    return ExpectedGot(absl::StrCat("an axis that ", attrs.num_outputs, " outputs divide"), size);
  }
  std::vector<int64_t> bounds;
  for (int64_t i = 0; i <= attrs.num_outputs; ++i) bounds.push_back(i * (size / attrs.num_outputs));
  return bounds;
}

absl::StatusOr<std::vector<int64_t>> AnyPieces(const SplitAttrs& attrs, int64_t size) {
  std::vector<int64_t> bounds = {0};
  if (attrs.sections > 0) {  // the first size % sections pieces are one longer
    for (int64_t i = 0; i < attrs.sections; ++i) {
      bounds.push_back(bounds.back() + size / attrs.sections + (i < size % attrs.sections));
    }
    return bounds;
  }
  bounds.assign(attrs.indices.begin(), attrs.indices.end());
  bounds.push_back(size);
  for (size_t i = 0; i + 1 < bounds.size(); ++i) {
    if (size == 0) bounds[i] = 0;
    if (bounds[i] < 0 || bounds[i] > bounds[i + 1]) {
      return ExpectedGot(absl::StrCat("ascending indices up to ", size), FormatAttr(attrs.indices));
    }
  }
  return bounds;
}

using PiecesFn = absl::StatusOr<std::vector<int64_t>> (*)(const SplitAttrs& attrs, int64_t size);

TensorType PieceType(const TensorType& input, int64_t axis, int64_t size, bool squeeze) {
  TensorType piece = input;
  piece.shape[axis] = size;
  if (squeeze) piece.shape.Erase(axis);
  return piece;
}

template <PiecesFn kPieces>
absl::StatusOr<TensorTypes> InferTypes(const SplitAttrs& attrs, const TensorTypes& inputs, int64_t count) {
  const Shape& from = inputs[0].shape;
  BARYON_ASSIGN_OR_RETURN(const int64_t axis, ResolveAxis(attrs.axis, from.rank()));
  if (from[axis] < 0) return TensorTypes(count, PieceType(inputs[0], axis, Shape::kUnknownDim, attrs.squeeze_axis));
  BARYON_ASSIGN_OR_RETURN(const std::vector<int64_t> bounds, kPieces(attrs, from[axis]));
  TensorTypes pieces;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t size = bounds[i + 1] - bounds[i];
    if (attrs.squeeze_axis && size != 1) return ExpectedGot("pieces of size 1 to squeeze", size);
    pieces.push_back(PieceType(inputs[0], axis, size, attrs.squeeze_axis));
  }
  return pieces;
}

// Along the other axes all pieces are as long as the input.
absl::Status CompleteTypes(const SplitAttrs& attrs, TensorTypes& inputs, TensorTypes& outputs) {
  Shape known = inputs[0].shape;
  for (TensorType& piece : outputs) {
    ShareDType(inputs[0], piece);
    if (!piece.shape.has_rank()) continue;
    Shape whole = piece.shape;
    BARYON_ASSIGN_OR_RETURN(const int64_t axis, ResolveAxis(attrs.axis, whole.rank() + attrs.squeeze_axis));
    if (attrs.squeeze_axis) whole.Insert(axis, Shape::kUnknownDim);
    whole[axis] = Shape::kUnknownDim;
    const std::optional<Shape> merged = MergeShapes(known, whole);
    if (!merged.has_value()) return ExpectedGot(known.ToString(), whole.ToString());
    known = *merged;
  }
  inputs[0].shape = known;
  return absl::OkStatus();
}

template <PiecesFn kPieces>
absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const SplitAttrs& attrs, PrepareContext& context) {
  const Shape& from = context.inputs()[0].shape;
  BARYON_ASSIGN_OR_RETURN(const int64_t axis, ResolveAxis(attrs.axis, from.rank()));
  BARYON_ASSIGN_OR_RETURN(const std::vector<int64_t> bounds, kPieces(attrs, from[axis]));
  const AxisSplit split = SplitAtAxis(from, axis);
  Moves moves;
  for (size_t i = 0; i < context.outputs().size(); ++i) {
    const int64_t run = (bounds[i + 1] - bounds[i]) * split.inner;
    moves.push_back({.output = static_cast<int>(i),
                     .from = bounds[i] * split.inner,
                     .loops = {{split.outer, split.size * split.inner, run}, {run, 1, 1}}});
  }
  return MakeMoveKernel(context, std::move(moves));
}

// Pieces of which the channel axis was squeezed away are the same in either layout; without another axis they are not.
std::optional<SplitAttrs> ToChannelsLast(const SplitAttrs& attrs, int rank) {
  const std::optional<int64_t> axis = ChannelsLastAxis(attrs.axis, rank);
  if (!axis.has_value() || (attrs.squeeze_axis && *axis != rank - 1)) return std::nullopt;
  SplitAttrs changed = attrs;
  changed.axis = *axis;
  return changed;
}

template <PiecesFn kPieces>
OpSpec<SplitAttrs> SplitSpec(std::vector<std::string> names, std::function<int64_t(const SplitAttrs&)> count) {
  OpSpec<SplitAttrs> spec;
  spec.names = std::move(names);
  spec.inputs = {"data"};
  spec.check = [count](const SplitAttrs& attrs) {
    if (0 < count(attrs) && count(attrs) <= kMostPieces) return absl::OkStatus();
    return ExpectedGot(absl::StrCat("1 to ", kMostPieces, " outputs"), count(attrs));
  };
  spec.num_outputs = [count](const SplitAttrs& attrs, int) { return static_cast<int>(count(attrs)); };
  spec.infer_types = [count](const SplitAttrs& attrs, const TensorTypes& inputs) {
    return InferTypes<kPieces>(attrs, inputs, count(attrs));
  };
  spec.complete_types = CompleteTypes;
  spec.prepare = Prepare<kPieces>;
  spec.accepts_unknown_dims = true;
  spec.to_channels_last = ToChannelsLast;
  return spec;
}

OpSpec<SplitAttrs> SliceChannelSpec() {
  auto spec = SplitSpec<EqualPieces>({"SliceChannel", "split", "_npx_slice_channel"},
                                     [](const SplitAttrs& attrs) { return attrs.num_outputs; });
  spec.outputs = {""};  // "output0" even when it is the only one
  spec.attrs = {RequiredAttr("num_outputs", &SplitAttrs::num_outputs), Attr("axis", &SplitAttrs::axis),
                Attr("squeeze_axis", &SplitAttrs::squeeze_axis)};
  return spec;
}

OpSpec<SplitAttrs> SplitV2Spec(std::vector<std::string> names) {
  auto spec = SplitSpec<AnyPieces>(std::move(names), [](const SplitAttrs& attrs) {
    return attrs.sections > 0 ? attrs.sections : static_cast<int64_t>(attrs.indices.size());
  });
  spec.attrs = {RequiredAttr("indices", &SplitAttrs::indices), Attr("axis", &SplitAttrs::axis),
                Attr("squeeze_axis", &SplitAttrs::squeeze_axis), Attr("sections", &SplitAttrs::sections)};
  return spec;
}

// Cuts a vector along its only axis, whatever the attribute says.
OpSpec<SplitAttrs> HSplitSpec() {
  auto spec = SplitV2Spec({"_npi_hsplit"});
  const auto on_its_axis = [](SplitAttrs attrs, const Shape& shape) {
    attrs.axis = shape.rank() == 1 ? 0 : 1;
    return attrs;
  };
  spec.infer_types = [infer = spec.infer_types, on_its_axis](const SplitAttrs& attrs, const TensorTypes& inputs) {
    return infer(on_its_axis(attrs, inputs[0].shape), inputs);
  };
  spec.prepare = [on_its_axis](const SplitAttrs& attrs, PrepareContext& context) {
    return Prepare<AnyPieces>(on_its_axis(attrs, context.inputs()[0].shape), context);
  };
  spec.complete_types = nullptr;
  return spec;
}

const OpRegistration<SplitAttrs> kSliceChannel(SliceChannelSpec());
const OpRegistration<SplitAttrs> kSplitV2(SplitV2Spec({"_split_v2", "_npi_split", "_npi_array_split"}));
const OpRegistration<SplitAttrs> kHSplit(HSplitSpec());
const OpRegistration<SplitAttrs> kDSplit(SplitV2Spec({"_npi_dsplit"}));

}  // namespace
}  // namespace baryon
