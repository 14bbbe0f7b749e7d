// Arrays joined along one axis: Concat and its relatives, which differ in the axis and in what they do to arrays of low
// rank before, and stack, which adds the axis.
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/moves.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

using Axis = std::optional<int64_t>;  // None: everything flattened

template <int64_t kDefaultAxis>
struct JoinAttrs {
  Axis axis = kDefaultAxis;
  int64_t num_args = -1;
};
using ConcatAttrs = JoinAttrs<1>;
using StackAttrs = JoinAttrs<0>;

// The shapes that are joined, all of one rank, and the axis.
struct Joined {
  std::vector<Shape> parts;
  int64_t axis;
};

Shape FlatShape(const Shape& shape) { return {shape.IsFullyKnown() ? shape.num_elements() : Shape::kUnknownDim}; }

absl::StatusOr<Joined> JoinConcat(const Axis& axis, const TensorTypes& inputs) {
  Joined joined = {{}, 0};
  for (const TensorType& input : inputs) {
    joined.parts.push_back(axis.has_value() ? input.shape : FlatShape(input.shape));
  }
  BARYON_ASSIGN_OR_RETURN(joined.axis, ResolveAxis(axis.value_or(0), joined.parts[0].rank()));
  return joined;
}

// A scalar becomes [1]. Vectors are joined along their axis, all else along axis 1.
absl::StatusOr<Joined> JoinHStack(const Axis&, const TensorTypes& inputs) {
  Joined joined = {{}, 0};
  for (const TensorType& input : inputs) {
    joined.parts.push_back(input.shape);
    if (input.shape.rank() == 0) joined.parts.back().Append(1);
  }
  joined.axis = joined.parts[0].rank() > 1 ? 1 : 0;
  return joined;
}

// Scalars and vectors become rows.
absl::StatusOr<Joined> JoinVStack(const Axis&, const TensorTypes& inputs) {
  Joined joined = {{}, 0};
  for (const TensorType& input : inputs) {
    joined.parts.push_back(input.shape);
    while (joined.parts.back().rank() < 2) joined.parts.back().Insert(0, 1);
  }
  return joined;
}

// [n] becomes [1, n, 1], [m, n] becomes [m, n, 1]; joined along axis 2.
absl::StatusOr<Joined> JoinDStack(const Axis&, const TensorTypes& inputs) {
  Joined joined = {{}, 2};
  for (const TensorType& input : inputs) {
    Shape shape = input.shape;
    if (shape.rank() < 2) shape.Insert(0, 1);
    while (shape.rank() < 3) shape.Append(1);
    joined.parts.push_back(std::move(shape));
  }
  return joined;
}

// Scalars and vectors become columns.
absl::StatusOr<Joined> JoinColumnStack(const Axis&, const TensorTypes& inputs) {
  Joined joined = {{}, 1};
  for (const TensorType& input : inputs) {
    joined.parts.push_back(input.shape);
    while (joined.parts.back().rank() < 2) joined.parts.back().Append(1);
  }
  return joined;
}

absl::StatusOr<Joined> JoinStack(const Axis& axis, const TensorTypes& inputs) {
  Joined joined = {{}, 0};
  for (const TensorType& input : inputs) {
    BARYON_ASSIGN_OR_RETURN(joined.axis, ResolveAxis(axis.value_or(0), input.shape.rank() + 1));
    joined.parts.push_back(input.shape);
    joined.parts.back().Insert(joined.axis, 1);
  }
  return joined;
}

using JoinFn = absl::StatusOr<Joined> (*)(const Axis& axis, const TensorTypes& inputs);

// `shape` with the size of `axis`, if it has one, left open.
Shape WithOpenAxis(const Shape& shape, int64_t axis) {
  Shape open = shape;
  if (axis < shape.rank()) open[axis] = Shape::kUnknownDim;
  return open;
}

