// Rotated regions of interest, brought to one size: [image, x, y, width, height, degrees], read at points between the
// pixels on a grid that is turned with the region.
// Source: Ma, Shao, Ye, Wang, Wang, Zheng, Xue, Arbitrary-Oriented Scene Text Detection via Rotation Proposals, 2018.
#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/bilinear_point.h"
#include "engine/ops/roi_rules.h"
#include "engine/ops/scratch_layout.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

using kernels::BilinearPoint;
using kernels::FeatureMap;

constexpr int64_t kMostSamples = 1 << 10;  // along an axis of a bin, when they are given
constexpr int64_t kBlock = 64;             // points that are found before they are read, for all channels

struct RroiAlignAttrs {
  IntTuple pooled_size;
  double spatial_scale = 1;
  int64_t sampling_ratio = -1;  // samples along an axis of a bin; not positive: one for each pixel
};

absl::Status Check(const RroiAlignAttrs& attrs) {
  BARYON_RETURN_IF_ERROR(CheckPooledSize(attrs.pooled_size));
  if (attrs.sampling_ratio > kMostSamples) {
    return ExpectedGot("a \"sampling_ratio\" of at most 1024", attrs.sampling_ratio);
  }
  return CheckSpatialScale(attrs.spatial_scale);
}

absl::StatusOr<TensorTypes> InferTypes(const RroiAlignAttrs& attrs, const TensorTypes& inputs) {
  const TensorType &data = inputs[0], &rois = inputs[1];
  BARYON_RETURN_IF_ERROR(CheckRois(data, rois, 6));
  return TensorTypes{PooledType(rois, data.shape[1], attrs.pooled_size[0], attrs.pooled_size[1], false)};
}

struct Extent {
  double low, high;
};

// One axis of a region around its middle, before it is turned.
template <typename V>
class GridAxis {
 public:
  GridAxis(V size, int64_t bins, int64_t samples) {
    size = std::max<V>(size, 1);
    start_ = -size / 2;
    bin_size_ = size / static_cast<V>(bins);
    grid_ = samples > 0 ? samples : Bounded(std::ceil(bin_size_), 1, int64_t{1} << 31);
  }

  int64_t grid() const { return grid_; }
  V At(int64_t bin, int64_t sample) const {
    return start_ + static_cast<V>(bin) * bin_size_ +
           (static_cast<V>(sample) + V(0.5f)) * bin_size_ / static_cast<V>(grid_);
  }
  // The samples of a bin that may lie in `extent`, and a few beyond.
  std::pair<int64_t, int64_t> Near(int64_t bin, const Extent& extent) const {
    const double first = static_cast<double>(At(bin, 0)), step = static_cast<double>(bin_size_) / grid_;
    return {Bounded((extent.low - first) / step - 2, 0, grid_), Bounded((extent.high - first) / step + 3, 0, grid_)};
  }

 private:
  V start_, bin_size_;
  int64_t grid_;
};

template <typename V>
struct Region {
  GridAxis<V> rows, columns;
  V x, y, cosine, sine;
};

// Where a map with a border of one pixel lies, seen from a region: no sample outside of that counts. So a region that
// is far larger than the map costs what its part near the map does.
struct MapExtent {
  Extent rows, columns;

  template <typename V>
  MapExtent(const Region<V>& region, int64_t height, int64_t width) {
    for (int corner = 0; corner < 4; ++corner) {
      const double y = (corner < 2 ? -1.0 : static_cast<double>(height)) - region.y;
      const double x = (corner % 2 == 0 ? -1.0 : static_cast<double>(width)) - region.x;
      const double row = y * region.cosine + x * region.sine, column = x * region.cosine - y * region.sine;
      rows = corner == 0 ? Extent{row, row} : Extent{std::min(rows.low, row), std::max(rows.high, row)};
      columns =
          corner == 0 ? Extent{column, column} : Extent{std::min(columns.low, column), std::max(columns.high, column)};
    }
  }
};

template <typename T>
class RroiAlignKernel : public Kernel {
  using V = ComputeType<T>;

 public:
  RroiAlignKernel(const RroiAlignAttrs& attrs, const TensorType& data, const TensorType& rois)
      : attrs_(attrs), rois_(rois.shape[0]) {
    points_ = scratch_.Add<BilinearPoint<V>>(kBlock);
    sums_ = scratch_.Add<V>(data.shape[1]);
  }

  int64_t workspace_bytes() const override { return scratch_.bytes(); }

