// What follows from singular values a = u diag(s) v: pseudo-inverses v' diag(1 / s) u' (_npi_pinv), ranks
// (_npi_matrix_rank) and least squares (_npi_lstsq). Singular values below a share of the largest count as 0.
#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/lapack.h"
#include "engine/ops/matrices.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

double EpsilonOf(DType dtype) {
  if (dtype == DType::kFloat64) return std::numeric_limits<double>::epsilon();
  return std::numeric_limits<float>::epsilon();
}

// The singular value decomposition of a matrix, in memory of Doubles(m, n).
struct Svd {
  double *a, *u, *s, *v, *rest;  // rest: m * n more
  int64_t m, n, k;

  static int64_t Doubles(int64_t m, int64_t n) {
    const int64_t k = std::min(m, n);
    return m * n + m * k + k + k * n + m * n + kernels::SingularValuesWork(m, n);
  }
  Svd(int64_t m, int64_t n, double* memory) : a(memory), m(m), n(n), k(std::min(m, n)) {
    u = a + m * n;
    s = u + m * k;
    v = s + k;
    rest = v + k * n;
  }
  absl::Status Compute() {  // from a
    if (kernels::SingularValues(m, n, a, u, s, v, rest + m * n)) return absl::OkStatus();
    return absl::InvalidArgumentError("the iteration for singular values does not converge");
  }
  double largest() const { return k == 0 ? 0 : s[0]; }
  int64_t CountAbove(double limit) const {
    return std::count_if(s, s + k, [limit](double value) { return value > limit; });
  }
};

// Decomposes each matrix of input 0 and hands it, with its number, to `use`.
template <typename Use>
absl::StatusOr<std::unique_ptr<Kernel>> MakeSvdKernel(const MatrixStack& stack, Use use) {
  const auto compute = [stack, use](OpContext& context, int64_t i, double* memory) -> absl::Status {
    Svd svd(stack.rows, stack.columns, memory);
    LoadDoubles(context.input(0), i * stack.size(), stack.size(), svd.a);
    BARYON_RETURN_IF_ERROR(svd.Compute());
    use(context, i, svd);
    return absl::OkStatus();
  };
  return MakeMatrixKernel(stack.count, Svd::Doubles(stack.rows, stack.columns), compute);
}

// What the forms of one operator share: a limit from an input, or from somewhere else.
template <typename Attrs, typename Infer, typename Prepare>
OpSpec<Attrs> SpecOf(const char* name, std::vector<InputDef> inputs, Infer infer, Prepare prepare) {
  OpSpec<Attrs> spec;
  spec.names = {name};
  spec.inputs = std::move(inputs);
  spec.attrs = {Attr("hermitian", &Attrs::hermitian)};
  spec.infer_types = infer;
  spec.prepare = prepare;
  return spec;
}

// ---------------------------------------------------------------------------------------------------------------------
// Pseudo-inverses

struct PinvAttrs {
  double rcond = 1e-15;
  bool hermitian = false;  // a matrix whose singular values are found a faster way: the result is the same
};

// The shape of one number for each matrix of a stack; `limits`, if any, is broadcast to it.
absl::StatusOr<Shape> StackShape(const TensorTypes& inputs, const char* name) {
  BARYON_RETURN_IF_ERROR(CheckMatrices("A", inputs[0]));
  Shape shape = inputs[0].shape;
  shape.Erase(shape.rank() - 1);
  shape.Erase(shape.rank() - 1);
  if (inputs.size() > 1) {
    BARYON_RETURN_IF_ERROR(CheckFloating(name, inputs[1]));
    const std::optional<Shape> broadcast = BroadcastShapes(shape, inputs[1].shape);
    if (!broadcast.has_value() || *broadcast != shape) {
      return InputMismatch(name, {inputs[1].dtype, shape}, inputs[1]);
    }
  }
  return shape;
}

// For each matrix of a stack, which element of the limits is its own.
std::vector<int64_t> LimitPlaces(const Shape& stack, const Shape& limits) {
  std::vector<int64_t> places = {0};
  const auto strides = RowMajorStrides(limits);
  for (int64_t axis = 0; axis < stack.rank(); ++axis) {
    const int64_t own = axis - (stack.rank() - limits.rank());
    const int64_t stride = own < 0 || limits[own] == 1 ? 0 : strides[own];
    std::vector<int64_t> more;
    for (int64_t place : places) {
      for (int64_t i = 0; i < stack[axis]; ++i) more.push_back(place + i * stride);
    }
    places = std::move(more);
  }
  return places;
}

