// Position-sensitive averages over the bins of regions of interest, each bin shifted by a share of the region that a
// network gave, and read at a few points between the pixels.
// Source: Dai, Qi, Xiong, Li, Zhang, Hu, Wei, Deformable Convolutional Networks, 2017.
#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/feature_map.h"
#include "engine/ops/psroi_rules.h"
#include "engine/ops/roi_rules.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

using kernels::FeatureMap;

constexpr int64_t kMostSamples = 1 << 10;  // along an axis of a bin

struct DeformableAttrs : PsroiSizes {
  double spatial_scale = 1;
  int64_t part_size = 0;        // parts with a shift of their own along an axis; 0: one for each bin
  int64_t sample_per_part = 1;  // along an axis of a bin
  double trans_std = 0;         // factor of shifts
  bool no_trans = false;        // no shifts, no third input

  int64_t parts() const { return part_size == 0 ? pooled_size : part_size; }
};

absl::Status Check(const DeformableAttrs& attrs) {
  BARYON_RETURN_IF_ERROR(CheckPsroiSizes(attrs));
  BARYON_RETURN_IF_ERROR(CheckSpatialScale(attrs.spatial_scale));
  if (attrs.group_size < 1) return ExpectedGot("a \"group_size\" of 1 or more", attrs.group_size);
  if (attrs.part_size < 0) return ExpectedGot("a \"part_size\" of 0 or more", attrs.part_size);
  if (attrs.sample_per_part >= 1 && attrs.sample_per_part <= kMostSamples) return absl::OkStatus();
  return ExpectedGot("\"sample_per_part\" from 1 to 1024", attrs.sample_per_part);
}

absl::StatusOr<TensorTypes> InferTypes(const DeformableAttrs& attrs, const TensorTypes& inputs) {
  BARYON_ASSIGN_OR_RETURN(TensorTypes outputs, InferPsroiTypes(attrs, false, inputs));
  if (!attrs.no_trans) {
    const TensorType& shifts = inputs[2];
    BARYON_RETURN_IF_ERROR(CheckRank("trans", shifts, 4));
    const int64_t classes = shifts.shape[1] / 2;
    if (classes < 1 || attrs.output_dim % classes != 0 || shifts.shape[1] % 2 != 0) {
      return ExpectedGot(
          absl::StrCat("\"trans\" with two channels for each of some classes that divide ", attrs.output_dim),
          shifts.ToString());
    }
    const TensorType expected = {inputs[0].dtype, {inputs[1].shape[0], 2 * classes, attrs.parts(), attrs.parts()}};
    if (shifts != expected) return InputMismatch("trans", expected, shifts);
  }
  outputs.push_back(outputs[0]);  // how many points each bin found in the image, for training
  return outputs;
}

// Between the four pixels around (y, x), which lies inside of the map.
template <typename T, typename V>
V Interpolate(const FeatureMap<const T>& map, int64_t channel, V y, V x) {
  const V low_y = std::floor(y), low_x = std::floor(x), dy = y - low_y, dx = x - low_x;
  const auto value = [&](V row, V column) {
    const T* pixel = map.at(static_cast<int64_t>(row), static_cast<int64_t>(column));
    return static_cast<V>(pixel[channel * map.channel_stride]);
  };
  const V high_y = std::ceil(y), high_x = std::ceil(x);
  return (1 - dx) * (1 - dy) * value(low_y, low_x) + (1 - dx) * dy * value(high_y, low_x) +
         dx * (1 - dy) * value(low_y, high_x) + dx * dy * value(high_y, high_x);
}

// The mean of the points of a bin that begins at (top, left), as far as they lie inside of the map.
template <typename T, typename V>
V MeanOfBin(const FeatureMap<const T>& map, int64_t channel, int64_t samples, V top, V left, V step_y, V step_x) {
  V sum = 0;
  int64_t count = 0;
  const V last_y = static_cast<V>(map.height - 1), last_x = static_cast<V>(map.width - 1);
  for (int64_t i = 0; i < samples; ++i) {
    const V y = top + static_cast<V>(i) * step_y;
    if (!(y >= V(-0.5f) && y <= last_y + V(0.5f))) continue;
    for (int64_t j = 0; j < samples; ++j) {
      const V x = left + static_cast<V>(j) * step_x;
      if (!(x >= V(-0.5f) && x <= last_x + V(0.5f))) continue;
      sum += Interpolate(map, channel, std::clamp<V>(y, 0, last_y), std::clamp<V>(x, 0, last_x));
      ++count;
    }
  }
  return count == 0 ? 0 : sum / static_cast<V>(count);
}

