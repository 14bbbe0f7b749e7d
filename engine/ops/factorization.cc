// Factors of matrices, for each matrix of a stack:
//   _linalg_gelqf  a = l q, with orthonormal rows of q           outputs q, l
//   _npi_qr        a = q r, with orthonormal columns of q        outputs q, r
//   _npi_svd       a = u diag(s) v                               outputs u, s, v
//   _linalg_syevd  symmetric a = u' diag(l) u                    outputs u, l
//   _npi_eigh      the same, eigenvectors as columns             outputs l, u'
//   _npi_eig       any a with real eigenvalues                   outputs values, vectors as columns
// and _npi_eigvalsh, _npi_eigvals with the values alone. Vectors are defined up to their sign: those of symmetric
// matrices and of _npi_svd have their largest element positive, as MXNet has them.
#include <algorithm>
#include <cmath>
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

TensorType WithLastAxes(const TensorType& type, std::initializer_list<int64_t> sizes) {
  TensorType result = type;
  result.shape.Erase(result.shape.rank() - 1);
  result.shape.Erase(result.shape.rank() - 1);
  for (int64_t size : sizes) result.shape.Append(size);
  return result;
}

absl::Status NoConvergence() { return absl::InvalidArgumentError("the iteration for eigenvalues does not converge"); }

// Makes the element of row [0, n) with the largest size positive. True when the row changed its sign.
bool MakePositive(double* row, int64_t n) {
  const double* largest = std::max_element(row, row + n, [](double a, double b) { return std::abs(a) < std::abs(b); });
  if (n == 0 || *largest >= 0) return false;
  for (int64_t i = 0; i < n; ++i) row[i] = -row[i];
  return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// LQ and QR

absl::StatusOr<TensorTypes> InferLq(const NoAttrs&, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckMatrices("A", inputs[0]));
  const MatrixStack stack = StackOf(inputs[0].shape);
  if (stack.rows > stack.columns)
    return ExpectedGot("matrices that are as wide as high or wider", inputs[0].ToString());
  return TensorTypes{inputs[0], WithLastAxes(inputs[0], {stack.rows, stack.rows})};
}

absl::StatusOr<std::unique_ptr<Kernel>> PrepareLq(const NoAttrs&, PrepareContext& context) {
  const MatrixStack stack = StackOf(context.inputs()[0].shape);
  const int64_t m = stack.rows, n = stack.columns;
  const auto factor = [m, n](OpContext& context, int64_t i, double* a) {
    double *const l = a + m * n, *const work = l + m * m;
    LoadDoubles(context.input(0), i * m * n, m * n, a);
    kernels::FactorLq(m, n, a, l, work);
    StoreDoubles(a, i * m * n, m * n, context.output(0));
    StoreDoubles(l, i * m * m, m * m, context.output(1));
    return absl::OkStatus();
  };
  return MakeMatrixKernel(stack.count, m * n + m * m + kernels::FactorLqWork(m, n), factor);
}

absl::StatusOr<TensorTypes> InferQr(const NoAttrs&, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckMatrices("A", inputs[0]));
  const MatrixStack stack = StackOf(inputs[0].shape);
  const int64_t k = std::min(stack.rows, stack.columns);
  return TensorTypes{WithLastAxes(inputs[0], {stack.rows, k}), WithLastAxes(inputs[0], {k, stack.columns})};
}

absl::StatusOr<std::unique_ptr<Kernel>> PrepareQr(const NoAttrs&, PrepareContext& context) {
  const MatrixStack stack = StackOf(context.inputs()[0].shape);
  const int64_t m = stack.rows, n = stack.columns, k = std::min(m, n);
  const auto factor = [m, n, k](OpContext& context, int64_t i, double* a) {
    double *const q = a + m * n, *const r = q + m * k, *const work = r + k * n;
    LoadDoubles(context.input(0), i * m * n, m * n, a);
    kernels::FactorQr(m, n, a, q, r, work);
    StoreDoubles(q, i * m * k, m * k, context.output(0));
    StoreDoubles(r, i * k * n, k * n, context.output(1));
    return absl::OkStatus();
  };
  return MakeMatrixKernel(stack.count, m * n + m * k + k * n + kernels::FactorQrWork(m, n), factor);
}