// The limit of matrix i: element 0 of `fallback`, or that of input 1.
class Limits {
 public:
  Limits(const PrepareContext& context, const Shape& stack, double fallback) : fallback_(fallback) {
    if (context.inputs().size() > 1) places_ = LimitPlaces(stack, context.inputs()[1].shape);
  }
  double Of(const OpContext& context, int64_t i) const {
    if (places_.empty()) return fallback_;
    double limit = 0;
    LoadDoubles(context.input(1), places_[i], 1, &limit);
    return limit;
  }

 private:
  double fallback_;
  std::vector<int64_t> places_;
};

absl::StatusOr<TensorTypes> InferPinv(const PinvAttrs&, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(StackShape(inputs, "rcond").status());
  TensorType output = inputs[0];
  const int64_t rank = output.shape.rank();
  std::swap(output.shape[rank - 1], output.shape[rank - 2]);
  return TensorTypes{std::move(output)};
}

absl::StatusOr<std::unique_ptr<Kernel>> PreparePinv(const PinvAttrs& attrs, PrepareContext& context) {
  const MatrixStack stack = StackOf(context.inputs()[0].shape);
  BARYON_ASSIGN_OR_RETURN(const Shape shape, StackShape(context.inputs(), "rcond"));
  const Limits limits(context, shape, attrs.rcond);
  return MakeSvdKernel(stack, [stack, limits](OpContext& context, int64_t i, const Svd& svd) {
    const int64_t rank = svd.CountAbove(limits.Of(context, i) * svd.largest());
    double* const inverse = svd.rest;
    std::fill_n(inverse, stack.size(), 0.0);
    for (int64_t j = 0; j < rank; ++j) {
      for (int64_t column = 0; column < svd.n; ++column) {
        const double scaled = svd.v[j * svd.n + column] / svd.s[j];
        for (int64_t row = 0; row < svd.m; ++row) inverse[column * svd.m + row] += scaled * svd.u[row * svd.k + j];
      }
    }
    StoreDoubles(inverse, i * stack.size(), stack.size(), context.output(0));
  });
}

const OpRegistration<PinvAttrs> kPinv(SpecOf<PinvAttrs>("_npi_pinv", {"A", "rcond"}, InferPinv, PreparePinv));
const OpRegistration<PinvAttrs> kPinvScalar([] {
  auto spec = SpecOf<PinvAttrs>("_npi_pinv_scalar_rcond", {"A"}, InferPinv, PreparePinv);
  spec.attrs.push_back(Attr("rcond", &PinvAttrs::rcond));
  return spec;
}());

// ---------------------------------------------------------------------------------------------------------------------
// Ranks

struct RankAttrs {
  bool hermitian = false;
};

absl::StatusOr<TensorTypes> InferRank(const RankAttrs&, const TensorTypes& inputs) {
  if (inputs[0].shape.rank() < 2) return TensorTypes{{DType::kInt64, {}}};
  BARYON_ASSIGN_OR_RETURN(Shape shape, StackShape(inputs, "tol"));
  return TensorTypes{{DType::kInt64, std::move(shape)}};
}

absl::StatusOr<std::unique_ptr<Kernel>> PrepareRank(const RankAttrs&, PrepareContext& context) {
  const TensorType& type = context.inputs()[0];
  const MatrixStack stack = StackOf(type.shape);
  Shape shape;
  if (type.shape.rank() >= 2) {
    BARYON_ASSIGN_OR_RETURN(shape, StackShape(context.inputs(), "tol"));
  }
  const bool has_limit = context.inputs().size() > 1;
  const double share = EpsilonOf(type.dtype) * static_cast<double>(std::max(stack.rows, stack.columns));
  const Limits limits(context, shape, 0);
  return MakeSvdKernel(stack, [limits, has_limit, share](OpContext& context, int64_t i, const Svd& svd) {
    const double limit = has_limit ? limits.Of(context, i) : share * svd.largest();
    context.output(0).data<int64_t>()[i] = svd.CountAbove(limit);
  });
}

const OpRegistration<RankAttrs> kRank(SpecOf<RankAttrs>("_npi_matrix_rank", {"M", "tol"}, InferRank, PrepareRank));
const OpRegistration<RankAttrs> kRankDefault([] {
  auto spec = SpecOf<RankAttrs>("_npi_matrix_rank_none_tol", {"M"}, InferRank, PrepareRank);
  spec.ignored_attrs = {"finfoEps32", "finfoEps64"};
  return spec;
}());

// ---------------------------------------------------------------------------------------------------------------------
// Least squares

