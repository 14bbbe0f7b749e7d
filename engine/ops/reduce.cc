// Sums, means, products and extremes over axes: the legacy operators (sum, max, ...), whose result of reducing
// everything is [1], and NumPy's, where it has rank 0. They differ in attributes and dtypes; the loops are
// kernels::Reduce.
#include <cstring>
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/reduction.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

using kernels::Finish;
using kernels::ReduceGeometry;
using kernels::Reduction;

// What a family member computes.
struct Formula {
  Reduction reduction;
  Finish finish = Finish::kNone;
};

bool IsExtreme(const Formula& formula) {
  return formula.reduction == Reduction::kMax || formula.reduction == Reduction::kMin;
}

void Run(const Formula& formula, const AxisMask& reduced, OpContext& context) {
  const TensorView &x = context.input(0), &y = context.output(0);
  const ReduceGeometry geometry = GeometryOf(x.shape(), reduced);
  if (geometry.num_terms == 0 && formula.reduction != Reduction::kAll) {
    std::memset(y.raw_data(), 0, y.size_bytes());  // MXNet's answer for products, too
    return;
  }
  ForUnits(context, geometry, [&](int64_t begin, int64_t end) {
    kernels::Reduce(formula.reduction, formula.finish, geometry, x.dtype(), x.raw_data(), y.dtype(), y.raw_data(),
                    begin, end);
  });
}

absl::Status CheckHasTerms(const Shape& shape, const AxisMask& reduced) {
  for (int64_t axis = 0; axis < shape.rank(); ++axis) {
    if (reduced[axis] && shape[axis] == 0) return ExpectedGot("elements along the reduced axes", shape.ToString());
  }
  return absl::OkStatus();
}

// ---------------------------------------------------------------------------------------------------------------------
// Legacy

struct LegacyAttrs {
  std::optional<IntTuple> axis;  // None and () mean all axes
  bool keepdims = false;
  bool exclude = false;  // reduce the other axes
};

absl::StatusOr<AxisMask> LegacyAxes(const LegacyAttrs& attrs, int64_t rank) {
  BARYON_ASSIGN_OR_RETURN(AxisMask reduced, ReducedAxes(attrs.axis, rank, EmptyAxes::kAll));
  const bool inverted = attrs.exclude && attrs.axis.has_value() && !attrs.axis->empty();
  for (bool& axis : reduced) axis = axis != inverted;
  return reduced;
}

absl::StatusOr<TensorTypes> InferLegacy(const LegacyAttrs& attrs, const TensorTypes& inputs) {
  const Shape& shape = inputs[0].shape;
  BARYON_ASSIGN_OR_RETURN(const AxisMask reduced, LegacyAxes(attrs, shape.rank()));
  BARYON_RETURN_IF_ERROR(CheckHasTerms(shape, reduced));
  return TensorTypes{{inputs[0].dtype, LegacyReducedShape(shape, reduced, attrs.keepdims)}};
}

std::optional<LegacyAttrs> LegacyToChannelsLast(const LegacyAttrs& attrs, int rank) {
  const absl::StatusOr<AxisMask> reduced = LegacyAxes(attrs, rank);
  if (!reduced.ok()) return std::nullopt;
  std::optional<IntTuple> axes = AxesChannelsLast(*reduced, attrs.keepdims);
  if (!axes.has_value() || axes->empty()) return std::nullopt;
  return LegacyAttrs{std::move(axes), attrs.keepdims, /*exclude=*/false};
}

OpSpec<LegacyAttrs> Legacy(std::vector<std::string> names, Formula formula) {
  return {
      .names = std::move(names),
      .inputs = {"data"},
      .attrs = {Attr("axis", &LegacyAttrs::axis), Attr("keepdims", &LegacyAttrs::keepdims),
                Attr("exclude", &LegacyAttrs::exclude)},
      .infer_types = InferLegacy,
      .compute =
          [formula](const LegacyAttrs& attrs, OpContext& context) {
            Run(formula, *LegacyAxes(attrs, context.input(0).shape().rank()), context);
          },
      .accepts_unknown_dims = true,
      .to_channels_last = LegacyToChannelsLast,
  };
}

const OpRegistration<LegacyAttrs> kSum(Legacy({"sum", "sum_axis", "_sparse_sum"}, {Reduction::kSum}));
const OpRegistration<LegacyAttrs> kMean(Legacy({"mean", "_sparse_mean"}, {Reduction::kSum, Finish::kMean}));
const OpRegistration<LegacyAttrs> kProd(Legacy({"prod"}, {Reduction::kProduct}));
const OpRegistration<LegacyAttrs> kMax(Legacy({"max", "max_axis"}, {Reduction::kMax}));
const OpRegistration<LegacyAttrs> kMin(Legacy({"min", "min_axis"}, {Reduction::kMin}));
const OpRegistration<LegacyAttrs> kNanSum(Legacy({"nansum"}, {Reduction::kNanSum}));
const OpRegistration<LegacyAttrs> kNanProd(Legacy({"nanprod"}, {Reduction::kNanProduct}));

