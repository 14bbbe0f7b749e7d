// Position-sensitive averages over the bins of regions of interest: each bin reads channels of its own, so that they
// learn what stands in that part of an object.
// Source: Dai, Li, He, Sun, R-FCN: Object Detection via Region-based Fully Convolutional Networks, 2016.
#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/roi_pool.h"
#include "engine/ops/psroi_rules.h"
#include "engine/ops/roi_rules.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

using kernels::FeatureMap;
using kernels::PixelRange;

struct PsroiAttrs : PsroiSizes {
  double spatial_scale = 1;
  Layout layout = Layout::kNone;

  bool channels_last() const { return IsChannelsLast(layout); }
};

absl::Status Check(const PsroiAttrs& attrs) {
  BARYON_RETURN_IF_ERROR(CheckPsroiSizes(attrs));
  BARYON_RETURN_IF_ERROR(CheckSpatialScale(attrs.spatial_scale));
  return CheckLayout(attrs.layout, 2);
}

absl::StatusOr<TensorTypes> InferTypes(const PsroiAttrs& attrs, const TensorTypes& inputs) {
  return InferPsroiTypes(attrs, attrs.channels_last(), inputs);
}

// The pixels of a bin of an axis: from the one it begins in to the one it ends in.
template <typename V>
std::pair<int64_t, int64_t> PixelsOfBin(const PsroiAxis<V>& axis, int64_t bin, int64_t size) {
  return {Bounded(std::floor(static_cast<V>(bin) * axis.bin_size + axis.start), 0, size),
          Bounded(std::ceil(static_cast<V>(bin + 1) * axis.bin_size + axis.start), 0, size)};
}

template <typename T>
void PoolRegion(const PsroiAttrs& attrs, const FeatureMap<const T>& map, const T* roi, const FeatureMap<T>& out) {
  using V = ComputeType<T>;
  const V scale = static_cast<float>(attrs.spatial_scale);
  const auto rows = PsroiAxis<V>::Of(roi[2], roi[4], scale, 0, attrs.pooled_size);
  const auto columns = PsroiAxis<V>::Of(roi[1], roi[3], scale, 0, attrs.pooled_size);
  for (int64_t y = 0; y < out.height; ++y) {
    const auto [top, bottom] = PixelsOfBin(rows, y, map.height);
    for (int64_t x = 0; x < out.width; ++x) {
      const auto [left, right] = PixelsOfBin(columns, x, map.width);
      const PixelRange range = {top, bottom, left, right};
      const V area = static_cast<V>((bottom - top) * (right - left));
      for (int64_t c = 0; c < out.channels; ++c) {
        const V sum = range.empty() ? 0 : kernels::SumOfPixels<T, V>(map, PsroiChannel(attrs, c, y, x), range);
        out.at(y, x)[c * out.channel_stride] = static_cast<T>(range.empty() ? 0 : sum / area);
      }
    }
  }
}

void Compute(const PsroiAttrs& attrs, OpContext& context) {
  const TensorView &data = context.input(0), &rois = context.input(1);
  DispatchFloating(data.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    absl::Status status = CheckImageNumbers<T>(rois, data.shape()[0], /*may_be_none=*/false);
    if (!status.ok()) return context.Fail(std::move(status));
    context.ParallelRanges(rois.shape()[0], 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const T* roi = rois.data<const T>() + i * 5;
        PoolRegion(attrs, ImageMap<T>(data, ImageOf(roi), attrs.channels_last()), roi,
                   PooledMap<T>(context.output(0), i, attrs.channels_last()));
      }
    });
  });
}

const OpRegistration<PsroiAttrs> kPsroiPooling({
    .names = {"_contrib_PSROIPooling"},
    .inputs = {"data", "rois"},
    .attrs = {RequiredAttr("spatial_scale", &PsroiAttrs::spatial_scale),
              RequiredAttr<PsroiAttrs, int64_t>("output_dim", &PsroiAttrs::output_dim),
              RequiredAttr<PsroiAttrs, int64_t>("pooled_size", &PsroiAttrs::pooled_size),
              Attr<PsroiAttrs, int64_t>("group_size", &PsroiAttrs::group_size),
              Internal(LayoutAttr("layout", &PsroiAttrs::layout))},
    .check = Check,
    .infer_types = InferTypes,
    .compute = Compute,
    .to_channels_last = RoiToChannelsLast<PsroiAttrs>,
});

}  // namespace
}  // namespace baryon