// ---------------------------------------------------------------------------------------------------------------------
// Singular values

absl::StatusOr<TensorTypes> InferSvd(const NoAttrs&, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckMatrices("A", inputs[0]));
  const MatrixStack stack = StackOf(inputs[0].shape);
  const int64_t k = std::min(stack.rows, stack.columns);
  return TensorTypes{WithLastAxes(inputs[0], {stack.rows, k}), WithLastAxes(inputs[0], {k}),
                     WithLastAxes(inputs[0], {k, stack.columns})};
}

absl::StatusOr<std::unique_ptr<Kernel>> PrepareSvd(const NoAttrs&, PrepareContext& context) {
  const MatrixStack stack = StackOf(context.inputs()[0].shape);
  const int64_t m = stack.rows, n = stack.columns, k = std::min(m, n);
  const auto factor = [m, n, k](OpContext& context, int64_t i, double* a) {
    double *const u = a + m * n, *const s = u + m * k, *const v = s + k, *const work = v + k * n;
    LoadDoubles(context.input(0), i * m * n, m * n, a);
    if (!kernels::SingularValues(m, n, a, u, s, v, work)) return NoConvergence();
    for (int64_t j = 0; j < k; ++j) {
      if (!MakePositive(v + j * n, n)) continue;
      for (int64_t row = 0; row < m; ++row) u[row * k + j] = -u[row * k + j];
    }
    StoreDoubles(u, i * m * k, m * k, context.output(0));
    StoreDoubles(s, i * k, k, context.output(1));
    StoreDoubles(v, i * k * n, k * n, context.output(2));
    return absl::OkStatus();
  };
  return MakeMatrixKernel(stack.count, m * n + m * k + k + k * n + kernels::SingularValuesWork(m, n), factor);
}

// ---------------------------------------------------------------------------------------------------------------------
// Eigenvalues

struct EigenAttrs {
  bool lower = true;
};

// Which output has the values and which the vectors, -1: none; whether these are rows.
struct EigenOutputs {
  int values, vectors;
  bool rows;
  bool symmetric;
};

TensorTypes EigenTypes(const EigenOutputs& outputs, const TensorType& matrices) {
  TensorTypes types(outputs.vectors < 0 ? 1 : 2);
  types[outputs.values] = WithLastAxes(matrices, {matrices.shape.back()});
  if (outputs.vectors >= 0) types[outputs.vectors] = matrices;
  return types;
}

// Values and vectors (rows) of the matrix at a; vectors may be a.
absl::Status Eigen(const EigenOutputs& outputs, bool lower, int64_t n, double* a, double* values, double* vectors,
                   double* work) {
  const bool wanted = outputs.vectors >= 0;
  if (outputs.symmetric) {
    if (!kernels::SymmetricEigen(lower, wanted, n, a, values, work)) return NoConvergence();
    for (int64_t j = 0; wanted && j < n; ++j) MakePositive(a + j * n, n);
    if (wanted) std::copy_n(a, n * n, vectors);
    return absl::OkStatus();
  }
  double* const imaginary = work + kernels::GeneralEigenWork(n);
  if (!kernels::GeneralEigen(n, a, values, imaginary, wanted ? vectors : nullptr, work)) return NoConvergence();
  if (std::all_of(imaginary, imaginary + n, [](double part) { return part == 0; })) return absl::OkStatus();
  return ExpectedGot("a matrix with real eigenvalues", "complex ones");
}

