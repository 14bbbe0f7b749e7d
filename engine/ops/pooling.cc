// Pooling over 1, 2 or 3 axes with MXNet's rules at the borders:
//   valid   out = floor((in + 2 pad - kernel) / stride) + 1
//   full    the same with ceil, so that the last window may begin beyond the input
// A window reaches at most `pad` beyond the input. Averages divide by the window's length up to there, or by the number
// of its real inputs (count_include_pad). Where there are none, a maximum is the lowest value of the type and a sum 0;
// an average is 0 over one and two axes, and 0 divided by the divisor, whatever that is, over three.
#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/pool.h"
#include "engine/ops/conv_rules.h"
#include "engine/ops/pool_kernel.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

using kernels::PoolType;

constexpr int64_t kMostExtent = int64_t{1} << 30;

enum class Convention { kValid, kFull, kSame };

struct PoolingAttrs {
  IntTuple kernel, stride, pad;
  PoolType pool_type = PoolType::kMax;
  Convention pooling_convention = Convention::kValid;
  bool global_pool = false;  // one window over everything; kernel, stride and pad do not matter
  std::optional<bool> count_include_pad;
  std::optional<int64_t> p_value;
  Layout layout = Layout::kNone;
  std::optional<IntTuple> output_size;  // written by 2.x, for another operator

  bool channels_last() const { return IsChannelsLast(layout); }
};

absl::Status CheckTuple(const char* name, const IntTuple& tuple, size_t rank, int64_t least) {
  const bool fits = tuple.empty() || tuple.size() == rank;
  const bool in_range = std::all_of(tuple.begin(), tuple.end(),
                                    [&](int64_t element) { return element >= least && element <= kMostExtent; });
  if (fits && in_range) return absl::OkStatus();
  return ExpectedGot(absl::StrCat("\"", name, "\" of ", rank, " elements from ", least, " to 2^30"), FormatAttr(tuple));
}

absl::Status Check(const PoolingAttrs& attrs) {
  if (attrs.output_size.has_value()) return ExpectedGot("no \"output_size\"", FormatAttr(attrs.output_size));
  if (attrs.pool_type == PoolType::kLp && (attrs.p_value.value_or(0) < 1 || *attrs.p_value > 3)) {
    return ExpectedGot("\"p_value\" 1, 2 or 3 for pool_type lp", FormatAttr(attrs.p_value));
  }
  if (attrs.global_pool) return absl::OkStatus();
  const size_t rank = attrs.kernel.size();
  if (rank < 1 || rank > 3) return ExpectedGot("a kernel of 1, 2 or 3 elements", FormatAttr(attrs.kernel));
  BARYON_RETURN_IF_ERROR(CheckTuple("kernel", attrs.kernel, rank, 1));
  BARYON_RETURN_IF_ERROR(CheckTuple("stride", attrs.stride, rank, 1));
  BARYON_RETURN_IF_ERROR(CheckTuple("pad", attrs.pad, rank, 0));
  if (attrs.pooling_convention == Convention::kSame) {
    return ExpectedGot("pooling_convention valid or full", "same, which no release of MXNet computes");
  }
  return CheckLayout(attrs.layout, static_cast<int64_t>(rank));
}

int64_t ElementOr(const IntTuple& tuple, int64_t axis, int64_t otherwise) {
  return tuple.empty() ? otherwise : tuple[axis];
}

absl::StatusOr<int64_t> OutputSize(const PoolingAttrs& attrs, int64_t axis, int64_t in) {
  if (attrs.global_pool) return 1;
  if (in < 0) return Shape::kUnknownDim;
  const int64_t kernel = attrs.kernel[axis], stride = ElementOr(attrs.stride, axis, 1);
  const int64_t padded = in + 2 * ElementOr(attrs.pad, axis, 0);
  if (in == 0 || kernel > padded) {
    return ExpectedGot(absl::StrCat("data at least as large as kernel ", FormatAttr(attrs.kernel)),
                       absl::StrCat(padded, " with padding"));
  }
  const int64_t rounding = attrs.pooling_convention == Convention::kFull ? stride - 1 : 0;
  return (padded - kernel + rounding) / stride + 1;
}

absl::StatusOr<TensorTypes> InferTypes(const PoolingAttrs& attrs, const TensorTypes& inputs) {
  const TensorType& data = inputs[0];
  BARYON_RETURN_IF_ERROR(CheckFloating("data", data));
  const int64_t spatial = data.shape.rank() - 2;
  if (attrs.global_pool) {
    if (spatial < 1 || spatial > 3) return ExpectedGot("data of rank 3, 4 or 5", data.ToString());
    BARYON_RETURN_IF_ERROR(CheckLayout(attrs.layout, spatial));
  } else {
    BARYON_RETURN_IF_ERROR(CheckRank("data", data, static_cast<int64_t>(attrs.kernel.size()) + 2));
  }
  Shape shape = data.shape;
  for (int64_t axis = 0; axis < spatial; ++axis) {
    int64_t& size = shape[axis + (attrs.channels_last() ? 1 : 2)];
    BARYON_ASSIGN_OR_RETURN(size, OutputSize(attrs, axis, size));
  }
  return TensorTypes{{data.dtype, shape}};
}