// The whole that `joined` makes: outside of the axis all parts agree, along it they add up.
absl::StatusOr<Shape> JoinedShape(const Joined& joined) {
  Shape whole = Shape::Unknown();
  int64_t size = 0;
  for (const Shape& part : joined.parts) {
    const std::optional<Shape> merged = MergeShapes(whole, WithOpenAxis(part, joined.axis));
    if (!merged.has_value()) {
      return ExpectedGot(absl::StrCat("shapes that differ at most in axis ", joined.axis),
                         absl::StrCat(joined.parts[0].ToString(), " and ", part.ToString()));
    }
    whole = *merged;
    size = size < 0 || part[joined.axis] < 0 ? Shape::kUnknownDim : size + part[joined.axis];
  }
  whole[joined.axis] = size;
  return whole;
}

template <JoinFn kJoin, typename A>
absl::StatusOr<TensorTypes> InferTypes(const A& attrs, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckNumArgs(attrs.num_args, inputs));
  for (const TensorType& input : inputs) {
    if (input.dtype != inputs[0].dtype) return ExpectedGot(DTypeName(inputs[0].dtype), input.ToString());
  }
  BARYON_ASSIGN_OR_RETURN(const Joined joined, kJoin(attrs.axis, inputs));
  BARYON_ASSIGN_OR_RETURN(Shape shape, JoinedShape(joined));
  return TensorTypes{{inputs[0].dtype, std::move(shape)}};
}

template <JoinFn kJoin, typename A>
absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const A& attrs, PrepareContext& context) {
  BARYON_ASSIGN_OR_RETURN(const Joined joined, kJoin(attrs.axis, context.inputs()));
  BARYON_ASSIGN_OR_RETURN(const Shape whole, JoinedShape(joined));
  const AxisSplit split = SplitAtAxis(whole, joined.axis);
  // Only then do the parts have the shapes of the inputs, which may be slices.
  const bool rows = kJoin == JoinConcat && attrs.axis.has_value() && joined.axis == whole.rank() - 1;
  Moves moves;
  int64_t offset = 0;
  for (size_t i = 0; i < joined.parts.size(); ++i) {
    const int64_t run = joined.parts[i][joined.axis] * split.inner;
    const int64_t from_stride = rows ? context.input_stride(i) : run;
    const int64_t to_stride = rows ? context.output_stride() : split.size * split.inner;
    if (!context.input_is_in_place(i)) {
      moves.push_back(
          {.input = static_cast<int>(i), .to = offset, .loops = {{split.outer, from_stride, to_stride}, {run, 1, 1}}});
    }
    offset += run;
  }
  return MakeMoveKernel(context, std::move(moves));
}

// All arrays have one dtype, and one size along every axis but the joined one.
template <typename A>
absl::Status CompleteConcat(const A& attrs, TensorTypes& inputs, TensorTypes& outputs) {
  for (TensorType& input : inputs) ShareDType(input, outputs[0]);
  for (TensorType& input : inputs) ShareDType(input, outputs[0]);
  if (!attrs.axis.has_value()) return absl::OkStatus();
  Shape known = Shape::Unknown();
  const auto merge = [&](const TensorType& type) -> absl::Status {
    if (!type.shape.has_rank()) return absl::OkStatus();
    BARYON_ASSIGN_OR_RETURN(const int64_t axis, ResolveAxis(*attrs.axis, type.shape.rank()));
    const std::optional<Shape> merged = MergeShapes(known, WithOpenAxis(type.shape, axis));
    if (!merged.has_value()) return ExpectedGot(known.ToString(), type.ToString());
    known = *merged;
    return absl::OkStatus();
  };
  for (const TensorType& input : inputs) BARYON_RETURN_IF_ERROR(merge(input));
  BARYON_RETURN_IF_ERROR(merge(outputs[0]));
  for (TensorType& input : inputs) input.shape = *MergeShapes(known, input.shape);
  outputs[0].shape = *MergeShapes(known, outputs[0].shape);
  return absl::OkStatus();
}

