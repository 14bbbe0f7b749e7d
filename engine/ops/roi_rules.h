// What operators on regions of interest have in common: data [N, C, H, W], regions [R, 5] or alike whose first column
// is the number of an image, and an output [R, C', pooled_height, pooled_width]; or all of them channels last.
#ifndef BARYON_ENGINE_OPS_ROI_RULES_H_
#define BARYON_ENGINE_OPS_ROI_RULES_H_

#include <cmath>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/feature_map.h"
#include "engine/ops/conv_rules.h"
#include "engine/ops/type_rules.h"

namespace baryon {

constexpr int64_t kMostPooledSize = 1 << 20;

inline absl::Status CheckPooledSize(const IntTuple& size) {
  const bool fits =
      size.size() == 2 && size[0] >= 1 && size[1] >= 1 && size[0] <= kMostPooledSize && size[1] <= kMostPooledSize;
  return fits ? absl::OkStatus() : ExpectedGot("a \"pooled_size\" of two from 1 to 2^20", FormatAttr(size));
}
inline absl::Status CheckSpatialScale(double scale) {
  return scale >= 0 && scale <= 1 ? absl::OkStatus() : ExpectedGot("a \"spatial_scale\" from 0 to 1", scale);
}

// Data and regions of `columns` columns.
inline absl::Status CheckRois(const TensorType& data, const TensorType& rois, int64_t columns) {
  BARYON_RETURN_IF_ERROR(CheckRank("data", data, 4));
  BARYON_RETURN_IF_ERROR(CheckFloating("data", data));
  for (int64_t axis = 1; axis < 4; ++axis) {
    if (data.shape[axis] == 0) return ExpectedGot("\"data\" of pixels", data.ToString());
  }
  const TensorType expected = {data.dtype, {Shape::kUnknownDim, columns}};
  if (rois.dtype == expected.dtype && MergeShapes(rois.shape, expected.shape).has_value()) return absl::OkStatus();
  return InputMismatch("rois", expected, rois);
}

// The output for data of so many channels that are pooled to `channels`.
inline TensorType PooledType(const TensorType& rois, int64_t channels, int64_t height, int64_t width,
                             bool channels_last) {
  if (channels_last) return {rois.dtype, {rois.shape[0], height, width, channels}};
  return {rois.dtype, {rois.shape[0], channels, height, width}};
}

// An operator's output of region `roi`, as a map.
template <typename T>
kernels::FeatureMap<T> PooledMap(const TensorView& output, int64_t roi, bool channels_last) {
  const Shape& shape = output.shape();
  const int64_t channels = shape[channels_last ? 3 : 1], height = shape[channels_last ? 1 : 2];
  const int64_t width = shape[channels_last ? 2 : 3];
  return kernels::FeatureMap<T>::Dense(output.data<T>() + roi * channels * height * width, channels, height, width,
                                       channels_last);
}
// The same for an image of the data.
template <typename T>
kernels::FeatureMap<const T> ImageMap(const TensorView& data, int64_t image, bool channels_last) {
  return PooledMap<const T>(data, image, channels_last);
}

// What the first column of a region says; -1 when it is negative. `rois` has been checked by CheckImageNumbers.
template <typename T>
int64_t ImageOf(const T* roi) {
  const double image = static_cast<double>(static_cast<ComputeType<T>>(*roi));
  return image < 0 && image > -1 ? 0 : image < 0 ? -1 : static_cast<int64_t>(image);
}

// INVALID_ARGUMENT when a region names an image that is not there. Negative numbers, which stand for no image, are
// allowed with `may_be_none`.
template <typename T>
absl::Status CheckImageNumbers(const TensorView& rois, int64_t images, bool may_be_none) {
  const int64_t columns = rois.shape()[1];
  for (int64_t i = 0; i < rois.shape()[0]; ++i) {
    const double image = static_cast<double>(static_cast<ComputeType<T>>(rois.data<const T>()[i * columns]));
    if ((may_be_none || image > -1) && image < static_cast<double>(images)) continue;
    return ExpectedGot(absl::StrCat("region ", i, " of an image below ", images), image);
  }
  return absl::OkStatus();
}

// `value` as a whole number within [low, high]; NaN is `low`.
inline int64_t Bounded(double value, int64_t low, int64_t high) {
  if (!(value > static_cast<double>(low))) return low;
  return value < static_cast<double>(high) ? static_cast<int64_t>(value) : high;
}

// OpSpec::to_channels_last for attributes with a `layout`.
template <typename A>
std::optional<A> RoiToChannelsLast(const A& attrs, int rank) {
  if (rank != 4 || IsChannelsLast(attrs.layout)) return std::nullopt;
  A changed = attrs;
  changed.layout = ChannelsLastLayout(2);
  return changed;
}

}  // namespace baryon

#endif  // BARYON_ENGINE_OPS_ROI_RULES_H_
