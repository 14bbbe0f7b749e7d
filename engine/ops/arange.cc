// Evenly spaced numbers: _arange and _npi_arange from start to stop, _contrib_arange_like as many as another array has
// elements or as one of its axes is long. Each number may stand `repeat` times.
//
// MXNet computes start + (i / repeat) * step in the type of the result. In float16 its operators turn both numbers into
// whole ones first, and so does this.
#include <cmath>
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

struct ArangeAttrs {
  double start = 0;
  std::optional<double> stop;  // None: from 0 to start
  double step = 1;
  int64_t repeat = 1;
  bool infer_range = false;  // the consumer says how many
  DType dtype = DType::kFloat32;
  std::optional<int64_t> axis;  // _contrib_arange_like

  double first() const { return stop.has_value() || infer_range ? start : 0; }
};

absl::Status CheckAttrs(const ArangeAttrs& attrs) {
  if (!std::isfinite(attrs.start) || !std::isfinite(attrs.stop.value_or(0)) || !std::isfinite(attrs.step)) {
    return ExpectedGot("finite numbers", absl::StrCat(attrs.start, ", ", FormatAttr(attrs.stop), ", ", attrs.step));
  }
  if (attrs.step == 0) return ExpectedGot("a step other than 0", attrs.step);
  if (attrs.repeat < 1) return ExpectedGot("repeat of 1 or more", attrs.repeat);
  return absl::OkStatus();
}

// How many numbers there are from the first to before the last; negative when the step leads away from it.
absl::StatusOr<int64_t> CountOf(const ArangeAttrs& attrs) {
  const double last = attrs.stop.value_or(attrs.start);
  const double count = std::ceil((last - attrs.first()) / attrs.step) * attrs.repeat;
  if (std::abs(count) > 0x1p58) return ExpectedGot("fewer than 2^58 numbers", count);
  return static_cast<int64_t>(count);
}

absl::StatusOr<TensorTypes> InferArange(const ArangeAttrs& attrs, const TensorTypes&) {
  if (attrs.infer_range && !attrs.stop.has_value()) return TensorTypes{{attrs.dtype, {Shape::kUnknownDim}}};
  BARYON_ASSIGN_OR_RETURN(const int64_t count, CountOf(attrs));
  if (count > 0) return TensorTypes{{attrs.dtype, {count}}};
  return ExpectedGot("a range with a number in it",
                     absl::StrCat(attrs.first(), " to ", attrs.stop.value_or(attrs.start), " by ", attrs.step));
}

absl::StatusOr<TensorTypes> InferNumPyArange(const ArangeAttrs& attrs, const TensorTypes&) {
  BARYON_ASSIGN_OR_RETURN(const int64_t count, CountOf(attrs));
  return TensorTypes{{attrs.dtype, {std::max<int64_t>(count, 0)}}};
}

absl::StatusOr<TensorTypes> InferArangeLike(const ArangeAttrs& attrs, const TensorTypes& inputs) {
  if (!attrs.axis.has_value()) return TensorTypes{inputs[0]};
  BARYON_ASSIGN_OR_RETURN(const int64_t axis, ResolveAxis(*attrs.axis, inputs[0].shape.rank()));
  return TensorTypes{{inputs[0].dtype, {inputs[0].shape[axis]}}};
}

template <typename T>
void WriteRange(double first, double step, int64_t repeat, int64_t count, T* y) {
  if constexpr (std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>) {
    const int64_t whole_first = static_cast<int64_t>(first), whole_step = static_cast<int64_t>(step);
    for (int64_t i = 0; i < count; ++i)
      y[i] = static_cast<T>(static_cast<float>(whole_first + i / repeat * whole_step));
  } else if constexpr (std::is_floating_point_v<T>) {
    const T typed_first = static_cast<T>(first), typed_step = static_cast<T>(step);
    for (int64_t i = 0; i < count; ++i) y[i] = typed_first + static_cast<T>(i / repeat) * typed_step;
  } else {
    // Whole numbers wrap around, which only unsigned arithmetic may do.
    const auto typed_first = static_cast<uint64_t>(static_cast<int64_t>(first));
    const auto typed_step = static_cast<uint64_t>(static_cast<int64_t>(step));
    for (int64_t i = 0; i < count; ++i) {
      y[i] = static_cast<T>(typed_first + static_cast<uint64_t>(i / repeat) * typed_step);
    }
  }
}

void Compute(const ArangeAttrs& attrs, OpContext& context) {
  const TensorView& y = context.output(0);
  DispatchDType(y.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    WriteRange(attrs.first(), attrs.step, attrs.repeat, y.num_elements(), y.data<T>());
  });
}

OpSpec<ArangeAttrs> ArangeSpec(const char* name) {
  OpSpec<ArangeAttrs> spec;
  spec.names = {name};
  spec.attrs = {RequiredAttr("start", &ArangeAttrs::start),
                Attr("stop", &ArangeAttrs::stop),
                Attr("step", &ArangeAttrs::step),
                Attr("repeat", &ArangeAttrs::repeat),
                Attr("infer_range", &ArangeAttrs::infer_range),
                NoneKeepsDefault(Attr("dtype", &ArangeAttrs::dtype))};
  spec.ignored_attrs = {"ctx"};
  spec.check = CheckAttrs;
  spec.compute = Compute;
  return spec;
}

const OpRegistration<ArangeAttrs> kArange([] {
  auto spec = ArangeSpec("_arange");
  spec.infer_types = InferArange;
  return spec;
}());

const OpRegistration<ArangeAttrs> kNumPyArange([] {
  auto spec = ArangeSpec("_npi_arange");
  spec.infer_types = InferNumPyArange;
  return spec;
}());

const OpRegistration<ArangeAttrs> kArangeLike({
    .names = {"_contrib_arange_like", "_npx_arange_like"},
    .inputs = {"data"},
    .attrs = {Attr("start", &ArangeAttrs::start), Attr("step", &ArangeAttrs::step),
              Attr("repeat", &ArangeAttrs::repeat), Attr("axis", &ArangeAttrs::axis)},
    .ignored_attrs = {"ctx"},
    .check = CheckAttrs,
    .infer_types = InferArangeLike,
    .compute =
        [](const ArangeAttrs& attrs, OpContext& context) {
          ArangeAttrs with_start = attrs;
          with_start.infer_range = true;
          Compute(with_start, context);
        },
    .accepts_unknown_dims = true,
});

}  // namespace
}  // namespace baryon
