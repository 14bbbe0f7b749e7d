// Permutations of axes: output axis i is input axis axes[i]. transpose names them all, SwapAxis exchanges two, moveaxis
// and rollaxis take some out and put them back elsewhere.
#include <algorithm>
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/moves.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

struct TransposeAttrs {
  IntTuple axes;  // none: the reverse order
};
struct SwapAxisAttrs {
  int64_t dim1 = 0, dim2 = 0;
};
struct MoveAxisAttrs {
  IntTuple source, destination;
};
struct RollAxisAttrs {
  int64_t axis = 0, start = 0;
};

IntTuple Identity(int64_t rank) {
  IntTuple axes;
  for (int64_t axis = 0; axis < rank; ++axis) axes.push_back(axis);
  return axes;
}

absl::StatusOr<IntTuple> Permutation(const TransposeAttrs& attrs, int64_t rank) {
  if (attrs.axes.empty()) {
    IntTuple axes = Identity(rank);
    std::reverse(axes.begin(), axes.end());
    return axes;
  }
  if (static_cast<int64_t>(attrs.axes.size()) != rank) {
    return ExpectedGot(absl::StrCat(rank, " axes"), FormatAttr(attrs.axes));
  }
  return ResolveAxes(attrs.axes, rank);
}

absl::StatusOr<IntTuple> Permutation(const SwapAxisAttrs& attrs, int64_t rank) {
  BARYON_ASSIGN_OR_RETURN(const int64_t a, ResolveAxis(attrs.dim1, rank));
  BARYON_ASSIGN_OR_RETURN(const int64_t b, ResolveAxis(attrs.dim2, rank));
  IntTuple axes = Identity(rank);
  std::swap(axes[a], axes[b]);
  return axes;
}

absl::StatusOr<IntTuple> Permutation(const MoveAxisAttrs& attrs, int64_t rank) {
  if (attrs.source.size() != attrs.destination.size()) {
    return ExpectedGot(absl::StrCat(attrs.source.size(), " destinations"), FormatAttr(attrs.destination));
  }
  BARYON_ASSIGN_OR_RETURN(const IntTuple source, ResolveAxes(attrs.source, rank));
  BARYON_ASSIGN_OR_RETURN(const IntTuple destination, ResolveAxes(attrs.destination, rank));
  IntTuple axes(rank, -1), others = Identity(rank);
  for (size_t i = 0; i < source.size(); ++i) {
    axes[destination[i]] = source[i];
    others.erase(std::find(others.begin(), others.end(), source[i]));
  }
  auto next = others.begin();
  for (int64_t& axis : axes) {
    if (axis < 0) axis = *next++;
  }
  return axes;
}

// `axis` moves in front of the axis that is at `start`.
absl::StatusOr<IntTuple> Permutation(const RollAxisAttrs& attrs, int64_t rank) {
  BARYON_ASSIGN_OR_RETURN(const int64_t axis, ResolveAxis(attrs.axis, rank));
  const int64_t start = attrs.start < 0 ? attrs.start + rank : attrs.start;
  if (start < 0 || start > rank) return ExpectedGot(absl::StrCat("start in [", -rank, ", ", rank, "]"), attrs.start);
  IntTuple axes = Identity(rank);
  axes.erase(axes.begin() + axis);
  axes.insert(axes.begin() + (start > axis ? start - 1 : start), axis);
  return axes;
}

template <typename A>
absl::StatusOr<TensorTypes> InferPermuted(const A& attrs, const TensorTypes& inputs) {
  const Shape& from = inputs[0].shape;
  BARYON_ASSIGN_OR_RETURN(const IntTuple axes, Permutation(attrs, from.rank()));
  TensorType output = inputs[0];
  for (int64_t axis = 0; axis < from.rank(); ++axis) output.shape[axis] = from[axes[axis]];
  return TensorTypes{output};
}

// The input has the dimensions of the output, permuted back.
template <typename A>
absl::Status CompletePermuted(const A& attrs, TensorTypes& inputs, TensorTypes& outputs) {
  ShareDType(inputs[0], outputs[0]);
  const Shape& to = outputs[0].shape;
  if (!to.has_rank()) return absl::OkStatus();
  BARYON_ASSIGN_OR_RETURN(const IntTuple axes, Permutation(attrs, to.rank()));
  Shape from = to;
  for (int64_t axis = 0; axis < to.rank(); ++axis) from[axes[axis]] = to[axis];
  const std::optional<Shape> merged = MergeShapes(inputs[0].shape, from);
  if (!merged.has_value()) return ExpectedGot(from.ToString(), inputs[0].ToString());
  inputs[0].shape = *merged;
  return absl::OkStatus();
}

template <typename A>
absl::StatusOr<std::unique_ptr<Kernel>> PreparePermuted(const A& attrs, PrepareContext& context) {
  const Shape &from = context.inputs()[0].shape, &to = context.outputs()[0].shape;
  BARYON_ASSIGN_OR_RETURN(const IntTuple axes, Permutation(attrs, from.rank()));
  const auto from_strides = RowMajorStrides(from);
  IntTuple strides;
  for (int64_t axis : axes) strides.push_back(from_strides[axis]);
  return MakeMoveKernel(context, {{.loops = LoopsOver(to, strides, RowMajorStrides(to))}});
}

template <typename A>
OpSpec<A> PermutationSpec(std::vector<std::string> names, std::vector<InputDef> inputs, std::vector<AttrDef<A>> attrs) {
  OpSpec<A> spec;
  spec.names = std::move(names);
  spec.inputs = std::move(inputs);
  spec.attrs = std::move(attrs);
  spec.infer_types = InferPermuted<A>;
  spec.complete_types = CompletePermuted<A>;
  spec.prepare = PreparePermuted<A>;
  spec.accepts_unknown_dims = true;
  return spec;
}

const OpRegistration<TransposeAttrs> kTranspose(
    PermutationSpec<TransposeAttrs>({"transpose", "_npi_transpose", "_np_transpose"}, {"data"},
                                    {NoneKeepsDefault(Attr("axes", &TransposeAttrs::axes))}));

const OpRegistration<SwapAxisAttrs> kSwapAxis(
    PermutationSpec<SwapAxisAttrs>({"SwapAxis", "swapaxes", "_npi_swapaxes"}, {"data"},
                                   {Attr("dim1", &SwapAxisAttrs::dim1), Attr("dim2", &SwapAxisAttrs::dim2)}));

const OpRegistration<MoveAxisAttrs> kMoveAxis(PermutationSpec<MoveAxisAttrs>(
    {"_np_moveaxis", "_npi_moveaxis"}, {"a"},
    {RequiredAttr("source", &MoveAxisAttrs::source), RequiredAttr("destination", &MoveAxisAttrs::destination)}));

const OpRegistration<RollAxisAttrs> kRollAxis(PermutationSpec<RollAxisAttrs>(
    {"_npi_rollaxis"}, {"a"}, {RequiredAttr("axis", &RollAxisAttrs::axis), Attr("start", &RollAxisAttrs::start)}));

}  // namespace
}  // namespace baryon