OpSpec<EigenAttrs> EigenSpec(std::vector<std::string> names, EigenOutputs outputs) {
  OpSpec<EigenAttrs> spec;
  spec.names = std::move(names);
  spec.inputs = {"A"};
  spec.outputs =
      outputs.vectors < 0 ? std::vector<std::string>{"output"} : std::vector<std::string>{"output0", "output1"};
  spec.infer_types = [outputs](const EigenAttrs&, const TensorTypes& inputs) -> absl::StatusOr<TensorTypes> {
    BARYON_RETURN_IF_ERROR(CheckSquareMatrices("A", inputs[0]));
    return EigenTypes(outputs, inputs[0]);
  };
  spec.prepare = [outputs](const EigenAttrs& attrs,
                           PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
    const MatrixStack stack = StackOf(context.inputs()[0].shape);
    const int64_t n = stack.rows;
    const int64_t work_size = std::max(kernels::SymmetricEigenWork(n), kernels::GeneralEigenWork(n) + n);
    const auto compute = [outputs, n, lower = attrs.lower](OpContext& context, int64_t i, double* a) -> absl::Status {
      double *const vectors = a + n * n, *const values = vectors + n * n, *const work = values + n;
      LoadDoubles(context.input(0), i * n * n, n * n, a);
      BARYON_RETURN_IF_ERROR(Eigen(outputs, lower, n, a, values, vectors, work));
      StoreDoubles(values, i * n, n, context.output(outputs.values));
      if (outputs.vectors < 0) return absl::OkStatus();
      if (!outputs.rows) TransposeMatrix(vectors, n, n, a);
      StoreDoubles(outputs.rows ? vectors : a, i * n * n, n * n, context.output(outputs.vectors));
      return absl::OkStatus();
    };
    return MakeMatrixKernel(stack.count, 2 * n * n + n + work_size, compute);
  };
  return spec;
}

OpSpec<EigenAttrs> SymmetricSpec(std::vector<std::string> names, EigenOutputs outputs) {
  auto spec = EigenSpec(std::move(names), outputs);
  spec.attrs = {EnumAttr("UPLO", &EigenAttrs::lower, {{"L", true}, {"U", false}})};
  return spec;
}

OpSpec<NoAttrs> FactorSpec(std::vector<std::string> names, int num_outputs,
                           absl::StatusOr<TensorTypes> (*infer)(const NoAttrs&, const TensorTypes&),
                           absl::StatusOr<std::unique_ptr<Kernel>> (*prepare)(const NoAttrs&, PrepareContext&)) {
  OpSpec<NoAttrs> spec;
  spec.names = std::move(names);
  spec.inputs = {"A"};
  spec.outputs = {"output0", "output1"};
  if (num_outputs == 3) spec.outputs.push_back("output2");
  spec.infer_types = infer;
  spec.prepare = prepare;
  return spec;
}

const OpRegistration<NoAttrs> kLq(FactorSpec({"_linalg_gelqf", "linalg_gelqf"}, 2, InferLq, PrepareLq));
const OpRegistration<NoAttrs> kQr(FactorSpec({"_npi_qr"}, 2, InferQr, PrepareQr));
const OpRegistration<NoAttrs> kSvd(FactorSpec({"_npi_svd"}, 3, InferSvd, PrepareSvd));
const OpRegistration<EigenAttrs> kSyevd(EigenSpec({"_linalg_syevd", "linalg_syevd"}, {1, 0, true, true}));
const OpRegistration<EigenAttrs> kEigh(SymmetricSpec({"_npi_eigh"}, {0, 1, false, true}));
const OpRegistration<EigenAttrs> kEigvalsh(SymmetricSpec({"_npi_eigvalsh"}, {0, -1, false, true}));
const OpRegistration<EigenAttrs> kEig(EigenSpec({"_npi_eig"}, {0, 1, false, false}));
const OpRegistration<EigenAttrs> kEigvals(EigenSpec({"_npi_eigvals"}, {0, -1, false, false}));

}  // namespace
}  // namespace baryon
