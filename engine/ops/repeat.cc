// repeat: each element along an axis several times in a row, [a, b] to [a, a, b, b]; without an axis the elements of
// the flattened array. _npi_repeats takes a count for each element instead, or one for all.
//
// tile: the whole array several times along each axis, [a, b] to [a, b, a, b].
#include <algorithm>
#include <numeric>
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/moves.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

struct RepeatAttrs {
  IntTuple repeats;             // one for all elements, or one for each
  std::optional<int64_t> axis;  // None: flattened
};

absl::Status CheckRepeats(const RepeatAttrs& attrs) {
  const bool sound = std::all_of(attrs.repeats.begin(), attrs.repeats.end(),
                                 [](int64_t count) { return 0 <= count && count < (int64_t{1} << 40); });
  return sound ? absl::OkStatus() : ExpectedGot("repeats of 0 or more", FormatAttr(attrs.repeats));
}

// The input as repeat sees it: [outer, size, inner] around the axis.
absl::StatusOr<AxisSplit> SplitInput(const RepeatAttrs& attrs, const Shape& shape) {
  if (!attrs.axis.has_value()) return AxisSplit{1, shape.num_elements(), 1};
  BARYON_ASSIGN_OR_RETURN(const int64_t axis, ResolveAxis(*attrs.axis, shape.rank()));
  return SplitAtAxis(shape, axis);
}

absl::StatusOr<TensorTypes> InferRepeat(const RepeatAttrs& attrs, const TensorTypes& inputs) {
  BARYON_ASSIGN_OR_RETURN(const AxisSplit split, SplitInput(attrs, inputs[0].shape));
  const int64_t sum = std::accumulate(attrs.repeats.begin(), attrs.repeats.end(), int64_t{0});
  const bool for_each = attrs.repeats.size() != 1;
  if (for_each && static_cast<int64_t>(attrs.repeats.size()) != split.size) {
    return ExpectedGot(absl::StrCat("one count or ", split.size), FormatAttr(attrs.repeats));
  }
  TensorType output = inputs[0];
  const int64_t size = for_each ? sum : ScaledDim(split.size, sum);
  if (sum == 0 || !attrs.axis.has_value()) {
    output.shape = {size};
  } else {
    output.shape[*NormalizeAxis(*attrs.axis, output.shape.rank())] = size;
  }
  return TensorTypes{std::move(output)};
}

absl::StatusOr<std::unique_ptr<Kernel>> PrepareRepeat(const RepeatAttrs& attrs, PrepareContext& context) {
  BARYON_ASSIGN_OR_RETURN(const AxisSplit split, SplitInput(attrs, context.inputs()[0].shape));
  const int64_t from_row = split.size * split.inner;
  Moves moves;
  if (attrs.repeats.size() == 1) {
    const int64_t count = attrs.repeats[0];
    moves.push_back({.loops = {{split.outer, from_row, count * from_row},
                               {split.size, split.inner, count * split.inner},
                               {count, 0, split.inner},
                               {split.inner, 1, 1}}});
    return MakeMoveKernel(context, std::move(moves));
  }
  const int64_t to_row = std::accumulate(attrs.repeats.begin(), attrs.repeats.end(), int64_t{0}) * split.inner;
  int64_t to = 0;
  for (int64_t i = 0; i < split.size; ++i) {
    moves.push_back(
        {.from = i * split.inner,
         .to = to,
         .loops = {{split.outer, from_row, to_row}, {attrs.repeats[i], 0, split.inner}, {split.inner, 1, 1}}});
    to += attrs.repeats[i] * split.inner;
  }
  return MakeMoveKernel(context, std::move(moves));
}

std::optional<RepeatAttrs> RepeatChannelsLast(const RepeatAttrs& attrs, int rank) {
  if (!attrs.axis.has_value()) return std::nullopt;
  RepeatAttrs changed = attrs;
  changed.axis = ChannelsLastAxis(*attrs.axis, rank);
  if (!changed.axis.has_value() || attrs.repeats.size() != 1 || attrs.repeats[0] == 0) return std::nullopt;
  return changed;
}

