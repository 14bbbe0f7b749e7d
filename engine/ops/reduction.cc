#include "engine/ops/reduction.h"

#include <algorithm>

#include "engine/ops/type_rules.h"

namespace baryon {

absl::StatusOr<AxisMask> ReducedAxes(const std::optional<IntTuple>& axis, int64_t rank, EmptyAxes empty) {
  if (rank > kernels::ReduceGeometry::kMaxRank) {
    return ExpectedGot(absl::StrCat("at most ", kernels::ReduceGeometry::kMaxRank, " axes"), rank);
  }
  if (!axis.has_value() || (axis->empty() && empty == EmptyAxes::kAll)) return AxisMask(rank, true);
  AxisMask reduced(rank, false);
  for (int64_t named : *axis) {
    BARYON_ASSIGN_OR_RETURN(const int64_t resolved, ResolveAxis(named, rank));
    if (reduced[resolved]) return ExpectedGot("axes that differ", FormatAttr(*axis));
    reduced[resolved] = true;
  }
  return reduced;
}

Shape ReducedShape(const Shape& shape, const AxisMask& reduced, bool keepdims) {
  Shape result;
  for (int64_t axis = 0; axis < shape.rank(); ++axis) {
    if (!reduced[axis]) {
      result.Append(shape[axis]);
    } else if (keepdims) {
      result.Append(1);
    }
  }
  return result;
}

Shape LegacyReducedShape(const Shape& shape, const AxisMask& reduced, bool keepdims) {
  Shape result = ReducedShape(shape, reduced, keepdims);
  if (result.rank() == 0) result.Append(1);
  return result;
}

int64_t AxisChannelsLast(int64_t axis, int64_t rank) {
  if (axis == 0) return 0;
  return axis == 1 ? rank - 1 : axis - 1;
}

std::optional<IntTuple> AxesChannelsLast(const AxisMask& reduced, bool keepdims) {
  const int64_t rank = static_cast<int64_t>(reduced.size());
  IntTuple axes;
  bool keeps_spatial = false;
  for (int64_t axis = 0; axis < rank; ++axis) {
    if (reduced[axis]) axes.push_back(AxisChannelsLast(axis, rank));
    keeps_spatial = keeps_spatial || (axis >= 2 && !reduced[axis]);
  }
  if (!keepdims && !axes.empty() && keeps_spatial && !reduced[1]) return std::nullopt;
  return axes;
}

kernels::ReduceGeometry GeometryOf(const Shape& shape, const AxisMask& reduced) {
  return kernels::MakeReduceGeometry(shape.dims().data(), reduced.data(), static_cast<int>(shape.rank()));
}

void ForUnits(OpContext& context, const kernels::ReduceGeometry& geometry,
              absl::FunctionRef<void(int64_t begin, int64_t end)> fn) {
  constexpr int64_t kElementsWorthAThread = 1 << 15;
  if (geometry.num_units == 0) return;
  const int64_t elements_per_unit =
      std::max<int64_t>(geometry.num_outputs / geometry.num_units, 1) * std::max<int64_t>(geometry.num_terms, 1);
  context.ParallelRanges(geometry.num_units, std::max<int64_t>(kElementsWorthAThread / elements_per_unit, 1), fn);
}

}  // namespace baryon
