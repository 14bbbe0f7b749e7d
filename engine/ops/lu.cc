// What the LU factorisation of square matrices gives: determinants (_linalg_det, and _linalg_slogdet, their signs and
// logarithms), inverses (_linalg_inverse, _npi_tensorinv) and solutions of linear equations (_npi_solve,
// _npi_tensorsolve).
#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>
#include <vector>

#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/lapack.h"
#include "engine/ops/matrices.h"
#include "engine/ops/shape_rules.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

// Memory for a matrix, its pivots and what its inversion needs.
int64_t LuDoubles(int64_t n) { return n * n + n + kernels::InvertLuWork(n); }

// The factors of a matrix that stands at `memory`.
struct Lu {
  int64_t n;
  double* factors;
  int32_t* pivots;
  double* work;
  bool invertible;

  Lu(int64_t n, double* memory)
      : n(n),
        factors(memory),
        pivots(reinterpret_cast<int32_t*>(memory + n * n)),
        work(memory + n * n + n),
        invertible(kernels::FactorLu(n, factors, pivots)) {}

  // The sign and the logarithm of the size of the determinant.
  std::pair<double, double> SignAndLog() const {
    double sign = 1, log = 0;
    for (int64_t i = 0; i < n; ++i) {
      const double element = factors[i * (n + 1)];
      const bool exchanged = pivots[i] != i + 1;
      sign *= (element < 0) != exchanged ? -1.0 : element == 0 ? 0.0 : 1.0;
      log += std::log(std::abs(element));
    }
    return {sign, log};
  }
  double Determinant() const {
    double product = 1;
    for (int64_t i = 0; i < n; ++i) product *= pivots[i] != i + 1 ? -factors[i * (n + 1)] : factors[i * (n + 1)];
    return product;
  }
  absl::Status CheckInvertible() const {
    return invertible ? absl::OkStatus() : ExpectedGot("an invertible matrix", "a singular one");
  }
};

// ---------------------------------------------------------------------------------------------------------------------
// Determinants

struct DetAttrs {
  bool np_shape = false;
};

TensorType DeterminantType(const DetAttrs& attrs, const TensorType& matrices) {
  TensorType type = matrices;
  type.shape.Erase(type.shape.rank() - 1);
  type.shape.Erase(type.shape.rank() - 1);
  if (type.shape.rank() == 0 && !attrs.np_shape) type.shape = {1};
  return type;
}

template <int kOutputs>
OpSpec<DetAttrs> DetSpec(std::vector<std::string> names,
                         std::function<void(const Lu& lu, const OpContext& context, int64_t i)> store) {
  OpSpec<DetAttrs> spec;
  spec.names = std::move(names);
  spec.inputs = {"A"};
  spec.outputs = {"output0"};
  if (kOutputs == 2) spec.outputs.push_back("output1");
  spec.attrs = {NpShapeAttr(&DetAttrs::np_shape)};
  spec.infer_types = [](const DetAttrs& attrs, const TensorTypes& inputs) -> absl::StatusOr<TensorTypes> {
    BARYON_RETURN_IF_ERROR(CheckSquareMatrices("A", inputs[0]));
    return TensorTypes(kOutputs, DeterminantType(attrs, inputs[0]));
  };
  spec.prepare = [store](const DetAttrs&, PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
    const MatrixStack stack = StackOf(context.inputs()[0].shape);
    const auto compute = [stack, store](OpContext& context, int64_t i, double* memory) {
      LoadDoubles(context.input(0), i * stack.size(), stack.size(), memory);
      store(Lu(stack.rows, memory), context, i);
      return absl::OkStatus();
    };
    return MakeMatrixKernel(stack.count, LuDoubles(stack.rows), compute);
  };
  return spec;
}

void StoreOne(double value, const OpContext& context, int output, int64_t i) {
  StoreDoubles(&value, i, 1, context.output(output));
}

const OpRegistration<DetAttrs> kDet(DetSpec<1>({"_linalg_det", "linalg_det", "_npi_det"},
                                               [](const Lu& lu, const OpContext& context, int64_t i) {
                                                 StoreOne(lu.Determinant(), context, 0, i);
                                               }));
const OpRegistration<DetAttrs> kSlogdet(DetSpec<2>({"_linalg_slogdet", "linalg_slogdet", "_npi_slogdet"},
                                                   [](const Lu& lu, const OpContext& context, int64_t i) {
                                                     const auto [sign, log] = lu.SignAndLog();
                                                     StoreOne(sign, context, 0, i);
                                                     StoreOne(log, context, 1, i);
                                                   }));

