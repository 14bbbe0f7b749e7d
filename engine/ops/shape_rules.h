// What operators that change shapes have in common, beside type_rules.h.
#ifndef BARYON_ENGINE_OPS_SHAPE_RULES_H_
#define BARYON_ENGINE_OPS_SHAPE_RULES_H_

#include <optional>
#include <string>
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/type_rules.h"

namespace baryon {

// `axes` counted from the front. Errors: one lies outside of [-rank, rank) or stands twice.
inline absl::StatusOr<IntTuple> ResolveAxes(const IntTuple& axes, int64_t rank) {
  IntTuple resolved;
  for (int64_t axis : axes) {
    BARYON_ASSIGN_OR_RETURN(const int64_t front, ResolveAxis(axis, rank));
    for (int64_t other : resolved) {
      if (other == front) return ExpectedGot("axes that differ", FormatAttr(axes));
    }
    resolved.push_back(front);
  }
  return resolved;
}

// `num_args`, which files of variadic operators hold, against the inputs there are; -1: the file has none.
inline absl::Status CheckNumArgs(int64_t num_args, const TensorTypes& inputs) {
  if (num_args == -1 || num_args == static_cast<int64_t>(inputs.size())) return absl::OkStatus();
  return ExpectedGot(absl::StrCat("num_args = ", num_args, " inputs"), inputs.size());
}

// Where `axis` of channels-first data [N, C, ...] of `rank` is in the same data channels-last; counted from the front.
// Nothing when there is no such axis.
inline std::optional<int64_t> ChannelsLastAxis(int64_t axis, int64_t rank) {
  const std::optional<int64_t> front = NormalizeAxis(axis, rank);
  if (!front.has_value() || *front == 0) return front;
  return *front == 1 ? rank - 1 : *front - 1;
}

// Brings values that belong to the axes of channels-first data, one each, into the order of the same data channels-last.
template <typename Tuple>
void ToChannelsLastOrder(Tuple& values) {
  for (size_t i = 1; i + 1 < values.size(); ++i) std::swap(values[i], values[i + 1]);
}

// Makes the dtype that either type knows known to both.
inline void ShareDType(TensorType& a, TensorType& b) {
  if (a.dtype == DType::kUnknown) a.dtype = b.dtype;
  if (b.dtype == DType::kUnknown) b.dtype = a.dtype;
}

// An attribute whose text may be None, which leaves the field as it is: an empty tuple, a default type.
template <typename A>
AttrDef<A> NoneKeepsDefault(AttrDef<A> def) {
  def.parse = [parse = std::move(def.parse)](absl::string_view text, A& attrs) {
    return text == "None" ? absl::OkStatus() : parse(text, attrs);
  };
  return def;
}

// `dim` * `factor`, or unknown when `dim` is. Beyond 2^60 it stays there: no array is that long, and the graph refuses it.
inline int64_t ScaledDim(int64_t dim, int64_t factor) {
  constexpr int64_t kMost = int64_t{1} << 60;
  if (dim < 0) return Shape::kUnknownDim;
  return factor != 0 && dim > kMost / factor ? kMost : dim * factor;
}

}  // namespace baryon

#endif  // BARYON_ENGINE_OPS_SHAPE_RULES_H_
