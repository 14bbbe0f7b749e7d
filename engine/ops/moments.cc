// Mean and variance over axes in two passes: moments gives both, NumPy's var and std one of them. And norm, the sum of
// magnitudes or the root of the sum of squares.
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/reduction.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

using kernels::Finish;
using kernels::ReduceGeometry;
using kernels::Reduction;

void* DataOrNull(const OpContext& context, int output) {
  return output < context.num_outputs() && context.output(output).has_data() ? context.output(output).raw_data()
                                                                             : nullptr;
}

// ---------------------------------------------------------------------------------------------------------------------
// moments

struct MomentsAttrs {
  std::optional<IntTuple> axes;
  bool keepdims = false;
};

absl::StatusOr<TensorTypes> InferMoments(const MomentsAttrs& attrs, const TensorTypes& inputs) {
  if (!attrs.axes.has_value() || attrs.axes->empty()) return ExpectedGot("the axes by number", "none");
  BARYON_RETURN_IF_ERROR(CheckFloating("data", inputs[0]));
  const Shape& shape = inputs[0].shape;
  BARYON_ASSIGN_OR_RETURN(const AxisMask reduced, ReducedAxes(attrs.axes, shape.rank(), EmptyAxes::kAll));
  const TensorType moment = {inputs[0].dtype, LegacyReducedShape(shape, reduced, attrs.keepdims)};
  return TensorTypes{moment, moment};
}

void ComputeMoments(const MomentsAttrs& attrs, OpContext& context) {
  const TensorView& x = context.input(0);
  const AxisMask reduced = *ReducedAxes(attrs.axes, x.shape().rank(), EmptyAxes::kAll);
  const ReduceGeometry geometry = GeometryOf(x.shape(), reduced);
  ForUnits(context, geometry, [&](int64_t begin, int64_t end) {
    kernels::ReduceMoments(0, false, geometry, x.dtype(), x.raw_data(), x.dtype(), DataOrNull(context, 0),
                           DataOrNull(context, 1), begin, end);
  });
}

const OpRegistration<MomentsAttrs> kMoments({
    .names = {"moments"},
    .inputs = {"data"},
    .outputs = {"", ""},
    .attrs = {Attr("axes", &MomentsAttrs::axes), Attr("keepdims", &MomentsAttrs::keepdims)},
    .infer_types = InferMoments,
    .compute = ComputeMoments,
    .accepts_unknown_dims = true,
});

// ---------------------------------------------------------------------------------------------------------------------
// _npi_var, _npi_std

struct VarianceAttrs {
  std::optional<IntTuple> axis;
  DType dtype = DType::kUnknown;
  int64_t ddof = 0;  // subtracted from the number of terms
  bool keepdims = false;
};

absl::StatusOr<TensorTypes> InferVariance(const VarianceAttrs& attrs, const TensorTypes& inputs) {
  const Shape& shape = inputs[0].shape;
  BARYON_ASSIGN_OR_RETURN(const AxisMask reduced, ReducedAxes(attrs.axis, shape.rank(), EmptyAxes::kNone));
  const DType otherwise = inputs[0].dtype == DType::kBool ? DType::kFloat32 : inputs[0].dtype;
  const TensorType moment = {attrs.dtype == DType::kUnknown ? otherwise : attrs.dtype,
                             ReducedShape(shape, reduced, attrs.keepdims)};
  return TensorTypes{moment, moment};
}

OpSpec<VarianceAttrs> Variance(const char* name, const char* output, bool root) {
  return {
      .names = {name},
      .inputs = {"a"},
      .outputs = {output, "mean"},
      .attrs = {Attr("axis", &VarianceAttrs::axis), Attr("dtype", &VarianceAttrs::dtype),
                Attr("ddof", &VarianceAttrs::ddof), Attr("keepdims", &VarianceAttrs::keepdims)},
      .num_visible_outputs = [](const VarianceAttrs&) { return 1; },
      .infer_types = InferVariance,
      .compute =
          [root](const VarianceAttrs& attrs, OpContext& context) {
            const TensorView &x = context.input(0), &y = context.output(0);
            const AxisMask reduced = *ReducedAxes(attrs.axis, x.shape().rank(), EmptyAxes::kNone);
            const ReduceGeometry geometry = GeometryOf(x.shape(), reduced);
            ForUnits(context, geometry, [&](int64_t begin, int64_t end) {
              kernels::ReduceMoments(static_cast<double>(attrs.ddof), root, geometry, x.dtype(), x.raw_data(),
                                     y.dtype(), DataOrNull(context, 1), y.raw_data(), begin, end);
            });
          },
      .accepts_unknown_dims = true,
  };
}

const OpRegistration<VarianceAttrs> kVar(Variance("_npi_var", "var", /*root=*/false));
const OpRegistration<VarianceAttrs> kStd(Variance("_npi_std", "std", /*root=*/true));

// ---------------------------------------------------------------------------------------------------------------------
// norm

struct NormAttrs {
  int64_t ord = 2;
  std::optional<IntTuple> axis;
  DType out_dtype = DType::kUnknown;
  bool keepdims = false;
};

absl::Status CheckNorm(const NormAttrs& attrs) {
  return attrs.ord == 1 || attrs.ord == 2 ? absl::OkStatus() : ExpectedGot("order 1 or 2", attrs.ord);
}

absl::StatusOr<TensorTypes> InferNorm(const NormAttrs& attrs, const TensorTypes& inputs) {
  const Shape& shape = inputs[0].shape;
  BARYON_ASSIGN_OR_RETURN(const AxisMask reduced, ReducedAxes(attrs.axis, shape.rank(), EmptyAxes::kAll));
  const DType dtype = attrs.out_dtype == DType::kUnknown ? inputs[0].dtype : attrs.out_dtype;
  return TensorTypes{{dtype, LegacyReducedShape(shape, reduced, attrs.keepdims)}};
}

void ComputeNorm(const NormAttrs& attrs, OpContext& context) {
  const TensorView &x = context.input(0), &y = context.output(0);
  const AxisMask reduced = *ReducedAxes(attrs.axis, x.shape().rank(), EmptyAxes::kAll);
  const ReduceGeometry geometry = GeometryOf(x.shape(), reduced);
  ForUnits(context, geometry, [&](int64_t begin, int64_t end) {
    kernels::Reduce(attrs.ord == 1 ? Reduction::kMagnitudes : Reduction::kSquares,
                    attrs.ord == 1 ? Finish::kNone : Finish::kRoot, geometry, x.dtype(), x.raw_data(), y.dtype(),
                    y.raw_data(), begin, end);
  });
}

const OpRegistration<NormAttrs> kNorm({
    .names = {"norm", "_sparse_norm", "_npx_norm"},
    .inputs = {"data"},
    .attrs = {Attr("ord", &NormAttrs::ord), Attr("axis", &NormAttrs::axis), Attr("out_dtype", &NormAttrs::out_dtype),
              Attr("keepdims", &NormAttrs::keepdims)},
    .check = CheckNorm,
    .infer_types = InferNorm,
    .compute = ComputeNorm,
    .accepts_unknown_dims = true,
});

}  // namespace
}  // namespace baryon