// One count, which text writes without brackets.
AttrDef<RepeatAttrs> SingleRepeatAttr() {
  AttrDef<RepeatAttrs> def = RequiredAttr("repeats", &RepeatAttrs::repeats);
  def.parse = [](absl::string_view text, RepeatAttrs& attrs) { return ParseAttr(text, attrs.repeats.emplace_back()); };
  def.format = [](const RepeatAttrs& attrs) { return FormatAttr(attrs.repeats[0]); };
  return def;
}

const OpRegistration<RepeatAttrs> kRepeat({
    .names = {"repeat", "_npi_repeat", "_np_repeat"},
    .inputs = {"data"},
    .attrs = {SingleRepeatAttr(), Attr("axis", &RepeatAttrs::axis)},
    .check = CheckRepeats,
    .infer_types = InferRepeat,
    .prepare = PrepareRepeat,
    .to_channels_last = RepeatChannelsLast,
});

const OpRegistration<RepeatAttrs> kNumPyRepeats({
    .names = {"_npi_repeats"},
    .inputs = {"data"},
    .attrs = {RequiredAttr("repeats", &RepeatAttrs::repeats), Attr("axis", &RepeatAttrs::axis)},
    .check = CheckRepeats,
    .infer_types = InferRepeat,
    .prepare = PrepareRepeat,
});

struct TileAttrs {
  IntTuple reps;
};

absl::Status CheckReps(const TileAttrs& attrs) {
  const bool sound = std::all_of(attrs.reps.begin(), attrs.reps.end(), [](int64_t count) { return count >= 0; });
  return sound && attrs.reps.size() <= 32 ? absl::OkStatus()
                                          : ExpectedGot("up to 32 reps of 0 or more", FormatAttr(attrs.reps));
}

// Shape and counts brought to one rank with ones in front.
std::pair<Shape, IntTuple> AlignedReps(const TileAttrs& attrs, Shape shape) {
  IntTuple reps = attrs.reps;
  while (shape.rank() < static_cast<int64_t>(reps.size())) shape.Insert(0, 1);
  while (static_cast<int64_t>(reps.size()) < shape.rank()) reps.insert(reps.begin(), 1);
  return {std::move(shape), std::move(reps)};
}

absl::StatusOr<TensorTypes> InferTile(const TileAttrs& attrs, const TensorTypes& inputs) {
  auto [shape, reps] = AlignedReps(attrs, inputs[0].shape);
  for (int64_t axis = 0; axis < shape.rank(); ++axis) shape[axis] = ScaledDim(shape[axis], reps[axis]);
  return TensorTypes{{inputs[0].dtype, shape}};
}

absl::StatusOr<std::unique_ptr<Kernel>> PrepareTile(const TileAttrs& attrs, PrepareContext& context) {
  const auto [shape, reps] = AlignedReps(attrs, context.inputs()[0].shape);
  const auto from = RowMajorStrides(shape), to = RowMajorStrides(context.outputs()[0].shape);
  Move move = {.loops = LoopsOver(shape, from, to)};
  for (int64_t axis = 0; axis < shape.rank(); ++axis) move.loops.push_back({reps[axis], 0, shape[axis] * to[axis]});
  return MakeMoveKernel(context, {std::move(move)});
}

std::optional<TileAttrs> TileChannelsLast(const TileAttrs& attrs, int rank) {
  if (static_cast<int>(attrs.reps.size()) > rank) return std::nullopt;
  TileAttrs changed = attrs;
  while (static_cast<int>(changed.reps.size()) < rank) changed.reps.insert(changed.reps.begin(), 1);
  ToChannelsLastOrder(changed.reps);
  return changed;
}

const OpRegistration<TileAttrs> kTile({
    .names = {"tile", "_npi_tile"},
    .inputs = {"data"},
    .attrs = {RequiredAttr("reps", &TileAttrs::reps)},
    .check = CheckReps,
    .infer_types = InferTile,
    .prepare = PrepareTile,
    .accepts_unknown_dims = true,
    .to_channels_last = TileChannelsLast,
});

}  // namespace
}  // namespace baryon