// ---------------------------------------------------------------------------------------------------------------------
// NumPy

struct NumpyAttrs {
  std::optional<IntTuple> axis;  // None means all axes, () none
  DType dtype = DType::kUnknown;
  bool keepdims = false;
  std::optional<double> initial;  // MXNet declares it and refuses every value
};

absl::Status CheckInitial(const NumpyAttrs& attrs) {
  if (!attrs.initial.has_value()) return absl::OkStatus();
  return ExpectedGot("no initial value", FormatAttr(*attrs.initial));
}

// The dtype of the result: what the attribute says, else whole numbers count on as they are, except that booleans are
// counted and means have fractions.
DType NumpyDType(const Formula& formula, const NumpyAttrs& attrs, DType in) {
  if (formula.reduction == Reduction::kAny || formula.reduction == Reduction::kAll) return DType::kBool;
  if (attrs.dtype != DType::kUnknown) return attrs.dtype;
  if (IsExtreme(formula)) return in;
  if (formula.finish == Finish::kMean && !IsFloating(in)) return DType::kFloat32;
  return in == DType::kBool ? DType::kInt64 : in;
}

absl::StatusOr<TensorTypes> InferNumpy(const Formula& formula, const NumpyAttrs& attrs, const TensorTypes& inputs) {
  const Shape& shape = inputs[0].shape;
  BARYON_ASSIGN_OR_RETURN(const AxisMask reduced, ReducedAxes(attrs.axis, shape.rank(), EmptyAxes::kNone));
  if (IsExtreme(formula)) BARYON_RETURN_IF_ERROR(CheckHasTerms(shape, reduced));
  return TensorTypes{{NumpyDType(formula, attrs, inputs[0].dtype), ReducedShape(shape, reduced, attrs.keepdims)}};
}

std::optional<NumpyAttrs> NumpyToChannelsLast(const NumpyAttrs& attrs, int rank) {
  const absl::StatusOr<AxisMask> reduced = ReducedAxes(attrs.axis, rank, EmptyAxes::kNone);
  if (!reduced.ok()) return std::nullopt;
  NumpyAttrs changed = attrs;
  changed.axis = AxesChannelsLast(*reduced, attrs.keepdims);
  if (!changed.axis.has_value()) return std::nullopt;
  return changed;
}

OpSpec<NumpyAttrs> Numpy(std::vector<std::string> names, Formula formula) {
  OpSpec<NumpyAttrs> spec = {
      .names = std::move(names),
      .inputs = {"a"},
      .attrs = {Attr("axis", &NumpyAttrs::axis), Attr("keepdims", &NumpyAttrs::keepdims)},
      .check = CheckInitial,
      .infer_types = [formula](const NumpyAttrs& attrs,
                               const TensorTypes& inputs) { return InferNumpy(formula, attrs, inputs); },
      .compute =
          [formula](const NumpyAttrs& attrs, OpContext& context) {
            const int64_t rank = context.input(0).shape().rank();
            Run(formula, *ReducedAxes(attrs.axis, rank, EmptyAxes::kNone), context);
          },
      .accepts_unknown_dims = true,
      .to_channels_last = NumpyToChannelsLast,
  };
  const bool logical = formula.reduction == Reduction::kAny || formula.reduction == Reduction::kAll;
  if (!logical) spec.attrs.push_back(Attr("initial", &NumpyAttrs::initial));
  if (!logical && !IsExtreme(formula)) spec.attrs.push_back(Attr("dtype", &NumpyAttrs::dtype));
  return spec;
}

const OpRegistration<NumpyAttrs> kNumpySum(Numpy({"_np_sum", "_npi_sum"}, {Reduction::kSum}));
const OpRegistration<NumpyAttrs> kNumpyMean(Numpy({"_npi_mean"}, {Reduction::kSum, Finish::kMean}));
const OpRegistration<NumpyAttrs> kNumpyProd(Numpy({"_np_prod", "_np_product", "_npi_prod"}, {Reduction::kProduct}));
const OpRegistration<NumpyAttrs> kNumpyMax(Numpy({"_np_max", "_np_amax", "_npi_max", "_npi_amax"}, {Reduction::kMax}));
const OpRegistration<NumpyAttrs> kNumpyMin(Numpy({"_np_min", "_np_amin", "_npi_min", "_npi_amin"}, {Reduction::kMin}));
const OpRegistration<NumpyAttrs> kNumpyAny(Numpy({"_np_any", "_np_sometrue", "_npi_any", "_npi_sometrue"},
                                                 {Reduction::kAny}));
const OpRegistration<NumpyAttrs> kNumpyAll(Numpy({"_np_all", "_npi_all"}, {Reduction::kAll}));

}  // namespace
}  // namespace baryon
