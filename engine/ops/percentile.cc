// Percentiles over axes: the terms of each output are gathered, sorted, and read between two neighbours. The
// percentages are an attribute or a tensor, whose shape then comes before the shape of the data that stays.
#include <algorithm>
#include <cmath>
#include <memory>

#include "engine/graph/op_def.h"
#include "engine/ops/reduction.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

using kernels::ReduceGeometry;

enum class Interpolation { kLinear, kLower, kHigher, kMidpoint, kNearest };

struct PercentileAttrs {
  std::optional<IntTuple> axis;
  Interpolation interpolation = Interpolation::kLinear;
  bool keepdims = false;
  std::optional<double> q_scalar;  // else input 1
};

bool IsPercentage(double q) { return q >= 0 && q <= 100; }

absl::Status CheckAttrs(const PercentileAttrs& attrs) {
  if (!attrs.q_scalar.has_value() || IsPercentage(*attrs.q_scalar)) return absl::OkStatus();
  return ExpectedGot("a percentage in [0, 100]", *attrs.q_scalar);
}

absl::StatusOr<TensorTypes> InferTypes(const PercentileAttrs& attrs, const TensorTypes& inputs) {
  const TensorType& data = inputs[0];
  BARYON_ASSIGN_OR_RETURN(const AxisMask reduced, ReducedAxes(attrs.axis, data.shape.rank(), EmptyAxes::kNone));
  for (int64_t axis = 0; axis < data.shape.rank(); ++axis) {
    if (reduced[axis] && data.shape[axis] == 0) return ExpectedGot("elements to sort", data.ToString());
  }
  Shape shape = ReducedShape(data.shape, reduced, attrs.keepdims);
  if (!attrs.q_scalar.has_value()) {
    BARYON_RETURN_IF_ERROR(CheckFloating("q", inputs[1]));
    if (inputs[1].shape.rank() > 1) return CheckRank("q", inputs[1], 1);
    if (inputs[1].shape.rank() == 1) shape.Insert(0, inputs[1].shape[0]);
  }
  return TensorTypes{{data.dtype == DType::kFloat64 ? DType::kFloat64 : DType::kFloat32, shape}};
}

// The element at percentage `q` of sorted[0 .. n), NaN when there is one among them.
double Percentile(const double* sorted, int64_t n, double q, Interpolation interpolation) {
  if (std::isnan(sorted[n - 1])) return sorted[n - 1];
  const double place = q / 100 * static_cast<double>(n - 1), below = std::floor(place), fraction = place - below;
  const double low = sorted[static_cast<int64_t>(below)], high = sorted[static_cast<int64_t>(std::ceil(place))];
  switch (interpolation) {
    case Interpolation::kLinear:
      return low + (high - low) * fraction;
    case Interpolation::kLower:
      return low;
    case Interpolation::kHigher:
      return high;
    case Interpolation::kMidpoint:
      return (low + high) / 2;
    case Interpolation::kNearest:
      return fraction < 0.5 ? low : high;
  }
  return low;
}

class PercentileKernel : public Kernel {
 public:
  PercentileKernel(const PercentileAttrs& attrs, const Shape& shape)
      : attrs_(attrs), geometry_(GeometryOf(shape, *ReducedAxes(attrs.axis, shape.rank(), EmptyAxes::kNone))) {}

  int64_t workspace_bytes() const override { return geometry_.num_terms * sizeof(double); }

  void Compute(OpContext& context) const override {
    const int64_t num_percentages = attrs_.q_scalar.has_value() ? 1 : context.input(1).num_elements();
    for (int64_t i = 0; i < num_percentages; ++i) {
      if (const double q = Percentage(context, i); !IsPercentage(q)) {
        return context.Fail(ExpectedGot("a percentage in [0, 100]", q));
      }
    }
    double* terms = reinterpret_cast<double*>(context.workspace());
    ForEachUnit(geometry_, 0, geometry_.num_units, [&](int64_t first, int64_t count, int64_t offset) {
      for (int64_t j = 0; j < count; ++j) {
        Gather(context.input(0), offset + j, terms);
        for (int64_t i = 0; i < num_percentages; ++i) {
          const double value = Percentile(terms, geometry_.num_terms, Percentage(context, i), attrs_.interpolation);
          Store(context.output(0), i * geometry_.num_outputs + first + j, value);
        }
      }
    });
  }

 private:
  double Percentage(const OpContext& context, int64_t i) const {
    if (attrs_.q_scalar.has_value()) return *attrs_.q_scalar;
    return DispatchFloating(context.input(1).dtype(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      return static_cast<double>(ComputeType<T>(context.input(1).data<const T>()[i]));
    });
  }

  // The terms of the output at `offset`, sorted with NaN last.
  void Gather(const TensorView& x, int64_t offset, double* terms) const {
    double* end = terms;
    DispatchDType(x.dtype(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      ForEachRowGroup(geometry_, offset, [&](int64_t at) {
        for (int64_t row = 0; row < geometry_.rows; ++row) {
          for (int64_t i = 0; i < (geometry_.run_is_reduced ? geometry_.run : 1); ++i) {
            *end++ = static_cast<double>(ComputeType<T>(x.data<const T>()[at + row * geometry_.row_stride + i]));
          }
        }
      });
    });
    std::sort(terms, end, [](double a, double b) { return a < b || (a == a && b != b); });
  }

  static void Store(const TensorView& y, int64_t place, double value) {
    if (y.dtype() == DType::kFloat64) {
      y.data<double>()[place] = value;
    } else {
      y.data<float>()[place] = static_cast<float>(value);
    }
  }

  const PercentileAttrs attrs_;
  const ReduceGeometry geometry_;
};

const OpRegistration<PercentileAttrs> kPercentile({
    .names = {"_npi_percentile"},
    .inputs = {"a", "q"},
    .attrs = {Attr("axis", &PercentileAttrs::axis),
              EnumAttr("interpolation", &PercentileAttrs::interpolation,
                       {{"linear", Interpolation::kLinear},
                        {"lower", Interpolation::kLower},
                        {"higher", Interpolation::kHigher},
                        {"midpoint", Interpolation::kMidpoint},
                        {"nearest", Interpolation::kNearest}}),
              Attr("keepdims", &PercentileAttrs::keepdims), Attr("q_scalar", &PercentileAttrs::q_scalar)},
    .check = CheckAttrs,
    .num_inputs = [](const PercentileAttrs& attrs) { return attrs.q_scalar.has_value() ? 1 : 2; },
    .infer_types = InferTypes,
    .prepare = [](const PercentileAttrs& attrs, PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
      return std::make_unique<PercentileKernel>(attrs, context.inputs()[0].shape);
    },
});

}  // namespace
}  // namespace baryon