  void Compute(OpContext& context) const override {
    absl::Status status = CheckImageNumbers<T>(context.input(1), context.input(0).shape()[0], /*may_be_none=*/false);
    if (!status.ok()) return context.Fail(std::move(status));
    const int tasks = static_cast<int>(std::min<int64_t>(rois_, 8 * context.num_threads()));
    context.ParallelFor(tasks, [&](int task, int worker) {
      for (int64_t roi = rois_ * task / tasks; roi < rois_ * (task + 1) / tasks; ++roi) {
        AlignRegion(context, roi, context.workspace(worker));
      }
    });
  }

 private:
  Region<V> RegionOf(const T* roi) const {
    const V scale = static_cast<float>(attrs_.spatial_scale);
    const auto scaled = [&](int column) { return static_cast<V>(roi[column]) * scale; };
    const V angle = static_cast<V>(static_cast<double>(static_cast<V>(roi[5])) * M_PI / 180);
    return {{scaled(4), attrs_.pooled_size[0], attrs_.sampling_ratio},
            {scaled(3), attrs_.pooled_size[1], attrs_.sampling_ratio},
            scaled(1),
            scaled(2),
            std::cos(angle),
            std::sin(angle)};
  }

  void AlignRegion(OpContext& context, int64_t roi, char* scratch) const {
    const T* numbers = context.input(1).data<const T>() + roi * 6;
    const FeatureMap<const T> map = ImageMap<T>(context.input(0), ImageOf(numbers), false);
    const FeatureMap<T> out = PooledMap<T>(context.output(0), roi, false);
    const Region<V> region = RegionOf(numbers);
    const MapExtent extent(region, map.height, map.width);
    const V count = static_cast<V>(region.rows.grid()) * static_cast<V>(region.columns.grid());
    V* sums = sums_.At(scratch);
    for (int64_t row = 0; row < out.height; ++row) {
      for (int64_t column = 0; column < out.width; ++column) {
        SumBin(map, region, extent, row, column, points_.At(scratch), sums);
        for (int64_t c = 0; c < out.channels; ++c) {
          out.at(row, column)[c * out.channel_stride] = static_cast<T>(sums[c] / count);
        }
      }
    }
  }

  void SumBin(const FeatureMap<const T>& map, const Region<V>& region, const MapExtent& extent, int64_t row,
              int64_t column, BilinearPoint<V>* points, V* sums) const {
    std::fill_n(sums, map.channels, V{0});
    int64_t count = 0;
    const auto read_points = [&] {
      for (int64_t c = 0; c < map.channels; ++c) {
        for (int64_t i = 0; i < count; ++i) sums[c] += kernels::ValueAt(map.data + c * map.channel_stride, points[i]);
      }
      count = 0;
    };
    const auto [first_y, last_y] = region.rows.Near(row, extent.rows);
    const auto [first_x, last_x] = region.columns.Near(column, extent.columns);
    for (int64_t i = first_y; i < last_y; ++i) {
      const V dy = region.rows.At(row, i);
      for (int64_t j = first_x; j < last_x; ++j) {
        const V dx = region.columns.At(column, j);
        const V x = dx * region.cosine + dy * region.sine + region.x;
        const V y = dy * region.cosine - dx * region.sine + region.y;
        const bool near = y >= -1 && y <= static_cast<V>(map.height) && x >= -1 && x <= static_cast<V>(map.width);
        if (!near) continue;
        points[count++] = kernels::PointInside(map, y, x);
        if (count == kBlock) read_points();
      }
    }
    read_points();
  }

  const RroiAlignAttrs attrs_;
  const int64_t rois_;
  ScratchLayout scratch_;
  Scratch<BilinearPoint<V>> points_;
  Scratch<V> sums_;
};

absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const RroiAlignAttrs& attrs, PrepareContext& context) {
  const TensorType &data = context.inputs()[0], &rois = context.inputs()[1];
  return DispatchFloating(data.dtype, [&](auto tag) -> std::unique_ptr<Kernel> {
    return std::make_unique<RroiAlignKernel<typename decltype(tag)::type>>(attrs, data, rois);
  });
}

const OpRegistration<RroiAlignAttrs> kRroiAlign({
    .names = {"_contrib_RROIAlign"},
    .inputs = {"data", "rois"},
    .attrs = {RequiredAttr("pooled_size", &RroiAlignAttrs::pooled_size),
              RequiredAttr("spatial_scale", &RroiAlignAttrs::spatial_scale),
              Attr("sampling_ratio", &RroiAlignAttrs::sampling_ratio)},
    .check = Check,
    .infer_types = InferTypes,
    .prepare = Prepare,
});

}  // namespace
}  // namespace baryon
