// Sizes along an axis, with reach = (kernel - 1) * dilation + 1:
//   ordinary     out = (in + 2 pad - reach) / stride + 1, rounded down
//   transposed   out = (in - 1) * stride + reach - 2 pad + adj
// A target shape of a transposed convolution replaces pad and adj by those that give it.
#include "engine/ops/conv_rules.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/ops/fused_activation.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

constexpr int64_t kMostExtent = int64_t{1} << 30;  // of a kernel, stride, dilation or padding: no product overflows
constexpr int64_t kMostPhases = 1 << 14;  // of a transposed convolution: one for each output that an input has its own

int64_t ElementOr(const IntTuple& tuple, int64_t axis, int64_t otherwise) {
  return tuple.empty() ? otherwise : tuple[axis];
}

// How a convolution moves along one spatial axis.
struct AxisSizes {
  int64_t kernel, stride, dilation, pad, adj;
  int64_t reach() const { return (kernel - 1) * dilation + 1; }
};

template <typename A>
bool HasTargetShape(const A& attrs) {
  return std::any_of(attrs.target_shape.begin(), attrs.target_shape.end(), [](int64_t size) { return size != 0; });
}

// `in` decides padding where a target shape is given; it is known then.
template <typename A>
AxisSizes SizesOfAxis(const A& attrs, int64_t axis, int64_t in) {
  AxisSizes sizes = {attrs.kernel[axis], ElementOr(attrs.stride, axis, 1), ElementOr(attrs.dilate, axis, 1),
                     ElementOr(attrs.pad, axis, 0), ElementOr(attrs.adj, axis, 0)};
  if (HasTargetShape(attrs)) {
    const int64_t total = (in - 1) * sizes.stride + sizes.reach() - attrs.target_shape[axis];
    sizes.pad = (total + 1) / 2;
    sizes.adj = total % 2;
  }
  return sizes;
}

absl::Status CheckTuple(const char* name, const IntTuple& tuple, size_t rank, int64_t least) {
  if (!tuple.empty() && tuple.size() != rank) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", name, "\": expected ", rank, " elements as \"kernel\" has, got ", FormatAttr(tuple)));
  }
  for (int64_t element : tuple) {
    if (element < least || element > kMostExtent) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", name, "\": expected elements from ", least, " to 2^30, got ", FormatAttr(tuple)));
    }
  }
  return absl::OkStatus();
}

int64_t ChannelAxis(bool channels_last, int64_t rank) { return channels_last ? rank - 1 : 1; }
int64_t FirstSpatialAxis(bool channels_last) { return channels_last ? 1 : 2; }

// The weight for data of so many channels, which may be unknown.
template <typename A>
Shape WeightShape(const A& attrs, int64_t channels) {
  const int64_t group_channels = channels < 0 ? Shape::kUnknownDim : channels / attrs.num_group;
  Shape shape = {A::kIsTransposed ? channels : attrs.num_filter};
  const int64_t inner = A::kIsTransposed ? attrs.num_filter / attrs.num_group : group_channels;
  if (!attrs.channels_last()) shape.Append(inner);
  for (int64_t size : attrs.kernel) shape.Append(size);
  if (attrs.channels_last()) shape.Append(inner);
  return shape;
}

// The data's channels as a weight of known rank tells them, or unknown.
template <typename A>
int64_t ChannelsOfWeight(const A& attrs, const Shape& weight) {
  if (A::kIsTransposed) return weight[0];
  const int64_t group_channels = weight[ChannelAxis(attrs.channels_last(), weight.rank())];
  return group_channels < 0 ? Shape::kUnknownDim : group_channels * attrs.num_group;
}

template <typename A>
absl::StatusOr<int64_t> OutputSize(const A& attrs, int64_t axis, int64_t in) {
  if (HasTargetShape(attrs)) {
    const int64_t target = attrs.target_shape[axis];
    if (in >= 0 && (in > kMostExtent || SizesOfAxis(attrs, axis, in).pad < 0)) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"target_shape\": expected a size that ", in, " inputs reach, got ", target));
    }
    return target;
  }
  if (in < 0) return Shape::kUnknownDim;
  const AxisSizes sizes = SizesOfAxis(attrs, axis, in);
  if (in > kMostExtent) return ExpectedGot("at most 2^30 elements along a spatial axis of the data", in);
  if (A::kIsTransposed) {
    const int64_t out = (in - 1) * sizes.stride + sizes.reach() - 2 * sizes.pad + sizes.adj;
    if (in > 0 && out > 0) return out;
    return ExpectedGot(absl::StrCat("data that is larger than the padding ", FormatAttr(attrs.pad)), in);
  }
  if (in + 2 * sizes.pad >= sizes.reach()) return (in + 2 * sizes.pad - sizes.reach()) / sizes.stride + 1;
  return absl::InvalidArgumentError(absl::StrCat("expected data at least as large as kernel ", FormatAttr(attrs.kernel),
                                                 " with dilation ", FormatAttr(attrs.dilate), ", got ",
                                                 in + 2 * sizes.pad, " with padding, less than ", sizes.reach()));
}

