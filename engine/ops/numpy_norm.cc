// _npi_norm: norms of vectors and of matrices, over the axes that hold them. What is computed depends on a flag that
// MXNet's numpy.linalg.norm sets:
//   -2  the root of the sum of all squares
//   -1  of vectors by order: 0 how many elements are not 0, else (sum |x|^ord)^(1/ord)
//    0  of matrices by order: the largest singular value (2) or the smallest one (-2)
//    1  the root of the sum of squares over the axes
//    2  of matrices, the sum of singular values
#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/lapack.h"
#include "engine/ops/matrices.h"
#include "engine/ops/reduction.h"
#include "engine/ops/shape_rules.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

struct NormAttrs {
  double ord = 2;
  std::optional<IntTuple> axis;
  bool keepdims = false;
  int64_t flag = -1;

  bool of_matrices() const { return flag == 0 || flag == 2; }
};

absl::Status Check(const NormAttrs& attrs) {
  if (attrs.flag < -2 || attrs.flag > 2) return ExpectedGot("\"flag\" of -2 to 2", attrs.flag);
  if (attrs.flag == 0 && std::abs(attrs.ord) != 2) return ExpectedGot("\"ord\" of 2 or -2", attrs.ord);
  return absl::OkStatus();
}

// Without an axis: all of them for flag -2, else the last two.
absl::StatusOr<AxisMask> ReducedBy(const NormAttrs& attrs, const TensorType& data) {
  BARYON_RETURN_IF_ERROR(CheckFloating("data", data));
  const int64_t rank = data.shape.rank();
  std::optional<IntTuple> axis = attrs.flag == -2 ? std::nullopt : attrs.axis;
  if (!axis.has_value() && attrs.flag != -2) {
    axis.emplace();
    for (int64_t i = std::max<int64_t>(rank - 2, 0); i < rank; ++i) axis->push_back(i);
  }
  BARYON_ASSIGN_OR_RETURN(AxisMask reduced, ReducedAxes(axis, rank, EmptyAxes::kNone));
  const int64_t axes = std::count(reduced.begin(), reduced.end(), true);
  if (attrs.of_matrices() && axes != 2) return ExpectedGot("two axes of matrices", axes);
  return reduced;
}

absl::StatusOr<TensorTypes> InferTypes(const NormAttrs& attrs, const TensorTypes& inputs) {
  BARYON_ASSIGN_OR_RETURN(const AxisMask reduced, ReducedBy(attrs, inputs[0]));
  const Shape shape = ReducedShape(inputs[0].shape, reduced, attrs.keepdims);
  if (shape.num_elements() > 0 && attrs.of_matrices() && inputs[0].shape.num_elements() == 0) {
    return ExpectedGot("matrices with elements", inputs[0].ToString());
  }
  return TensorTypes{{inputs[0].dtype, shape}};
}

// Sums of squares have a fast kernel.
class RootOfSquaresKernel : public Kernel {
 public:
  explicit RootOfSquaresKernel(const kernels::ReduceGeometry& geometry) : geometry_(geometry) {}

  void Compute(OpContext& context) const override {
    const TensorView &x = context.input(0), &y = context.output(0);
    ForUnits(context, geometry_, [&](int64_t begin, int64_t end) {
      kernels::Reduce(kernels::Reduction::kSquares, kernels::Finish::kRoot, geometry_, x.dtype(), x.raw_data(),
                      y.dtype(), y.raw_data(), begin, end);
    });
  }

 private:
  const kernels::ReduceGeometry geometry_;
};

double VectorNorm(double ord, const double* terms, int64_t n) {
  if (ord == 0) return static_cast<double>(std::count_if(terms, terms + n, [](double x) { return x != 0; }));
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += std::pow(std::abs(terms[i]), ord);
  return std::pow(sum, 1 / ord);
}

absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const NormAttrs& attrs, PrepareContext& context) {
  const Shape& shape = context.inputs()[0].shape;
  BARYON_ASSIGN_OR_RETURN(const AxisMask reduced, ReducedBy(attrs, context.inputs()[0]));
  if (!attrs.of_matrices() && (attrs.flag != -1 || attrs.ord == 2)) {
    return std::make_unique<RootOfSquaresKernel>(GeometryOf(shape, reduced));
  }
  // The places of the terms of each norm, counted from its first; a matrix row by row.
  const auto strides = RowMajorStrides(shape);
  std::vector<int64_t> terms = {0}, norms = {0};
  int64_t columns = 1;
  for (int64_t axis = 0; axis < shape.rank(); ++axis) {
    std::vector<int64_t>& places = reduced[axis] ? terms : norms;
    std::vector<int64_t> more;
    for (int64_t place : places) {
      for (int64_t i = 0; i < shape[axis]; ++i) more.push_back(place + i * strides[axis]);
    }
    places = std::move(more);
    if (reduced[axis]) columns = shape[axis];
  }
  const int64_t n = static_cast<int64_t>(terms.size()), count = static_cast<int64_t>(norms.size());
  const int64_t rows = n / std::max<int64_t>(columns, 1);
  const auto norm = [=](OpContext& context, int64_t i, double* memory) -> absl::Status {
    for (int64_t j = 0; j < n; ++j) LoadDoubles(context.input(0), norms[i] + terms[j], 1, memory + j);
    double result = 0;
    if (attrs.of_matrices()) {
      const int64_t k = std::min(rows, columns);
      double *const u = memory + n, *const s = u + rows * k, *const v = s + k;
      if (!kernels::SingularValues(rows, columns, memory, u, s, v, v + k * columns)) {
        return absl::InvalidArgumentError("the iteration for singular values does not converge");
      }
      result = attrs.flag == 0 ? (attrs.ord > 0 ? s[0] : s[k - 1]) : std::accumulate(s, s + k, 0.0);
    } else {
      result = VectorNorm(attrs.ord, memory, n);
    }
    StoreDoubles(&result, i, 1, context.output(0));
    return absl::OkStatus();
  };
  const int64_t k = std::min(rows, columns);
  const int64_t matrix =
      attrs.of_matrices() ? (rows + columns + 1) * k + kernels::SingularValuesWork(rows, columns) : 0;
  return MakeMatrixKernel(count, n + matrix, norm);
}

const OpRegistration<NormAttrs> kNorm({
    .names = {"_npi_norm"},
    .inputs = {"data"},
    .outputs = {"output0"},
    .attrs = {Attr("ord", &NormAttrs::ord), Attr("axis", &NormAttrs::axis), Attr("keepdims", &NormAttrs::keepdims),
              Attr("flag", &NormAttrs::flag)},
    .check = Check,
    .infer_types = InferTypes,
    .prepare = Prepare,
});

}  // namespace
}  // namespace baryon