struct LstsqAttrs {
  double rcond = -1;
  bool new_default = false;  // a limit that grows with the matrix
};

// Outputs x, residuals, rank, singular values. There are residuals only where they are not 0 by necessity.
absl::StatusOr<TensorTypes> InferLstsq(const LstsqAttrs&, const TensorTypes& inputs) {
  const TensorType &a = inputs[0], &b = inputs[1];
  BARYON_RETURN_IF_ERROR(CheckMatrices("A", a));
  BARYON_RETURN_IF_ERROR(CheckRank("A", a, 2));
  TensorType expected = {a.dtype, {a.shape[0]}};
  if (b.shape.rank() == 2) expected.shape.Append(b.shape[1]);
  if (b != expected) return InputMismatch("B", expected, b);
  TensorType x = b;
  x.shape[0] = a.shape[1];
  return TensorTypes{
      x, {a.dtype, Shape::UnknownDims(1)}, {DType::kInt32, {}}, {a.dtype, {std::min(a.shape[0], a.shape[1])}}};
}

absl::StatusOr<std::vector<Tensor>> ComputeLstsq(const LstsqAttrs& attrs, absl::Span<const Tensor> inputs,
                                                 ThreadPool&) {
  BARYON_ASSIGN_OR_RETURN(const TensorTypes types, InferLstsq(attrs, {inputs[0].type(), inputs[1].type()}));
  const int64_t m = inputs[0].shape()[0], n = inputs[0].shape()[1];
  const int64_t columns = inputs[1].shape().rank() == 2 ? inputs[1].shape()[1] : 1;
  const double epsilon = EpsilonOf(inputs[0].dtype());
  double share = attrs.rcond;
  if (attrs.new_default) share = epsilon * static_cast<double>(std::max(m, n));
  if (share < 0) share = epsilon;

  std::vector<double> memory(Svd::Doubles(m, n)), a(m * n), b(m * columns), x(n * columns, 0.0);
  Svd svd(m, n, memory.data());
  LoadDoubles(inputs[0].view(), 0, m * n, a.data());
  LoadDoubles(inputs[1].view(), 0, m * columns, b.data());
  std::copy(a.begin(), a.end(), svd.a);
  BARYON_RETURN_IF_ERROR(svd.Compute());
  const int64_t rank = svd.CountAbove(share * svd.largest());
  for (int64_t j = 0; j < rank; ++j) {
    for (int64_t c = 0; c < columns; ++c) {
      double projection = 0;
      for (int64_t i = 0; i < m; ++i) projection += svd.u[i * svd.k + j] * b[i * columns + c];
      for (int64_t i = 0; i < n; ++i) x[i * columns + c] += svd.v[j * n + i] * projection / svd.s[j];
    }
  }
  std::vector<double> residuals;
  if (rank == n && m > n) {
    for (int64_t c = 0; c < columns; ++c) {
      double sum = 0;
      for (int64_t i = 0; i < m; ++i) {
        double difference = -b[i * columns + c];
        for (int64_t j = 0; j < n; ++j) difference += a[i * n + j] * x[j * columns + c];
        sum += difference * difference;
      }
      residuals.push_back(sum);
    }
  }
  std::vector<Tensor> outputs;
  const auto add = [&](TensorType type, const double* values) -> absl::Status {
    BARYON_ASSIGN_OR_RETURN(Tensor tensor, Tensor::TryAllocate(std::move(type)));
    StoreDoubles(values, 0, tensor.num_elements(), tensor.view());
    outputs.push_back(std::move(tensor));
    return absl::OkStatus();
  };
  const double rank_value = static_cast<double>(rank);
  BARYON_RETURN_IF_ERROR(add(types[0], x.data()));
  BARYON_RETURN_IF_ERROR(add({types[1].dtype, {static_cast<int64_t>(residuals.size())}}, residuals.data()));
  BARYON_RETURN_IF_ERROR(add(types[2], &rank_value));
  BARYON_RETURN_IF_ERROR(add(types[3], svd.s));
  return outputs;
}

const OpRegistration<LstsqAttrs> kLstsq({
    .names = {"_npi_lstsq"},
    .inputs = {"A", "B"},
    .outputs = {"output0", "output1", "output2", "output3"},
    .attrs = {Attr("rcond", &LstsqAttrs::rcond), Attr("new_default", &LstsqAttrs::new_default)},
    .ignored_attrs = {"finfoEps32", "finfoEps64"},
    .infer_types = InferLstsq,
    .compute_dynamic = ComputeLstsq,
});

}  // namespace
}  // namespace baryon
