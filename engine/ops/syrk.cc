// _linalg_syrk: alpha a a', or alpha a' a, for each matrix of a stack.
#include <memory>

#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/ops/matrices.h"
#include "engine/ops/product.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

struct SyrkAttrs {
  bool transpose = false;
  double alpha = 1;
};

AxisLetters LettersOf(const SyrkAttrs& attrs, int64_t rank) {
  std::string batch;
  for (int64_t i = 0; i < rank - 2; ++i) batch += static_cast<char>('a' + i);
  return {batch + (attrs.transpose ? "zx" : "xz"), batch + (attrs.transpose ? "zy" : "yz"), batch + "xy"};
}

constexpr int64_t kMostAxes = 12;

absl::StatusOr<TensorTypes> InferTypes(const SyrkAttrs& attrs, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckMatrices("A", inputs[0]));
  const int64_t rank = inputs[0].shape.rank();
  if (rank > kMostAxes) return ExpectedGot(absl::StrCat("at most ", kMostAxes, " axes"), inputs[0].ToString());
  BARYON_ASSIGN_OR_RETURN(Shape shape, ProductShape(LettersOf(attrs, rank), inputs[0].shape, inputs[0].shape));
  return TensorTypes{{inputs[0].dtype, std::move(shape)}};
}

absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const SyrkAttrs& attrs, PrepareContext& context) {
  const Shape& a = context.inputs()[0].shape;
  return MakeProductKernel(context, ProductAxes(LettersOf(attrs, a.rank()), a, a), {0}, {0}, attrs.alpha);
}

const OpRegistration<SyrkAttrs> kSyrk({
    .names = {"_linalg_syrk", "linalg_syrk"},
    .inputs = {"A"},
    .attrs = {Attr("transpose", &SyrkAttrs::transpose), Attr("alpha", &SyrkAttrs::alpha)},
    .infer_types = InferTypes,
    .prepare = Prepare,
});

}  // namespace
}  // namespace baryon
