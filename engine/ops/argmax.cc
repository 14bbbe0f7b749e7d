// Where the largest or smallest element is: along one axis or in the flattened array. Legacy operators give the index
// in the dtype of the data, NumPy's as int64.
#include <algorithm>
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/kernels/arg_extreme.h"
#include "engine/ops/reduction.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

using kernels::Extreme;

struct ArgAttrs {
  std::optional<int64_t> axis;  // None: the place in the flattened array
  bool keepdims = false;
};

enum class Style { kLegacy, kNumpy };

absl::StatusOr<AxisMask> SearchedAxes(const ArgAttrs& attrs, int64_t rank) {
  std::optional<IntTuple> axes;
  if (attrs.axis.has_value()) axes = IntTuple(1, *attrs.axis);
  return ReducedAxes(axes, rank, EmptyAxes::kAll);
}

absl::StatusOr<TensorTypes> InferTypes(Style style, const ArgAttrs& attrs, const TensorTypes& inputs) {
  const Shape& shape = inputs[0].shape;
  BARYON_ASSIGN_OR_RETURN(const AxisMask searched, SearchedAxes(attrs, shape.rank()));
  for (int64_t axis = 0; axis < shape.rank(); ++axis) {
    if (searched[axis] && shape[axis] == 0) return ExpectedGot("elements to search", inputs[0].ToString());
  }
  if (style == Style::kNumpy) return TensorTypes{{DType::kInt64, ReducedShape(shape, searched, attrs.keepdims)}};
  return TensorTypes{{inputs[0].dtype, LegacyReducedShape(shape, searched, attrs.keepdims)}};
}

void Compute(Extreme extreme, const ArgAttrs& attrs, OpContext& context) {
  constexpr int64_t kElementsWorthAThread = 1 << 15;
  const TensorView &x = context.input(0), &y = context.output(0);
  AxisSplit split = {1, x.num_elements(), 1};
  if (attrs.axis.has_value()) split = SplitAtAxis(x.shape(), *NormalizeAxis(*attrs.axis, x.shape().rank()));
  const int64_t elements_per_unit = split.size * std::min(split.inner, kernels::kArgStrip);
  context.ParallelRanges(kernels::NumArgUnits(split.outer, split.inner),
                         kElementsWorthAThread / std::max<int64_t>(elements_per_unit, 1),
                         [&](int64_t begin, int64_t end) {
                           kernels::ArgExtreme(extreme, x.dtype(), x.raw_data(), split.size, split.inner, y.dtype(),
                                               y.raw_data(), begin, end);
                         });
}

std::optional<ArgAttrs> ToChannelsLast(const ArgAttrs& attrs, int rank) {
  const absl::StatusOr<AxisMask> searched = SearchedAxes(attrs, rank);
  if (!attrs.axis.has_value() || !searched.ok()) return std::nullopt;
  const std::optional<IntTuple> axes = AxesChannelsLast(*searched, attrs.keepdims);
  if (!axes.has_value()) return std::nullopt;
  return ArgAttrs{(*axes)[0], attrs.keepdims};
}

OpSpec<ArgAttrs> Spec(const char* name, Extreme extreme, Style style) {
  return {
      .names = {name},
      .inputs = {"data"},
      .attrs = {Attr("axis", &ArgAttrs::axis), Attr("keepdims", &ArgAttrs::keepdims)},
      .infer_types = [style](const ArgAttrs& attrs,
                             const TensorTypes& inputs) { return InferTypes(style, attrs, inputs); },
      .compute = [extreme](const ArgAttrs& attrs, OpContext& context) { Compute(extreme, attrs, context); },
      .accepts_unknown_dims = true,
      .to_channels_last = ToChannelsLast,
  };
}

const OpRegistration<ArgAttrs> kArgmax(Spec("argmax", Extreme::kMax, Style::kLegacy));
const OpRegistration<ArgAttrs> kArgmin(Spec("argmin", Extreme::kMin, Style::kLegacy));
const OpRegistration<ArgAttrs> kNumpyArgmax(Spec("_npi_argmax", Extreme::kMax, Style::kNumpy));
const OpRegistration<ArgAttrs> kNumpyArgmin(Spec("_npi_argmin", Extreme::kMin, Style::kNumpy));

// argmax over axis 1, which only the layout pass moves.
struct ChannelAttrs {
  int64_t axis = 1;
};

const OpRegistration<ChannelAttrs> kArgmaxChannel({
    .names = {"argmax_channel"},
    .inputs = {"data"},
    .attrs = {InternalAttr("axis", &ChannelAttrs::axis)},
    .infer_types = [](const ChannelAttrs& attrs,
                      const TensorTypes& inputs) { return InferTypes(Style::kLegacy, {attrs.axis}, inputs); },
    .compute = [](const ChannelAttrs& attrs, OpContext& context) { Compute(Extreme::kMax, {attrs.axis}, context); },
    .accepts_unknown_dims = true,
    .to_channels_last = [](const ChannelAttrs&, int rank) { return std::optional(ChannelAttrs{rank - 1}); },
});

}  // namespace
}  // namespace baryon
