// Maxima over the bins of regions of interest, in whole pixels: corners are rounded and belong to the region.
#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/roi_pool.h"
#include "engine/ops/roi_rules.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

using kernels::FeatureMap;
using kernels::PixelRange;

struct RoiPoolingAttrs {
  IntTuple pooled_size;
  double spatial_scale = 1;
  Layout layout = Layout::kNone;

  bool channels_last() const { return IsChannelsLast(layout); }
};

absl::Status Check(const RoiPoolingAttrs& attrs) {
  BARYON_RETURN_IF_ERROR(CheckPooledSize(attrs.pooled_size));
  BARYON_RETURN_IF_ERROR(CheckSpatialScale(attrs.spatial_scale));
  return CheckLayout(attrs.layout, 2);
}

absl::StatusOr<TensorTypes> InferTypes(const RoiPoolingAttrs& attrs, const TensorTypes& inputs) {
  const TensorType &data = inputs[0], &rois = inputs[1];
  BARYON_RETURN_IF_ERROR(CheckRois(data, rois, 5));
  const TensorType output = PooledType(rois, data.shape[attrs.channels_last() ? 3 : 1], attrs.pooled_size[0],
                                       attrs.pooled_size[1], attrs.channels_last());
  return TensorTypes{output, output};  // the second: where the maxima were, for training
}

// One axis of a region: its first pixel and the size of a bin.
template <typename V>
struct BinAxis {
  BinAxis(V begin, V end, V scale, int64_t bins) {
    constexpr int64_t kLimit = int64_t{1} << 30;
    start = Bounded(std::round(begin * scale), -kLimit, kLimit);
    const int64_t last = Bounded(std::round(end * scale), -kLimit, kLimit);
    bin_size = static_cast<V>(std::max<int64_t>(last - start + 1, 1)) / static_cast<V>(bins);
  }
  // Where a bin begins, cut to an axis of `size`; bins overlap by the pixels they share.
  int64_t First(int64_t bin, int64_t size) const { return Cut(std::floor(static_cast<V>(bin) * bin_size), size); }
  int64_t End(int64_t bin, int64_t size) const { return Cut(std::ceil(static_cast<V>(bin + 1) * bin_size), size); }

 private:
  int64_t Cut(V position, int64_t size) const {
    return std::clamp<int64_t>(static_cast<int64_t>(position) + start, 0, size);
  }

  int64_t start;
  V bin_size;
};

template <typename T>
void PoolRegion(const FeatureMap<const T>& map, const BinAxis<ComputeType<T>>& rows,
                const BinAxis<ComputeType<T>>& columns, const FeatureMap<T>& out) {
  for (int64_t y = 0; y < out.height; ++y) {
    for (int64_t x = 0; x < out.width; ++x) {
      const PixelRange range = {rows.First(y, map.height), rows.End(y, map.height), columns.First(x, map.width),
                                columns.End(x, map.width)};
      T* to = out.at(y, x);
      if (range.empty() || map.data == nullptr) {
        for (int64_t c = 0; c < out.channels; ++c) to[c * out.channel_stride] = static_cast<T>(0);
        continue;
      }
      if constexpr (std::is_same_v<T, float>) {
        if (map.channel_stride == 1) {
          kernels::MaxChannelVectors(map, range, to);
          continue;
        }
      }
      kernels::MaxOfPixels<T, ComputeType<T>>(map, range, to, out.channel_stride);
    }
  }
}

void Compute(const RoiPoolingAttrs& attrs, OpContext& context) {
  const TensorView &data = context.input(0), &rois = context.input(1);
  if (context.output(0).num_elements() == 0) return;
  DispatchFloating(data.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    using V = ComputeType<T>;
    const V scale = static_cast<float>(attrs.spatial_scale);
    context.ParallelRanges(rois.shape()[0], 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const T* roi = rois.data<const T>() + i * 5;
        const int64_t image = Bounded(static_cast<double>(static_cast<V>(roi[0])), -1, data.shape()[0]);
        const bool exists = image >= 0 && image < data.shape()[0];  // regions of no image are 0
        FeatureMap<const T> map = ImageMap<T>(data, exists ? image : 0, attrs.channels_last());
        if (!exists) map.data = nullptr;
        PoolRegion<T>(map, BinAxis<V>(roi[2], roi[4], scale, attrs.pooled_size[0]),
                      BinAxis<V>(roi[1], roi[3], scale, attrs.pooled_size[1]),
                      PooledMap<T>(context.output(0), i, attrs.channels_last()));
      }
    });
  });
}

const OpRegistration<RoiPoolingAttrs> kRoiPooling({
    .names = {"ROIPooling", "_npx_roi_pooling"},
    .inputs = {"data", "rois"},
    .outputs = {"output", "maxidx"},
    .attrs = {RequiredAttr("pooled_size", &RoiPoolingAttrs::pooled_size),
              RequiredAttr("spatial_scale", &RoiPoolingAttrs::spatial_scale),
              Internal(LayoutAttr("layout", &RoiPoolingAttrs::layout))},
    .check = Check,
    .num_visible_outputs = [](const RoiPoolingAttrs&) { return 1; },
    .infer_types = InferTypes,
    .compute = Compute,
    .accepts_unknown_dims = true,
    .to_channels_last = RoiToChannelsLast<RoiPoolingAttrs>,
});

}  // namespace
}  // namespace baryon