// What a pooling of pairs leaves of `size`, which may be unknown.
template <typename A>
int64_t Pooled(const A& attrs, int64_t size) {
  return size < 0 || !attrs.pools() ? size : size / 2;
}

template <typename A>
absl::StatusOr<TensorType> OutputType(const A& attrs, const TensorType& data) {
  const int64_t rank = attrs.spatial_rank() + 2;
  Shape shape = Shape::UnknownDims(rank);
  shape[0] = data.shape[0];
  shape[ChannelAxis(attrs.channels_last(), rank)] = attrs.num_filter;
  for (int64_t axis = 0; axis < attrs.spatial_rank(); ++axis) {
    const int64_t in = data.shape[FirstSpatialAxis(attrs.data_channels_last()) + axis];
    BARYON_ASSIGN_OR_RETURN(const int64_t size, OutputSize(attrs, axis, in));
    shape[FirstSpatialAxis(attrs.channels_last()) + axis] = Pooled(attrs, size);
  }
  return TensorType{data.dtype, shape};
}

// `got` agrees with `expected`, as far as both are known.
absl::Status CheckInput(absl::string_view name, const TensorType& expected, const TensorType& got) {
  if (got.dtype == expected.dtype && MergeShapes(expected.shape, got.shape).has_value()) return absl::OkStatus();
  return InputMismatch(name, expected, got);
}

// Makes `type` what it and `more` say together.
absl::Status MergeType(absl::string_view name, const TensorType& more, TensorType& type) {
  const std::optional<Shape> shape = MergeShapes(type.shape, more.shape);
  if (!shape.has_value()) return InputMismatch(name, more, type);
  type.shape = *shape;
  if (type.dtype == DType::kUnknown) type.dtype = more.dtype;
  return absl::OkStatus();
}

}  // namespace

bool IsChannelsLast(Layout layout) {
  return layout == Layout::kNWC || layout == Layout::kNHWC || layout == Layout::kNDHWC;
}

Layout ChannelsLastLayout(int64_t spatial_rank) {
  return spatial_rank == 1 ? Layout::kNWC : spatial_rank == 2 ? Layout::kNHWC : Layout::kNDHWC;
}

absl::Status CheckLayout(Layout layout, int64_t spatial_rank) {
  if (layout == Layout::kNone) return absl::OkStatus();
  const int64_t first = static_cast<int64_t>(Layout::kNCW) + spatial_rank - 1;
  if (static_cast<int64_t>(layout) == first || layout == ChannelsLastLayout(spatial_rank)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("\"layout\": expected one for ", spatial_rank, " spatial axes"));
}

template <typename A>
std::vector<AttrDef<A>> ConvAttrDefs() {
  return {
      RequiredAttr("kernel", &A::kernel),
      Attr("stride", &A::stride),
      Attr("dilate", &A::dilate),
      Attr("pad", &A::pad),
      RequiredAttr("num_filter", &A::num_filter),
      Attr("num_group", &A::num_group),
      Attr("no_bias", &A::no_bias),
      LayoutAttr("layout", &A::layout),
      InternalAttr("activation", &A::activation),
      InternalAttr("act_alpha", &A::act_alpha),
      InternalAttr("act_beta", &A::act_beta),
      InternalAttr("residual", &A::residual),
      InternalAttr("algorithm", &A::algorithm),
      Internal(LayoutAttr("data_layout", &A::data_layout)),
      Internal(EnumAttr(
          "pool", &A::pool,
          {{"none", kernels::PairPool::kNone}, {"max", kernels::PairPool::kMax}, {"avg", kernels::PairPool::kAvg}}))};
}

