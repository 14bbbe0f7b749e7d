// Average pooling to a given size: output i averages the inputs from floor(i in / out) to ceil((i + 1) in / out).
#include <memory>
#include <optional>
#include <utility>

#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/pool.h"
#include "engine/ops/conv_rules.h"
#include "engine/ops/pool_kernel.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

constexpr int64_t kMostOutputs = 1 << 20;  // along an axis

struct AdaptiveAttrs {
  std::optional<IntTuple> output_size;  // height and width, or both at once; none: 1
  Layout layout = Layout::kNone;

  bool channels_last() const { return IsChannelsLast(layout); }
  int64_t size(int axis) const {
    if (!output_size.has_value() || output_size->empty()) return 1;
    return output_size->size() == 1 ? (*output_size)[0] : (*output_size)[axis];
  }
};

absl::Status Check(const AdaptiveAttrs& attrs) {
  const bool fits = !attrs.output_size.has_value() || attrs.output_size->size() <= 2;
  if (!fits || attrs.size(0) < 1 || attrs.size(1) < 1 || attrs.size(0) > kMostOutputs || attrs.size(1) > kMostOutputs) {
    return ExpectedGot("\"output_size\" of one or two elements from 1 to 2^20", FormatAttr(attrs.output_size));
  }
  return CheckLayout(attrs.layout, 2);
}

int64_t HeightAxis(const AdaptiveAttrs& attrs) { return attrs.channels_last() ? 1 : 2; }

absl::StatusOr<TensorTypes> InferTypes(const AdaptiveAttrs& attrs, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckFloating("data", inputs[0]));
  BARYON_RETURN_IF_ERROR(CheckRank("data", inputs[0], 4));
  TensorType output = inputs[0];
  for (int axis = 0; axis < 2; ++axis) {
    int64_t& size = output.shape[HeightAxis(attrs) + axis];
    if (size == 0) return ExpectedGot("an image", inputs[0].ToString());
    size = attrs.size(axis);
  }
  return TensorTypes{output};
}

absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const AdaptiveAttrs& attrs, PrepareContext& context) {
  const TensorType& data = context.inputs()[0];
  kernels::PoolGeometry geometry;
  geometry.type = kernels::PoolType::kAvg;
  geometry.batch = data.shape[0];
  geometry.channels = data.shape[attrs.channels_last() ? 3 : 1];
  geometry.windows[0] = {{0, 1, 1}};
  for (int axis = 0; axis < 2; ++axis) {
    geometry.in[1 + axis] = data.shape[HeightAxis(attrs) + axis];
    geometry.windows[1 + axis] = kernels::AdaptiveWindows(geometry.in[1 + axis], attrs.size(axis));
  }
  return MakePoolKernel(std::move(geometry), data.dtype, attrs.channels_last());
}

std::optional<AdaptiveAttrs> ToChannelsLast(const AdaptiveAttrs& attrs, int rank) {
  if (attrs.channels_last() || rank != 4) return std::nullopt;
  AdaptiveAttrs changed = attrs;
  changed.layout = Layout::kNHWC;
  return changed;
}

const OpRegistration<AdaptiveAttrs> kAdaptiveAvgPooling({
    .names = {"_contrib_AdaptiveAvgPooling2D"},
    .inputs = {"data"},
    .attrs = {Attr("output_size", &AdaptiveAttrs::output_size), Internal(LayoutAttr("layout", &AdaptiveAttrs::layout))},
    // 2.x writes all attributes of Pooling.
    .ignored_attrs = {"kernel", "pool_type", "global_pool", "pooling_convention", "stride", "pad", "p_value",
                      "count_include_pad", "cudnn_off", "layout"},
    .check = Check,
    .infer_types = InferTypes,
    .prepare = Prepare,
    .accepts_unknown_dims = true,
    .to_channels_last = ToChannelsLast,
});

}  // namespace
}  // namespace baryon
