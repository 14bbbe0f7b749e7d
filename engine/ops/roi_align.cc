// Regions of interest of a feature map, brought to one size: each bin of a region is the average of samples between the
// pixels. See kernels/roi_align.h.
#include "engine/kernels/roi_align.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/ops/roi_rules.h"
#include "engine/ops/scratch_layout.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

using kernels::FeatureMap;
using kernels::GridAxis;
using kernels::WeightedPixels;

constexpr int64_t kMostSamples = 1 << 16;  // along an axis of a bin

struct RoiAlignAttrs {
  IntTuple pooled_size;
  double spatial_scale = 1;
  int64_t sample_ratio = -1;        // samples along an axis of a bin; not positive: one for each pixel
  bool position_sensitive = false;  // each bin has channels of its own
  bool aligned = false;             // coordinates are those of pixel borders rather than of their middles
  Layout layout = Layout::kNone;

  bool channels_last() const { return IsChannelsLast(layout); }
  int64_t bins() const { return pooled_size[0] * pooled_size[1]; }
};

absl::Status Check(const RoiAlignAttrs& attrs) {
  BARYON_RETURN_IF_ERROR(CheckPooledSize(attrs.pooled_size));
  BARYON_RETURN_IF_ERROR(CheckSpatialScale(attrs.spatial_scale));
  if (attrs.sample_ratio > kMostSamples) return ExpectedGot("a \"sample_ratio\" of at most 2^16", attrs.sample_ratio);
  return CheckLayout(attrs.layout, 2);
}

absl::StatusOr<TensorTypes> InferTypes(const RoiAlignAttrs& attrs, const TensorTypes& inputs) {
  const TensorType &data = inputs[0], &rois = inputs[1];
  const bool without_image = rois.shape.rank() == 2 && rois.shape[1] == 4;  // regions of image 0
  BARYON_RETURN_IF_ERROR(CheckRois(data, rois, without_image ? 4 : 5));
  int64_t channels = data.shape[attrs.channels_last() ? 3 : 1];
  if (attrs.position_sensitive && channels >= 0) {
    if (channels % attrs.bins() != 0) {
      return ExpectedGot(absl::StrCat("channels in multiples of ", attrs.bins(), " bins"), data.ToString());
    }
    channels /= attrs.bins();
  }
  return TensorTypes{PooledType(rois, channels, attrs.pooled_size[0], attrs.pooled_size[1], attrs.channels_last())};
}

// Where the samples of a region are; T float or double.
template <typename T>
struct Grids {
  GridAxis<T> rows, columns;
  T count() const { return static_cast<T>(rows.grid) * static_cast<T>(columns.grid); }
};

template <typename T>
class RoiAlignKernel : public Kernel {
  using V = ComputeType<T>;

 public:
  RoiAlignKernel(const RoiAlignAttrs& attrs, const TensorType& data, const TensorType& rois)
      : attrs_(attrs), rois_(rois.shape[0]), columns_(rois.shape[1]) {
    row_weights_ = scratch_.Add<V>(data.shape[attrs.channels_last() ? 1 : 2]);
    column_weights_ = scratch_.Add<V>(data.shape[attrs.channels_last() ? 2 : 3]);
  }

  int64_t workspace_bytes() const override { return scratch_.bytes(); }

  // A task is a row of bins of a region.
  void Compute(OpContext& context) const override {
    if (absl::Status status = CheckRegions(context); !status.ok()) return context.Fail(std::move(status));
    if (context.output(0).num_elements() == 0) return;
    const int64_t rows = rois_ * attrs_.pooled_size[0];
    const int tasks = static_cast<int>(std::min<int64_t>(rows, 8 * context.num_threads()));
    context.ParallelFor(tasks, [&](int task, int worker) {
      for (int64_t row = rows * task / tasks; row < rows * (task + 1) / tasks; ++row) {
        AlignRow(context, row / attrs_.pooled_size[0], row % attrs_.pooled_size[0], context.workspace(worker));
      }
    });
  }

  std::string algorithm() const override { return HasVectors() ? "channel vectors" : "plain loops"; }

 private:
  bool HasVectors() const { return std::is_same_v<T, float> && attrs_.channels_last() && !attrs_.position_sensitive; }

  const T* Roi(OpContext& context, int64_t roi) const { return context.input(1).data<const T>() + roi * columns_; }
  int64_t ImageOfRoi(OpContext& context, int64_t roi) const { return columns_ == 4 ? 0 : ImageOf(Roi(context, roi)); }