// The batch and the channels are those of the other side, and so is the dtype.
absl::Status CompleteTypes(const PoolingAttrs& attrs, TensorTypes& inputs, TensorTypes& outputs) {
  TensorType &data = inputs[0], &output = outputs[0];
  if (data.dtype == DType::kUnknown) data.dtype = output.dtype;
  if (output.dtype == DType::kUnknown) output.dtype = data.dtype;
  if (!data.shape.has_rank() && output.shape.has_rank()) data.shape = Shape::UnknownDims(output.shape.rank());
  if (!output.shape.has_rank() && data.shape.has_rank()) output.shape = Shape::UnknownDims(data.shape.rank());
  if (!data.shape.has_rank() || data.shape.rank() < 3 || data.shape.rank() != output.shape.rank()) {
    return absl::OkStatus();
  }
  for (int64_t axis : {int64_t{0}, attrs.channels_last() ? data.shape.rank() - 1 : 1}) {
    if (data.shape[axis] < 0) data.shape[axis] = output.shape[axis];
    if (output.shape[axis] < 0) output.shape[axis] = data.shape[axis];
  }
  return absl::OkStatus();
}

kernels::PoolGeometry GeometryOf(const PoolingAttrs& attrs, const PrepareContext& context) {
  const TensorType &data = context.inputs()[0], &output = context.outputs()[0];
  const int64_t spatial = data.shape.rank() - 2;
  kernels::PoolGeometry geometry;
  geometry.type = attrs.pool_type;
  geometry.power = static_cast<int>(attrs.p_value.value_or(2));
  geometry.divides_nothing = spatial == 3;
  geometry.batch = data.shape[0];
  geometry.channels = data.shape[attrs.channels_last() ? data.shape.rank() - 1 : 1];
  if (attrs.channels_last()) {
    geometry.in_stride = context.input_stride(0);
    geometry.out_stride = context.output_stride();
  }
  for (int i = 0; i < 3 - spatial; ++i) geometry.windows[i] = {{0, 1, 1}};
  for (int64_t axis = 0; axis < spatial; ++axis) {
    const int64_t to = 3 - spatial + axis, in_shape_axis = axis + (attrs.channels_last() ? 1 : 2);
    const int64_t in = data.shape[in_shape_axis], out = output.shape[in_shape_axis];
    geometry.in[to] = in;
    geometry.windows[to] =
        attrs.global_pool
            ? kernels::SlidingWindows(in, 1, in, 1, 0, true)
            : kernels::SlidingWindows(in, out, attrs.kernel[axis], ElementOr(attrs.stride, axis, 1),
                                      ElementOr(attrs.pad, axis, 0), attrs.count_include_pad.value_or(true));
  }
  return geometry;
}

absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const PoolingAttrs& attrs, PrepareContext& context) {
  return MakePoolKernel(GeometryOf(attrs, context), context.inputs()[0].dtype, attrs.channels_last());
}

absl::StatusOr<std::unique_ptr<Kernel>> PrepareV1(const PoolingAttrs& attrs, PrepareContext& context) {
  kernels::PoolGeometry geometry = GeometryOf(attrs, context);
  geometry.max_sees_padding = true;
  for (size_t axis = 0; axis < attrs.kernel.size() && !attrs.global_pool; ++axis) {
    for (kernels::PoolWindow& window : geometry.windows[3 - attrs.kernel.size() + axis]) {
      window.size = attrs.kernel[axis];
    }
  }
  return MakePoolKernel(std::move(geometry), context.inputs()[0].dtype, attrs.channels_last());
}

std::optional<PoolingAttrs> ToChannelsLast(const PoolingAttrs& attrs, int rank) {
  const bool fits = attrs.global_pool || rank == static_cast<int>(attrs.kernel.size()) + 2;
  if (attrs.channels_last() || !fits || rank < 3 || rank > 5) return std::nullopt;
  PoolingAttrs changed = attrs;
  changed.layout = ChannelsLastLayout(rank - 2);
  return changed;
}

OpSpec<PoolingAttrs> Spec() {
  return {
      .names = {"Pooling", "_npx_pooling"},
      .inputs = {"data"},
      .attrs = {Attr("kernel", &PoolingAttrs::kernel),
                EnumAttr(
                    "pool_type", &PoolingAttrs::pool_type,
                    {{"max", PoolType::kMax}, {"avg", PoolType::kAvg}, {"sum", PoolType::kSum}, {"lp", PoolType::kLp}}),
                Attr("global_pool", &PoolingAttrs::global_pool),
                EnumAttr("pooling_convention", &PoolingAttrs::pooling_convention,
                         {{"valid", Convention::kValid}, {"full", Convention::kFull}, {"same", Convention::kSame}}),
                Attr("stride", &PoolingAttrs::stride), Attr("pad", &PoolingAttrs::pad),
                Attr("p_value", &PoolingAttrs::p_value), Attr("count_include_pad", &PoolingAttrs::count_include_pad),
                LayoutAttr("layout", &PoolingAttrs::layout), Attr("output_size", &PoolingAttrs::output_size)},
      .ignored_attrs = {"cudnn_off"},
      .check = Check,
      .infer_types = InferTypes,
      .complete_types = CompleteTypes,
      .prepare = Prepare,
      .accepts_unknown_dims = true,
      .to_channels_last = ToChannelsLast,
      .takes_slice = [](const PoolingAttrs& attrs, int,
                        int) { return attrs.channels_last() && attrs.pool_type != PoolType::kLp; },
  };
}

OpSpec<PoolingAttrs> SpecV1() {
  OpSpec<PoolingAttrs> spec = Spec();
  spec.names = {"Pooling_v1"};
  spec.prepare = PrepareV1;
  return spec;
}

const OpRegistration<PoolingAttrs> kPooling(Spec());
const OpRegistration<PoolingAttrs> kPoolingV1(SpecV1());

}  // namespace
}  // namespace baryon
