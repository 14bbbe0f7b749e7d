#include "engine/gluon/nn/extents.h"

#include "absl/strings/str_cat.h"

namespace baryon::nn {

absl::StatusOr<IntTuple> Extents::ForAxes(int64_t axes, absl::string_view name) const {
  if (for_all_) return IntTuple(axes, values_[0]);
  if (static_cast<int64_t>(values_.size()) == axes) return values_;
  return absl::InvalidArgumentError(
      absl::StrCat(name, " must be a number or a list of ", axes, " ints, got ", FormatAttr(values_)));
}

namespace {

// "W", "HW", "DHW".
std::string SpatialAxes(int64_t count) { return std::string("DHW").substr(3 - count); }

}  // namespace

std::string ChannelsFirst(int64_t spatial_axes) { return "NC" + SpatialAxes(spatial_axes); }

std::string ChannelsLast(int64_t spatial_axes) { return "N" + SpatialAxes(spatial_axes) + "C"; }

}  // namespace baryon::nn
