// A number for each spatial axis, as layers over pictures take them: kernel sizes, strides, paddings.
#ifndef BARYON_ENGINE_GLUON_NN_EXTENTS_H_
#define BARYON_ENGINE_GLUON_NN_EXTENTS_H_

#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/graph/attrs.h"

namespace baryon::nn {

// One number for all axes, or one for each: `.padding = 1`, `.padding = {0, 3}`. A value.
class Extents {
 public:
  Extents(int64_t all) : values_{all}, for_all_(true) {}               // NOLINT: .padding = 1
  Extents(std::initializer_list<int64_t> values) : values_(values) {}  // NOLINT: .padding = {0, 3}
  explicit Extents(IntTuple values) : values_(std::move(values)) {}

  // The numbers for `axes` axes. INVALID_ARGUMENT, in Gluon's words, when there are more or fewer; `name` is what they
  // are for: "kernel_size".
  absl::StatusOr<IntTuple> ForAxes(int64_t axes, absl::string_view name) const;

 private:
  IntTuple values_;
  bool for_all_ = false;
};

// The usual order of axes for so many spatial ones, "NCHW" for two, and the one with the channels last, "NHWC".
std::string ChannelsFirst(int64_t spatial_axes);
std::string ChannelsLast(int64_t spatial_axes);

}  // namespace baryon::nn

#endif  // BARYON_ENGINE_GLUON_NN_EXTENTS_H_