// What kernels/plane_conv.h can do.
template <typename A>
absl::Status CheckPool(const A& attrs) {
  if (!attrs.pools()) return absl::OkStatus();
  const bool strides = std::any_of(attrs.stride.begin(), attrs.stride.end(), [](int64_t stride) { return stride > 1; });
  const bool fits = !A::kIsTransposed && attrs.spatial_rank() == 2 && attrs.channels_last() && attrs.num_group == 1 &&
                    !attrs.residual && !strides;
  if (fits) return absl::OkStatus();
  return ExpectedGot("a \"pool\" behind a plain channels-last convolution with stride 1", "another");
}

template <typename A>
absl::Status CheckConvAttrs(const A& attrs) {
  const size_t rank = attrs.kernel.size();
  if (rank < 1 || rank > 3) return ExpectedGot("a kernel of 1, 2 or 3 elements", FormatAttr(attrs.kernel));
  BARYON_RETURN_IF_ERROR(CheckTuple("kernel", attrs.kernel, rank, 1));
  BARYON_RETURN_IF_ERROR(CheckTuple("stride", attrs.stride, rank, 1));
  BARYON_RETURN_IF_ERROR(CheckTuple("dilate", attrs.dilate, rank, 1));
  BARYON_RETURN_IF_ERROR(CheckTuple("pad", attrs.pad, rank, 0));
  BARYON_RETURN_IF_ERROR(CheckTuple("adj", attrs.adj, rank, 0));
  BARYON_RETURN_IF_ERROR(CheckTuple("target_shape", attrs.target_shape, rank, HasTargetShape(attrs) ? 1 : 0));
  for (int64_t axis = 0; axis < attrs.spatial_rank() && !HasTargetShape(attrs); ++axis) {
    const int64_t stride = ElementOr(attrs.stride, axis, 1), adj = ElementOr(attrs.adj, axis, 0);
    if (adj >= stride) return ExpectedGot(absl::StrCat("\"adj\" below the stride ", stride), adj);
  }
  if (A::kIsTransposed) {
    int64_t phases = 1;
    for (int64_t stride : attrs.stride) phases = std::min(phases * stride, 2 * kMostPhases);
    if (phases > kMostPhases) return ExpectedGot("strides of at most 2^14 together", FormatAttr(attrs.stride));
  }
  if (attrs.num_filter < 1 || attrs.num_filter > kMostExtent) {
    return ExpectedGot("\"num_filter\" from 1 to 2^30", attrs.num_filter);
  }
  if (attrs.num_group < 1) return ExpectedGot("\"num_group\" of 1 or more", attrs.num_group);
  if (attrs.num_filter % attrs.num_group != 0) {
    return ExpectedGot(absl::StrCat("\"num_filter\" divisible by \"num_group\" ", attrs.num_group), attrs.num_filter);
  }
  BARYON_RETURN_IF_ERROR(CheckLayout(attrs.layout, attrs.spatial_rank()));
  BARYON_RETURN_IF_ERROR(CheckLayout(attrs.data_layout, attrs.spatial_rank()));
  BARYON_RETURN_IF_ERROR(CheckPool(attrs));
  return ToActivationSpec(attrs.activation, attrs.act_alpha, attrs.act_beta).status();
}

template <typename A>
absl::StatusOr<TensorTypes> InferConvTypes(const A& attrs, const TensorTypes& inputs) {
  const TensorType& data = inputs[0];
  BARYON_RETURN_IF_ERROR(CheckFloating("data", data));
  BARYON_RETURN_IF_ERROR(CheckRank("data", data, attrs.spatial_rank() + 2));
  const int64_t channels = data.shape[ChannelAxis(attrs.data_channels_last(), data.shape.rank())];
  if (channels == 0 || (channels > 0 && channels % attrs.num_group != 0)) {
    return ExpectedGot(absl::StrCat("channels divisible by \"num_group\" ", attrs.num_group), data.ToString());
  }
  BARYON_RETURN_IF_ERROR(CheckInput("weight", {data.dtype, WeightShape(attrs, channels)}, inputs[1]));
  if (!attrs.no_bias) BARYON_RETURN_IF_ERROR(CheckInput("bias", {data.dtype, {attrs.num_filter}}, inputs[2]));
  BARYON_ASSIGN_OR_RETURN(const TensorType output, OutputType(attrs, data));
  if (attrs.residual) BARYON_RETURN_IF_ERROR(CheckInput("residual", output, inputs.back()));
  if (attrs.activation != "none" && data.dtype != DType::kFloat32) {
    return ExpectedGot("float32 data before a fused activation", data.ToString());
  }
  if (attrs.pools() && data.dtype != DType::kFloat32) {
    return ExpectedGot("float32 data before a fused pooling", data.ToString());
  }
  return TensorTypes{output};
}

