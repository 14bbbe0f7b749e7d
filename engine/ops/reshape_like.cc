// reshape_like: the elements of `lhs`, whose dimensions [lhs_begin, lhs_end) are replaced by the dimensions
// [rhs_begin, rhs_end) of `rhs`.
#include "engine/graph/op_def.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

struct ReshapeLikeAttrs {
  std::optional<int64_t> lhs_begin, lhs_end, rhs_begin, rhs_end;  // None: from the first, to the last
};

struct Range {
  int64_t begin, end;
};

absl::StatusOr<Range> DimensionRange(absl::string_view side, const std::optional<int64_t>& begin,
                                     const std::optional<int64_t>& end, const Shape& shape) {
  const int64_t rank = shape.rank();
  Range range = {begin.value_or(0), end.value_or(rank)};
  if (range.begin < 0) range.begin += rank;
  if (range.end < 0) range.end += rank;
  if (0 <= range.begin && range.begin < range.end && range.end <= rank) return range;
  return ExpectedGot(absl::StrCat("a range of dimensions of \"", side, "\", ", shape.ToString()),
                     absl::StrCat("[", FormatAttr(begin), ", ", FormatAttr(end), ")"));
}

absl::StatusOr<TensorTypes> InferTypes(const ReshapeLikeAttrs& attrs, const TensorTypes& inputs) {
  const Shape &lhs = inputs[0].shape, &rhs = inputs[1].shape;
  BARYON_ASSIGN_OR_RETURN(const Range replaced, DimensionRange("lhs", attrs.lhs_begin, attrs.lhs_end, lhs));
  BARYON_ASSIGN_OR_RETURN(const Range taken, DimensionRange("rhs", attrs.rhs_begin, attrs.rhs_end, rhs));
  Shape shape;
  for (int64_t axis = 0; axis < replaced.begin; ++axis) shape.Append(lhs[axis]);
  for (int64_t axis = taken.begin; axis < taken.end; ++axis) shape.Append(rhs[axis]);
  for (int64_t axis = replaced.end; axis < lhs.rank(); ++axis) shape.Append(lhs[axis]);
  if (shape.CheckedNumElements() != lhs.CheckedNumElements()) {
    return ExpectedGot(absl::StrCat("a shape of ", lhs.num_elements(), " elements for ", lhs.ToString()),
                       shape.ToString());
  }
  return TensorTypes{{inputs[0].dtype, shape}};
}

const OpRegistration<ReshapeLikeAttrs> kReshapeLike({
    .names = {"reshape_like", "_npx_reshape_like"},
    .inputs = {"lhs", "rhs"},
    .attrs = {Attr("lhs_begin", &ReshapeLikeAttrs::lhs_begin), Attr("lhs_end", &ReshapeLikeAttrs::lhs_end),
              Attr("rhs_begin", &ReshapeLikeAttrs::rhs_begin), Attr("rhs_end", &ReshapeLikeAttrs::rhs_end)},
    .infer_types = InferTypes,
    .view = true,
});

}  // namespace
}  // namespace baryon