// ---------------------------------------------------------------------------------------------------------------------
// Inverses

std::unique_ptr<Kernel> MakeInverseKernel(int64_t count, int64_t n) {
  const auto invert = [n](OpContext& context, int64_t i, double* memory) -> absl::Status {
    LoadDoubles(context.input(0), i * n * n, n * n, memory);
    const Lu lu(n, memory);
    BARYON_RETURN_IF_ERROR(lu.CheckInvertible());
    kernels::InvertLu(n, lu.factors, lu.pivots, lu.work);
    StoreDoubles(lu.factors, i * n * n, n * n, context.output(0));
    return absl::OkStatus();
  };
  return MakeMatrixKernel(count, LuDoubles(n), invert);
}

const OpRegistration<NoAttrs> kInverse({
    .names = {"_linalg_inverse", "linalg_inverse", "_npi_inv"},
    .inputs = {"A"},
    .infer_types = [](const NoAttrs&, const TensorTypes& inputs) -> absl::StatusOr<TensorTypes> {
      BARYON_RETURN_IF_ERROR(CheckSquareMatrices("A", inputs[0]));
      return TensorTypes{inputs[0]};
    },
    .prepare = [](const NoAttrs&, PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
      const MatrixStack stack = StackOf(context.inputs()[0].shape);
      return MakeInverseKernel(stack.count, stack.rows);
    },
    .in_place = {0},
});

struct TensorInvAttrs {
  int64_t ind = 2;  // axes of the rows; the others are those of the columns
};

const OpRegistration<TensorInvAttrs> kTensorInverse({
    .names = {"_npi_tensorinv"},
    .inputs = {"a"},
    .attrs = {Attr("ind", &TensorInvAttrs::ind)},
    .infer_types = [](const TensorInvAttrs& attrs, const TensorTypes& inputs) -> absl::StatusOr<TensorTypes> {
      BARYON_RETURN_IF_ERROR(CheckFloating("a", inputs[0]));
      const Shape& shape = inputs[0].shape;
      if (attrs.ind < 1 || attrs.ind > shape.rank()) {
        return ExpectedGot(absl::StrCat("\"ind\" of 1 to ", shape.rank()), attrs.ind);
      }
      if (shape.Product(0, attrs.ind) != shape.Product(attrs.ind, shape.rank())) {
        return ExpectedGot(absl::StrCat("as many elements in the first ", attrs.ind, " axes as in the others"),
                           inputs[0].ToString());
      }
      TensorType output = {inputs[0].dtype, {}};
      for (int64_t i = 0; i < shape.rank(); ++i) output.shape.Append(shape[(attrs.ind + i) % shape.rank()]);
      return TensorTypes{std::move(output)};
    },
    .prepare = [](const TensorInvAttrs& attrs, PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
      return MakeInverseKernel(1, context.inputs()[0].shape.Product(0, attrs.ind));
    },
    .in_place = {0},
});

// ---------------------------------------------------------------------------------------------------------------------
// Linear equations

// Stacks of equations a x = b: b [..., n, columns], or with `vectors` [..., n].
struct Equations {
  int64_t count, n, columns;
};

absl::StatusOr<Equations> ReadEquations(const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckSquareMatrices("A", inputs[0]));
  const MatrixStack a = StackOf(inputs[0].shape);
  Shape expected = inputs[0].shape;
  const bool vectors = inputs[1].shape.rank() == expected.rank() - 1;
  expected.Erase(expected.rank() - 1);
  if (!vectors) expected.Append(inputs[1].shape.rank() == 0 ? 1 : inputs[1].shape.back());
  if (inputs[1] != TensorType{inputs[0].dtype, expected})
    return InputMismatch("B", {inputs[0].dtype, expected}, inputs[1]);
  return Equations{a.count, a.rows, vectors ? 1 : expected.back()};
}

