// Cholesky factors of positive definite matrices: _linalg_potrf and _npi_cholesky compute them (a = L L' or U' U), and
// _linalg_potri the inverse of the matrix from a factor.
#include <utility>

#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/lapack.h"
#include "engine/ops/matrices.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

struct CholeskyAttrs {
  bool lower = true;
};

absl::StatusOr<TensorTypes> InferTypes(const CholeskyAttrs&, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckSquareMatrices("A", inputs[0]));
  return TensorTypes{inputs[0]};
}

absl::StatusOr<std::unique_ptr<Kernel>> PrepareFactor(const CholeskyAttrs& attrs, PrepareContext& context) {
  const MatrixStack stack = StackOf(context.inputs()[0].shape);
  const auto factor = [stack, lower = attrs.lower](OpContext& context, int64_t i, double* a) -> absl::Status {
    LoadDoubles(context.input(0), i * stack.size(), stack.size(), a);
    if (!kernels::FactorCholesky(lower, stack.rows, a)) return ExpectedGot("a positive definite matrix", "another");
    ClearOtherTriangle(lower, stack.rows, a);
    StoreDoubles(a, i * stack.size(), stack.size(), context.output(0));
    return absl::OkStatus();
  };
  return MakeMatrixKernel(stack.count, stack.size(), factor);
}

absl::StatusOr<std::unique_ptr<Kernel>> PrepareInverse(const CholeskyAttrs& attrs, PrepareContext& context) {
  const MatrixStack stack = StackOf(context.inputs()[0].shape);
  const auto invert = [stack, lower = attrs.lower](OpContext& context, int64_t i, double* a) -> absl::Status {
    LoadDoubles(context.input(0), i * stack.size(), stack.size(), a);
    if (!kernels::InvertCholesky(lower, stack.rows, a)) return ExpectedGot("a factor without zero diagonal", "another");
    MirrorTriangle(lower, stack.rows, a);
    StoreDoubles(a, i * stack.size(), stack.size(), context.output(0));
    return absl::OkStatus();
  };
  return MakeMatrixKernel(stack.count, stack.size(), invert);
}

OpSpec<CholeskyAttrs> Spec(std::vector<std::string> names) {
  OpSpec<CholeskyAttrs> spec;
  spec.names = std::move(names);
  spec.inputs = {"A"};
  spec.attrs = {Attr("lower", &CholeskyAttrs::lower)};
  spec.infer_types = InferTypes;
  spec.prepare = PrepareFactor;
  spec.in_place = {0};
  return spec;
}

const OpRegistration<CholeskyAttrs> kFactor(Spec({"_linalg_potrf", "linalg_potrf", "_npi_cholesky"}));
const OpRegistration<CholeskyAttrs> kInverse([] {
  auto spec = Spec({"_linalg_potri", "linalg_potri"});
  spec.prepare = PrepareInverse;
  return spec;
}());

}  // namespace
}  // namespace baryon