// Stacked arrays have one type.
absl::Status CompleteStack(const StackAttrs& attrs, TensorTypes& inputs, TensorTypes& outputs) {
  TensorTypes one(1);
  one[0].dtype = outputs[0].dtype;
  if (Shape shape = outputs[0].shape; shape.has_rank()) {
    BARYON_ASSIGN_OR_RETURN(const int64_t axis, ResolveAxis(attrs.axis.value_or(0), shape.rank()));
    shape.Erase(axis);
    one[0].shape = shape;
  }
  BARYON_RETURN_IF_ERROR(AllTypesEqual(attrs, inputs, one));
  outputs[0].dtype = one[0].dtype;
  return absl::OkStatus();
}

template <typename A>
std::optional<A> ConcatChannelsLast(const A& attrs, int rank) {
  if (!attrs.axis.has_value()) return std::nullopt;
  A changed = attrs;
  changed.axis = ChannelsLastAxis(*attrs.axis, rank);
  if (!changed.axis.has_value()) return std::nullopt;
  return changed;
}

template <JoinFn kJoin, typename A>
OpSpec<A> JoinSpec(std::vector<std::string> names) {
  OpSpec<A> spec;
  spec.names = std::move(names);
  spec.inputs = {"data"};
  spec.variadic = true;
  spec.attrs = {Attr("num_args", &A::num_args)};
  spec.infer_types = InferTypes<kJoin, A>;
  spec.prepare = Prepare<kJoin, A>;
  spec.accepts_unknown_dims = true;
  return spec;
}

template <typename A>
OpSpec<A> ConcatSpec(std::vector<std::string> names) {
  auto spec = JoinSpec<JoinConcat, A>(std::move(names));
  spec.attrs.push_back(Attr("dim", &A::axis));
  spec.complete_types = CompleteConcat<A>;
  spec.to_channels_last = ConcatChannelsLast<A>;
  spec.joins_last_axis = [](const A& attrs, int rank) {
    return attrs.axis.has_value() && NormalizeAxis(*attrs.axis, rank) == rank - 1;
  };
  spec.takes_slice = [joins = spec.joins_last_axis](const A& attrs, int, int rank) { return joins(attrs, rank); };
  return spec;
}

// An operator of its own in 1.x, with `axis` from 0; in 2.x another name of Concat, which always writes its `dim`.
OpSpec<StackAttrs> ConcatenateSpec() {
  auto spec = ConcatSpec<StackAttrs>({"_npi_concatenate"});
  spec.outputs = {"out"};
  spec.attrs.push_back(Attr("axis", &StackAttrs::axis));
  return spec;
}

OpSpec<StackAttrs> StackSpec() {
  auto spec = JoinSpec<JoinStack, StackAttrs>({"stack", "_npi_stack"});
  spec.attrs.push_back(Attr("axis", &StackAttrs::axis));
  spec.complete_types = CompleteStack;
  return spec;
}

// Their axis is fixed; some share the attributes of Concat with it, where `dim` means nothing.
template <JoinFn kJoin>
OpSpec<StackAttrs> NumPyStackSpec(const char* name, const char* output = "output") {
  auto spec = JoinSpec<kJoin, StackAttrs>({name});
  spec.outputs = {output};
  spec.ignored_attrs = {"dim"};
  return spec;
}

const OpRegistration<ConcatAttrs> kConcat(ConcatSpec<ConcatAttrs>({"Concat", "concat", "_rnn_param_concat",
                                                                   "_npi_rnn_param_concat", "_sparse_concat"}));
const OpRegistration<StackAttrs> kConcatenate(ConcatenateSpec());
const OpRegistration<StackAttrs> kStack(StackSpec());
const OpRegistration<StackAttrs> kHStack(NumPyStackSpec<JoinHStack>("_npi_hstack", "out"));
const OpRegistration<StackAttrs> kVStack(NumPyStackSpec<JoinVStack>("_npi_vstack"));
const OpRegistration<StackAttrs> kDStack(NumPyStackSpec<JoinDStack>("_npi_dstack", "out"));
const OpRegistration<StackAttrs> kColumnStack(NumPyStackSpec<JoinColumnStack>("_npi_column_stack"));

}  // namespace
}  // namespace baryon