const OpRegistration<NoAttrs> kSolve({
    .names = {"_npi_solve"},
    .inputs = {"A", "B"},
    .infer_types = [](const NoAttrs&, const TensorTypes& inputs) -> absl::StatusOr<TensorTypes> {
      BARYON_RETURN_IF_ERROR(ReadEquations(inputs).status());
      return TensorTypes{inputs[1]};
    },
    .prepare = [](const NoAttrs&, PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
      BARYON_ASSIGN_OR_RETURN(const Equations equations, ReadEquations(context.inputs()));
      const int64_t n = equations.n, columns = equations.columns, size = n * columns;
      const auto solve = [n, columns, size](OpContext& context, int64_t i, double* memory) -> absl::Status {
        LoadDoubles(context.input(0), i * n * n, n * n, memory);
        const Lu lu(n, memory);
        BARYON_RETURN_IF_ERROR(lu.CheckInvertible());
        double *b = memory + LuDoubles(n), *right = b + size;
        LoadDoubles(context.input(1), i * size, size, b);
        TransposeMatrix(b, n, columns, right);
        kernels::SolveLu(n, lu.factors, lu.pivots, columns, right);
        TransposeMatrix(right, columns, n, b);
        StoreDoubles(b, i * size, size, context.output(0));
        return absl::OkStatus();
      };
      return MakeMatrixKernel(equations.count, LuDoubles(n) + 2 * size, solve);
    },
    .in_place = {1},
});

struct TensorSolveAttrs {
  IntTuple a_axes;  // moved to the end
};

// The axes of a in the order in which they are read: the first as many as b has are the rows.
absl::StatusOr<IntTuple> TensorSolveOrder(const TensorSolveAttrs& attrs, int64_t rank) {
  BARYON_ASSIGN_OR_RETURN(const IntTuple moved, ResolveAxes(attrs.a_axes, rank));
  IntTuple order;
  for (int64_t axis = 0; axis < rank; ++axis) {
    if (std::find(moved.begin(), moved.end(), axis) == moved.end()) order.push_back(axis);
  }
  order.insert(order.end(), moved.begin(), moved.end());
  return order;
}

absl::StatusOr<TensorTypes> InferTensorSolve(const TensorSolveAttrs& attrs, const TensorTypes& inputs) {
  const TensorType &a = inputs[0], &b = inputs[1];
  BARYON_RETURN_IF_ERROR(CheckFloating("a", a));
  BARYON_RETURN_IF_ERROR(CheckRankAtLeast("a", a, b.shape.rank()));
  BARYON_ASSIGN_OR_RETURN(const IntTuple order, TensorSolveOrder(attrs, a.shape.rank()));
  TensorType x = {a.dtype, {}}, expected = {a.dtype, {}};
  for (int64_t i = 0; i < a.shape.rank(); ++i) {
    (i < b.shape.rank() ? expected.shape : x.shape).Append(a.shape[order[i]]);
  }
  if (b.dtype != a.dtype || b.shape.num_elements() != expected.shape.num_elements())
    return InputMismatch("b", expected, b);
  if (x.shape.num_elements() == b.shape.num_elements()) return TensorTypes{std::move(x)};
  return ExpectedGot("as many unknowns as equations", absl::StrCat(a.ToString(), " and ", b.ToString()));
}

absl::StatusOr<std::unique_ptr<Kernel>> PrepareTensorSolve(const TensorSolveAttrs& attrs, PrepareContext& context) {
  const Shape& a = context.inputs()[0].shape;
  BARYON_ASSIGN_OR_RETURN(const IntTuple order, TensorSolveOrder(attrs, a.rank()));
  const auto strides = RowMajorStrides(a);
  const int64_t n = context.inputs()[1].shape.num_elements();
  std::vector<int64_t> places = {0};  // of the elements, in the order in which they are read
  for (int64_t axis : order) {
    std::vector<int64_t> more;
    for (int64_t place : places) {
      for (int64_t i = 0; i < a[axis]; ++i) more.push_back(place + i * strides[axis]);
    }
    places = std::move(more);
  }
  const auto solve = [n, places = std::move(places)](OpContext& context, int64_t, double* memory) -> absl::Status {
    double *right = memory + LuDoubles(n), *all = right + n;
    LoadDoubles(context.input(0), 0, n * n, all);
    for (int64_t i = 0; i < n * n; ++i) memory[i] = all[places[i]];
    const Lu lu(n, memory);
    BARYON_RETURN_IF_ERROR(lu.CheckInvertible());
    LoadDoubles(context.input(1), 0, n, right);
    kernels::SolveLu(n, lu.factors, lu.pivots, 1, right);
    StoreDoubles(right, 0, n, context.output(0));
    return absl::OkStatus();
  };
  return MakeMatrixKernel(1, LuDoubles(n) + n + n * n, solve);
}

const OpRegistration<TensorSolveAttrs> kTensorSolve({
    .names = {"_npi_tensorsolve"},
    .inputs = {"a", "b"},
    .attrs = {NoneKeepsDefault(Attr("a_axes", &TensorSolveAttrs::a_axes))},
    .infer_types = InferTensorSolve,
    .prepare = PrepareTensorSolve,
});

}  // namespace
}  // namespace baryon