template <typename A>
absl::Status CompleteConvTypes(const A& attrs, TensorTypes& inputs, TensorTypes& outputs) {
  DType dtype = outputs[0].dtype;
  for (const TensorType& input : inputs) {
    if (dtype == DType::kUnknown) dtype = input.dtype;
  }
  const int64_t rank = attrs.spatial_rank() + 2, channel_axis = ChannelAxis(attrs.data_channels_last(), rank);
  TensorType &data = inputs[0], &weight = inputs[1];
  Shape data_shape = Shape::UnknownDims(rank);
  if (weight.shape.has_rank() && weight.shape.rank() == rank) {
    data_shape[channel_axis] = ChannelsOfWeight(attrs, weight.shape);
  }
  if (outputs[0].shape.has_rank() && outputs[0].shape.rank() == rank) data_shape[0] = outputs[0].shape[0];
  BARYON_RETURN_IF_ERROR(MergeType("data", {dtype, data_shape}, data));
  BARYON_RETURN_IF_ERROR(MergeType("weight", {dtype, WeightShape(attrs, data.shape[channel_axis])}, weight));
  if (!attrs.no_bias) BARYON_RETURN_IF_ERROR(MergeType("bias", {dtype, {attrs.num_filter}}, inputs[2]));
  BARYON_ASSIGN_OR_RETURN(const TensorType output, OutputType(attrs, data));
  BARYON_RETURN_IF_ERROR(MergeType("output", output, outputs[0]));
  if (attrs.residual) BARYON_RETURN_IF_ERROR(MergeType("residual", outputs[0], inputs.back()));
  return absl::OkStatus();
}

template <typename A>
std::optional<A> ConvToChannelsLast(const A& attrs, int rank) {
  if (attrs.channels_last() || rank != attrs.spatial_rank() + 2) return std::nullopt;
  A changed = attrs;
  changed.layout = ChannelsLastLayout(attrs.spatial_rank());
  return changed;
}

template <typename A>
bool ConvTakesSlice(const A& attrs, int operand, int) {
  const bool is_map =
      operand == 0 || operand == OpDef::kOutput || (attrs.residual && operand == attrs.num_inputs() - 1);
  return is_map && attrs.channels_last() && attrs.data_channels_last();
}

template <typename A>
kernels::ConvGeometry ConvGeometryOf(const A& attrs, const TensorType& data, const TensorType& output) {
  kernels::ConvGeometry geometry;
  geometry.batch = data.shape[0];
  geometry.channels = data.shape[ChannelAxis(attrs.data_channels_last(), data.shape.rank())];
  geometry.filters = attrs.num_filter;
  geometry.groups = attrs.num_group;
  geometry.transposed = A::kIsTransposed;
  for (int64_t axis = 0; axis < attrs.spatial_rank(); ++axis) {
    const int64_t to = 3 - attrs.spatial_rank() + axis;
    geometry.in[to] = data.shape[FirstSpatialAxis(attrs.data_channels_last()) + axis];
    geometry.out[to] = output.shape[FirstSpatialAxis(attrs.channels_last()) + axis];
    const AxisSizes sizes = SizesOfAxis(attrs, axis, geometry.in[to]);
    geometry.kernel[to] = sizes.kernel;
    geometry.stride[to] = sizes.stride;
    geometry.dilation[to] = sizes.dilation;
    geometry.pad[to] = sizes.pad;
    if (attrs.pools()) geometry.out[to] = geometry.in[to] + 2 * sizes.pad - sizes.reach() + 1;
  }
  return geometry;
}

#define BARYON_INSTANTIATE_(A)                                                       \
  template std::vector<AttrDef<A>> ConvAttrDefs<A>();                                \
  template absl::Status CheckConvAttrs(const A&);                                    \
  template absl::StatusOr<TensorTypes> InferConvTypes(const A&, const TensorTypes&); \
  template absl::Status CompleteConvTypes(const A&, TensorTypes&, TensorTypes&);     \
  template std::optional<A> ConvToChannelsLast(const A&, int);                       \
  template bool ConvTakesSlice(const A&, int, int);                                  \
  template kernels::ConvGeometry ConvGeometryOf(const A&, const TensorType&, const TensorType&)
BARYON_INSTANTIATE_(ConvolutionAttrs);
BARYON_INSTANTIATE_(DeconvolutionAttrs);
#undef BARYON_INSTANTIATE_

}  // namespace baryon
