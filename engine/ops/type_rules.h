// What type rules of many operators have in common. Errors read "expected ..., got ...": the graph adds the node.
#ifndef BARYON_ENGINE_OPS_TYPE_RULES_H_
#define BARYON_ENGINE_OPS_TYPE_RULES_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/tensor/tensor.h"

namespace baryon {

// INVALID_ARGUMENT: expected `expected`, got `got`; both as StrCat takes them.
template <typename E, typename G>
absl::Status ExpectedGot(const E& expected, const G& got) {
  return absl::InvalidArgumentError(absl::StrCat("expected ", expected, ", got ", got));
}
// The same with the input's name: "weight": expected float32 [64, 3, 7, 7], got float32 [64, 4, 7, 7].
inline absl::Status InputMismatch(absl::string_view input, const TensorType& expected, const TensorType& got) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", input, "\": expected ", expected.ToString(), ", got ", got.ToString()));
}

// `axis` counted from the front. Errors: it lies outside of [-rank, rank).
inline absl::StatusOr<int64_t> ResolveAxis(int64_t axis, int64_t rank) {
  const std::optional<int64_t> resolved = NormalizeAxis(axis, rank);
  if (resolved.has_value()) return *resolved;
  return ExpectedGot(absl::StrCat("an axis in [", -rank, ", ", rank, ")"), axis);
}

inline absl::Status CheckRank(absl::string_view input, const TensorType& type, int64_t rank) {
  if (type.shape.rank() == rank) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("\"", input, "\": expected rank ", rank, ", got ", type.ToString()));
}
inline absl::Status CheckRankAtLeast(absl::string_view input, const TensorType& type, int64_t rank) {
  if (type.shape.rank() >= rank) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("\"", input, "\": expected rank ", rank, " or more, got ", type.ToString()));
}
inline absl::Status CheckFloating(absl::string_view input, const TensorType& type) {
  if (IsFloating(type.dtype)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("\"", input, "\": expected a floating type, got ", type.ToString()));
}

// Type rule: one output, of the type of input 0.
template <typename A>
absl::StatusOr<TensorTypes> SameTypeAsInput(const A&, const TensorTypes& inputs) {
  return TensorTypes{inputs[0]};
}

// OpSpec::complete_types for operators whose inputs and output 0 all have one type: what any of them knows, all know.
template <typename A>
absl::Status AllTypesEqual(const A&, TensorTypes& inputs, TensorTypes& outputs) {
  TensorType known = outputs[0];
  for (const TensorType& input : inputs) {
    const std::optional<Shape> shape = MergeShapes(known.shape, input.shape);
    if (!shape.has_value()) return ExpectedGot(known.ToString(), input.ToString());
    known.shape = *shape;
    if (known.dtype == DType::kUnknown) known.dtype = input.dtype;
  }
  for (TensorType& input : inputs) input = known;
  outputs[0] = known;
  return absl::OkStatus();
}

// The same for a type that only the operator's shape keeps, for instance comparisons or casts.
template <typename A>
absl::Status AllShapesEqual(const A&, TensorTypes& inputs, TensorTypes& outputs) {
  Shape known = outputs[0].shape;
  for (const TensorType& input : inputs) {
    const std::optional<Shape> shape = MergeShapes(known, input.shape);
    if (!shape.has_value()) return ExpectedGot(known.ToString(), input.shape.ToString());
    known = *shape;
  }
  for (TensorType& input : inputs) input.shape = known;
  outputs[0].shape = known;
  return absl::OkStatus();
}

// The attribute that the symbol reader adds to operators that declare it, when the file has NumPy shape semantics:
//   .attrs = {..., NpShapeAttr(&SumAttrs::np_shape)}
// With it a reduction of everything gives rank 0 instead of [1], and a 0 in a shape attribute is a size, not "unknown".
constexpr char kNpShapeAttr[] = "__np_shape__";
template <typename A>
AttrDef<A> NpShapeAttr(bool A::*field) {
  return Attr(kNpShapeAttr, field);
}

// The attribute with which the reader marks operators of MXNet 2.x files, for those whose rules changed.
constexpr char kMxnet2Attr[] = "__mxnet_2__";
template <typename A>
AttrDef<A> Mxnet2Attr(bool A::*field) {
  return Attr(kMxnet2Attr, field);
}

}  // namespace baryon

#endif  // BARYON_ENGINE_OPS_TYPE_RULES_H_