  absl::Status CheckRegions(OpContext& context) const {
    const int64_t images = context.input(0).shape()[0];
    if (columns_ == 5) BARYON_RETURN_IF_ERROR(CheckImageNumbers<T>(context.input(1), images, true));
    if (columns_ == 4 && images == 0 && rois_ > 0) return ExpectedGot("an image", "none");
    if (!attrs_.aligned) return absl::OkStatus();
    for (int64_t roi = 0; roi < rois_; ++roi) {
      const T* sides = Roi(context, roi) + (columns_ - 4);
      const V width = static_cast<V>(sides[2]) - static_cast<V>(sides[0]);
      const V height = static_cast<V>(sides[3]) - static_cast<V>(sides[1]);
      if (ImageOfRoi(context, roi) < 0 || (width > 0 && height > 0)) continue;
      return ExpectedGot(absl::StrCat("region ", roi, " of a positive size"), absl::StrCat(width, " x ", height));
    }
    return absl::OkStatus();
  }

  GridAxis<V> AxisOf(V begin, V end, int64_t bins) const {
    const V scale = static_cast<float>(attrs_.spatial_scale), offset = attrs_.aligned ? V{0.5f} : V{0};
    const V start = begin * scale - offset;
    V size = end * scale - offset - start;
    if (!attrs_.aligned) size = std::max<V>(size, 1);
    GridAxis<V> axis = {start, size / static_cast<V>(bins), attrs_.sample_ratio};
    if (attrs_.sample_ratio <= 0) axis.grid = Bounded(std::ceil(axis.bin_size), 1, int64_t{1} << 31);
    return axis;
  }

  Grids<V> GridsOf(const T* sides) const {
    return {AxisOf(sides[1], sides[3], attrs_.pooled_size[0]), AxisOf(sides[0], sides[2], attrs_.pooled_size[1])};
  }

  void AlignRow(OpContext& context, int64_t roi, int64_t row, char* scratch) const {
    const FeatureMap<T> out = PooledMap<T>(context.output(0), roi, attrs_.channels_last());
    const int64_t image = ImageOfRoi(context, roi);
    if (image < 0) return Clear(out, row);
    const FeatureMap<const T> map = ImageMap<T>(context.input(0), image, attrs_.channels_last());
    const Grids<V> grids = GridsOf(Roi(context, roi) + (columns_ - 4));
    V *row_weights = row_weights_.At(scratch), *column_weights = column_weights_.At(scratch);
    const WeightedPixels rows = kernels::WeighBin(grids.rows, row, map.height, row_weights);
    for (int64_t column = 0; column < out.width; ++column) {
      const WeightedPixels columns = kernels::WeighBin(grids.columns, column, map.width, column_weights);
      const FeatureMap<const T> own = attrs_.position_sensitive ? OwnChannels(map, row * out.width + column) : map;
      if constexpr (std::is_same_v<T, float>) {
        if (HasVectors()) {
          kernels::AverageChannelVectors(own, rows, row_weights, columns, column_weights, grids.count(),
                                         out.at(row, column));
          continue;
        }
      }
      kernels::AveragePixels(own, rows, row_weights, columns, column_weights, grids.count(), out.at(row, column),
                             out.channel_stride);
    }
  }

  static void Clear(const FeatureMap<T>& out, int64_t row) {
    for (int64_t column = 0; column < out.width; ++column) {
      for (int64_t c = 0; c < out.channels; ++c) out.at(row, column)[c * out.channel_stride] = static_cast<T>(0);
    }
  }

  // Every channel of the output reads the one of its block of data channels that belongs to the bin.
  FeatureMap<const T> OwnChannels(FeatureMap<const T> map, int64_t bin) const {
    map.data += bin * map.channel_stride;
    map.channels /= attrs_.bins();
    map.channel_stride *= attrs_.bins();
    return map;
  }

  const RoiAlignAttrs attrs_;
  const int64_t rois_, columns_;
  ScratchLayout scratch_;
  Scratch<V> row_weights_, column_weights_;
};

absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const RoiAlignAttrs& attrs, PrepareContext& context) {
  const TensorType &data = context.inputs()[0], &rois = context.inputs()[1];
  return DispatchFloating(data.dtype, [&](auto tag) -> std::unique_ptr<Kernel> {
    return std::make_unique<RoiAlignKernel<typename decltype(tag)::type>>(attrs, data, rois);
  });
}

const OpRegistration<RoiAlignAttrs> kRoiAlign({
    .names = {"_contrib_ROIAlign", "_npx_roi_align"},
    .inputs = {"data", "rois"},
    .attrs = {RequiredAttr("pooled_size", &RoiAlignAttrs::pooled_size),
              RequiredAttr("spatial_scale", &RoiAlignAttrs::spatial_scale),
              Attr("sample_ratio", &RoiAlignAttrs::sample_ratio),
              Attr("position_sensitive", &RoiAlignAttrs::position_sensitive), Attr("aligned", &RoiAlignAttrs::aligned),
              Internal(LayoutAttr("layout", &RoiAlignAttrs::layout))},
    .check = Check,
    .infer_types = InferTypes,
    .prepare = Prepare,
    .accepts_unknown_dims = true,
    .to_channels_last = RoiToChannelsLast<RoiAlignAttrs>,
});

}  // namespace
}  // namespace baryon