template <typename T>
void PoolRegion(const DeformableAttrs& attrs, OpContext& context, int64_t region) {
  using V = ComputeType<T>;
  const T* roi = context.input(1).data<const T>() + region * 5;
  const FeatureMap<const T> map = ImageMap<T>(context.input(0), ImageOf(roi), false);
  const FeatureMap<T> out = PooledMap<T>(context.output(0), region, false);
  const V scale = static_cast<float>(attrs.spatial_scale), shift_scale = static_cast<float>(attrs.trans_std);
  const V half = static_cast<float>(0.5);
  const auto rows = PsroiAxis<V>::Of(roi[2], roi[4], scale, half, attrs.pooled_size);
  const auto columns = PsroiAxis<V>::Of(roi[1], roi[3], scale, half, attrs.pooled_size);
  const V samples = static_cast<V>(attrs.sample_per_part);
  const int64_t classes = attrs.no_trans ? 1 : context.input(2).shape()[1] / 2, parts = attrs.parts();
  for (int64_t c = 0; c < out.channels; ++c) {
    const int64_t shift_plane = region * 2 * classes + 2 * (c / (out.channels / classes));
    for (int64_t y = 0; y < out.height; ++y) {
      for (int64_t x = 0; x < out.width; ++x) {
        const auto shift = [&](int64_t plane) -> V {
          if (attrs.no_trans) return 0;
          const int64_t part = y * parts / out.height * parts + x * parts / out.width;
          return static_cast<V>(context.input(2).data<const T>()[plane * parts * parts + part]) * shift_scale;
        };
        const V top = static_cast<V>(y) * rows.bin_size + rows.start + shift(shift_plane + 1) * rows.size;
        const V left = static_cast<V>(x) * columns.bin_size + columns.start + shift(shift_plane) * columns.size;
        out.at(y, x)[c * out.channel_stride] =
            static_cast<T>(MeanOfBin(map, PsroiChannel(attrs, c, y, x), attrs.sample_per_part, top, left,
                                     rows.bin_size / samples, columns.bin_size / samples));
      }
    }
  }
}

void Compute(const DeformableAttrs& attrs, OpContext& context) {
  DispatchFloating(context.input(0).dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    absl::Status status = CheckImageNumbers<T>(context.input(1), context.input(0).shape()[0], /*may_be_none=*/false);
    if (!status.ok()) return context.Fail(std::move(status));
    context.ParallelRanges(context.input(1).shape()[0], 1, [&](int64_t begin, int64_t end) {
      for (int64_t region = begin; region < end; ++region) PoolRegion<T>(attrs, context, region);
    });
  });
}

const OpRegistration<DeformableAttrs> kDeformablePsroiPooling({
    .names = {"_contrib_DeformablePSROIPooling"},
    .inputs = {"data", "rois", "trans"},
    .outputs = {"output", "top_count"},
    .attrs = {RequiredAttr("spatial_scale", &DeformableAttrs::spatial_scale),
              RequiredAttr<DeformableAttrs, int64_t>("output_dim", &DeformableAttrs::output_dim),
              RequiredAttr<DeformableAttrs, int64_t>("group_size", &DeformableAttrs::group_size),
              RequiredAttr<DeformableAttrs, int64_t>("pooled_size", &DeformableAttrs::pooled_size),
              Attr("part_size", &DeformableAttrs::part_size),
              Attr("sample_per_part", &DeformableAttrs::sample_per_part),
              Attr("trans_std", &DeformableAttrs::trans_std), Attr("no_trans", &DeformableAttrs::no_trans)},
    .check = Check,
    .num_inputs = [](const DeformableAttrs& attrs) { return attrs.no_trans ? 2 : 3; },
    .num_visible_outputs = [](const DeformableAttrs&) { return 1; },
    .infer_types = InferTypes,
    .compute = Compute,
});

}  // namespace
}  // namespace baryon
