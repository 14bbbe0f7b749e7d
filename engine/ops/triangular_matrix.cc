// Products with triangular matrices and divisions by them: _linalg_trmm is alpha op(a) b, or alpha b op(a) with
// `rightside`, _linalg_trsm the x with op(a) x = alpha b, or x op(a) = alpha b. Only one triangle of a is read.
#include <utility>

#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/blas.h"
#include "engine/ops/matrices.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

struct TriangularAttrs {
  bool transpose = false, rightside = false, lower = true;
  double alpha = 1;
};

absl::StatusOr<TensorTypes> InferTypes(const TriangularAttrs& attrs, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckSquareMatrices("A", inputs[0]));
  TensorType expected = inputs[0];
  const int64_t rank = expected.shape.rank(), free_axis = attrs.rightside ? rank - 2 : rank - 1;
  BARYON_RETURN_IF_ERROR(CheckRank("B", inputs[1], rank));
  expected.shape[free_axis] = inputs[1].shape[free_axis];
  if (inputs[1] != expected) return InputMismatch("B", expected, inputs[1]);
  return TensorTypes{expected};
}

using TriangleFn = decltype(&kernels::MultiplyByTriangle);

OpSpec<TriangularAttrs> Spec(std::vector<std::string> names, TriangleFn fn) {
  OpSpec<TriangularAttrs> spec;
  spec.names = std::move(names);
  spec.inputs = {"A", "B"};
  spec.attrs = {Attr("transpose", &TriangularAttrs::transpose), Attr("rightside", &TriangularAttrs::rightside),
                Attr("lower", &TriangularAttrs::lower), Attr("alpha", &TriangularAttrs::alpha)};
  spec.infer_types = InferTypes;
  spec.prepare = [fn](const TriangularAttrs& attrs,
                      PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
    const MatrixStack a = StackOf(context.inputs()[0].shape), b = StackOf(context.inputs()[1].shape);
    const auto compute = [attrs, a, b, fn](OpContext& context, int64_t i, double* memory) {
      double* const right = memory + a.size();
      LoadDoubles(context.input(0), i * a.size(), a.size(), memory);
      LoadDoubles(context.input(1), i * b.size(), b.size(), right);
      fn(attrs.rightside, attrs.lower, attrs.transpose, b.rows, b.columns, attrs.alpha, memory, a.columns, right,
         b.columns);
      StoreDoubles(right, i * b.size(), b.size(), context.output(0));
      return absl::OkStatus();
    };
    return MakeMatrixKernel(a.count, a.size() + b.size(), compute);
  };
  spec.in_place = {1};
  return spec;
}

const OpRegistration<TriangularAttrs> kProduct(Spec({"_linalg_trmm", "linalg_trmm"}, kernels::MultiplyByTriangle));
const OpRegistration<TriangularAttrs> kSolution(Spec({"_linalg_trsm", "linalg_trsm"}, kernels::DivideByTriangle));

}  // namespace
}  // namespace baryon
