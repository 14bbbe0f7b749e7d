// softmax, log_softmax and softmin along an axis. softmax may be given lengths: elements beyond them take no part and
// become 0.
#include <algorithm>
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/reduction.h"
#include "engine/ops/softmax_compute.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

using kernels::SoftmaxFormula;

struct SoftmaxAttrs {
  int64_t axis = -1;
  std::optional<double> temperature;
  DType dtype = DType::kUnknown;  // of the output: that of the data, unless said
  bool use_length = false;
  bool np_shape = false;
};

enum class Kind { kSoftmax, kLogSoftmax, kSoftmin };

// MXNet 1.x adds up float16 data in float16 when the output has another dtype; 2.x, whose files have NumPy shapes, does
// not, and neither version has to for float16 outputs, which cannot show it.
SoftmaxFormula FormulaOf(Kind kind, const SoftmaxAttrs& attrs) {
  const double scale = 1 / attrs.temperature.value_or(1);
  const bool sums_of_halves = !attrs.np_shape && attrs.dtype != DType::kUnknown && attrs.dtype != DType::kFloat16;
  return {kind == Kind::kSoftmin ? -scale : scale, kind == Kind::kLogSoftmax, sums_of_halves};
}

DType OutputDType(const SoftmaxAttrs& attrs, DType data) { return attrs.dtype == DType::kUnknown ? data : attrs.dtype; }

absl::Status CheckDType(const SoftmaxAttrs& attrs) {
  if (attrs.dtype == DType::kUnknown || IsFloating(attrs.dtype)) return absl::OkStatus();
  return ExpectedGot("a floating dtype", DTypeName(attrs.dtype));
}

absl::Status CheckLengths(const TensorType& data, int64_t axis, const TensorType& length) {
  Shape shape = data.shape;
  shape.Erase(axis);
  const bool whole = length.dtype != DType::kBool && !IsFloating(length.dtype);
  if (whole && MergeShapes(length.shape, shape).has_value()) return absl::OkStatus();
  return InputMismatch("length", {DType::kInt32, shape}, length);
}

absl::StatusOr<TensorTypes> InferTypes(const SoftmaxAttrs& attrs, const TensorTypes& inputs) {
  const TensorType& data = inputs[0];
  BARYON_RETURN_IF_ERROR(CheckFloating("data", data));
  BARYON_ASSIGN_OR_RETURN(const int64_t axis, ResolveAxis(attrs.axis, data.shape.rank()));
  if (attrs.use_length) BARYON_RETURN_IF_ERROR(CheckLengths(data, axis, inputs[1]));
  return TensorTypes{{OutputDType(attrs, data.dtype), data.shape}};
}

absl::Status CompleteTypes(const SoftmaxAttrs& attrs, TensorTypes& inputs, TensorTypes& outputs) {
  const std::optional<Shape> shape = MergeShapes(inputs[0].shape, outputs[0].shape);
  if (!shape.has_value()) return ExpectedGot(outputs[0].shape.ToString(), inputs[0].shape.ToString());
  inputs[0].shape = outputs[0].shape = *shape;
  if (attrs.dtype == DType::kUnknown && inputs[0].dtype == DType::kUnknown) inputs[0].dtype = outputs[0].dtype;
  return absl::OkStatus();
}

// A line of `size` elements of which the first `length` take part.
void SoftmaxOfLine(const SoftmaxFormula& formula, const TensorView& x, int64_t at, int64_t size, int64_t stride,
                   int64_t length, const TensorView& y) {
  const char* from = static_cast<const char*>(x.raw_data()) + at * DTypeSize(x.dtype());
  char* to = static_cast<char*>(y.raw_data()) + at * DTypeSize(y.dtype());
  const bool is_row = stride == 1 && x.dtype() == DType::kFloat32 && y.dtype() == DType::kFloat32;
  if (is_row) {
    kernels::SoftmaxRows(formula, reinterpret_cast<const float*>(from), 1, length, reinterpret_cast<float*>(to));
  } else {
    kernels::SoftmaxLine(formula, x.dtype(), from, length, stride, y.dtype(), to);
  }
  DispatchBySize(y.dtype(), [&](auto tag) {  // zero has the same bits in every floating type
    using T = typename decltype(tag)::type;
    for (int64_t i = length; i < size; ++i) reinterpret_cast<T*>(to)[i * stride] = 0;
  });
}

