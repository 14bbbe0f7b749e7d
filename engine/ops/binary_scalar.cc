// Functions of an array and a number. The number is cast to the array's dtype first, so an int32 array times 0.5 is all
// 0; truths come out as 1 and 0 in that dtype.
#include <utility>

#include "engine/ops/binary_kernel.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

using kernels::BinaryFn;

struct ScalarAttrs {
  double scalar = 1;
  bool is_int = true;  // what the number was in Python; has no effect here
};

enum class Side { kLeft, kRight };  // of the number

absl::StatusOr<std::unique_ptr<Kernel>> Prepare(BinaryFn fn, Side side, double scalar, const PrepareContext& context) {
  const DType dtype = context.inputs()[0].dtype;
  const BinaryOperand array = BinaryOperand::Input(0), number = BinaryOperand::Number(dtype, scalar);
  return side == Side::kLeft ? MakeBinaryKernel(context, fn, dtype, number, array)
                             : MakeBinaryKernel(context, fn, dtype, array, number);
}

OpSpec<ScalarAttrs> WithScalar(std::vector<std::string> names, BinaryFn fn, Side side = Side::kRight) {
  return {
      .names = std::move(names),
      .inputs = {"data"},
      .attrs = {Attr("scalar", &ScalarAttrs::scalar), Attr("is_int", &ScalarAttrs::is_int)},
      .infer_types = SameTypeAsInput<ScalarAttrs>,
      .complete_types = AllTypesEqual<ScalarAttrs>,
      .prepare = [fn, side](const ScalarAttrs& attrs,
                            PrepareContext& context) { return Prepare(fn, side, attrs.scalar, context); },
      .in_place = {0},
      .elementwise = true,
      .accepts_unknown_dims = true,
  };
}

const OpRegistration<ScalarAttrs> kScalarOps[] = {
    WithScalar({"_plus_scalar", "_PlusScalar"}, BinaryFn::kAdd),
    WithScalar({"_minus_scalar", "_MinusScalar"}, BinaryFn::kSub),
    WithScalar({"_rminus_scalar", "_RMinusScalar"}, BinaryFn::kSub, Side::kLeft),
    WithScalar({"_mul_scalar", "_MulScalar"}, BinaryFn::kMul),
    WithScalar({"_div_scalar", "_DivScalar"}, BinaryFn::kDiv),
    WithScalar({"_rdiv_scalar", "_RDivScalar"}, BinaryFn::kDiv, Side::kLeft),
    WithScalar({"_mod_scalar", "_ModScalar"}, BinaryFn::kMod),
    WithScalar({"_rmod_scalar", "_RModScalar"}, BinaryFn::kMod, Side::kLeft),
    WithScalar({"_power_scalar", "_PowerScalar"}, BinaryFn::kPower),
    WithScalar({"_rpower_scalar", "_RPowerScalar"}, BinaryFn::kPower, Side::kLeft),
    WithScalar({"_maximum_scalar", "_MaximumScalar", "_npi_maximum_scalar"}, BinaryFn::kMax),
    WithScalar({"_minimum_scalar", "_MinimumScalar", "_npi_minimum_scalar"}, BinaryFn::kMin),
    WithScalar({"_hypot_scalar", "_HypotScalar"}, BinaryFn::kHypot),
    WithScalar({"_equal_scalar", "_EqualScalar"}, BinaryFn::kEqual),
    WithScalar({"_not_equal_scalar", "_NotEqualScalar"}, BinaryFn::kNotEqual),
    WithScalar({"_greater_scalar", "_GreaterScalar"}, BinaryFn::kGreater),
    WithScalar({"_greater_equal_scalar", "_GreaterEqualScalar"}, BinaryFn::kGreaterEqual),
    WithScalar({"_lesser_scalar", "_LesserScalar"}, BinaryFn::kLess),
    WithScalar({"_lesser_equal_scalar", "_LesserEqualScalar"}, BinaryFn::kLessEqual),
    WithScalar({"_logical_and_scalar", "_LogicalAndScalar"}, BinaryFn::kLogicalAnd),
    WithScalar({"_logical_or_scalar", "_LogicalOrScalar"}, BinaryFn::kLogicalOr),
    WithScalar({"_logical_xor_scalar", "_LogicalXorScalar"}, BinaryFn::kLogicalXor),
};

}  // namespace
}  // namespace baryon