void ComputeWithLengths(const SoftmaxFormula& formula, const AxisSplit& split, OpContext& context) {
  const TensorView &x = context.input(0), &lengths = context.input(1), &y = context.output(0);
  context.ParallelRanges(split.outer * split.inner, 1 + (1 << 13) / std::max<int64_t>(split.size, 1),
                         [&](int64_t begin, int64_t end) {
                           DispatchDType(lengths.dtype(), [&](auto tag) {
                             using T = typename decltype(tag)::type;
                             for (int64_t line = begin; line < end; ++line) {
                               const int64_t given = static_cast<int64_t>(lengths.data<const T>()[line]);
                               const int64_t length = std::clamp<int64_t>(given, 0, split.size);
                               const int64_t at = line / split.inner * split.size * split.inner + line % split.inner;
                               SoftmaxOfLine(formula, x, at, split.size, split.inner, length, y);
                             }
                           });
                         });
}

void Compute(Kind kind, const SoftmaxAttrs& attrs, OpContext& context) {
  const TensorView& x = context.input(0);
  const AxisSplit split = SplitAtAxis(x.shape(), *NormalizeAxis(attrs.axis, x.shape().rank()));
  const SoftmaxFormula formula = FormulaOf(kind, attrs);
  if (attrs.use_length) return ComputeWithLengths(formula, split, context);
  RunSoftmax(formula, split, x, context.output(0), context);
}

// Lengths have one axis less than the data and stay as they are, so the axis must be that of the channels.
std::optional<SoftmaxAttrs> ToChannelsLast(const SoftmaxAttrs& attrs, int rank) {
  const std::optional<int64_t> axis = NormalizeAxis(attrs.axis, rank);
  if (!axis.has_value() || (attrs.use_length && *axis != 1)) return std::nullopt;
  SoftmaxAttrs changed = attrs;
  changed.axis = AxisChannelsLast(*axis, rank);
  return changed;
}

OpSpec<SoftmaxAttrs> Spec(std::vector<std::string> names, Kind kind) {
  return {
      .names = std::move(names),
      .inputs = {"data", "length"},
      .attrs = {Attr("axis", &SoftmaxAttrs::axis), Attr("temperature", &SoftmaxAttrs::temperature),
                Attr("dtype", &SoftmaxAttrs::dtype), Attr("use_length", &SoftmaxAttrs::use_length),
                NpShapeAttr(&SoftmaxAttrs::np_shape)},
      .check = [kind](const SoftmaxAttrs& attrs) -> absl::Status {
        if (attrs.use_length && kind != Kind::kSoftmax) return ExpectedGot("use_length False", "True");
        return CheckDType(attrs);
      },
      .num_inputs = [](const SoftmaxAttrs& attrs) { return attrs.use_length ? 2 : 1; },
      .infer_types = InferTypes,
      .complete_types = CompleteTypes,
      .compute = [kind](const SoftmaxAttrs& attrs, OpContext& context) { Compute(kind, attrs, context); },
      .in_place = {0},
      .accepts_unknown_dims = true,
      .to_channels_last = ToChannelsLast,
  };
}

const OpRegistration<SoftmaxAttrs> kSoftmax(Spec({"softmax", "_npx_softmax"}, Kind::kSoftmax));
const OpRegistration<SoftmaxAttrs> kLogSoftmax(Spec({"log_softmax", "_npx_log_softmax"}, Kind::kLogSoftmax));
const OpRegistration<SoftmaxAttrs> kSoftmin(Spec({"softmin"}, Kind::kSoftmin));

}  // namespace
}  // namespace baryon
