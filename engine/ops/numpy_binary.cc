// NumPy's functions of two arrays, or of an array and a number. Arrays broadcast and meet in a common dtype; truths are
// bool.
#include <utility>

#include "engine/ops/binary_kernel.h"
#include "engine/ops/numpy_dtype.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

using kernels::BinaryFn;

// What becomes of dtypes, beside truths, which are bool.
enum class Rule {
  kPromote,
  kFloating,  // whole arrays are computed in float32
  kWhole,     // floating operands are refused
};

struct Formula {
  BinaryFn fn;
  Rule rule = Rule::kPromote;
};

absl::StatusOr<DType> ArithmeticOf(Rule rule, DType promoted) {
  if (rule == Rule::kWhole && IsFloating(promoted)) return ExpectedGot("whole numbers", DTypeName(promoted));
  return rule == Rule::kFloating && !IsFloating(promoted) ? DType::kFloat32 : promoted;
}

DType ResultOf(BinaryFn fn, DType arithmetic) { return kernels::IsTruth(fn) ? DType::kBool : arithmetic; }

// ---------------------------------------------------------------------------------------------------------------------
// Two arrays

absl::StatusOr<DType> ArraysArithmetic(const Formula& formula, const TensorTypes& inputs) {
  return ArithmeticOf(formula.rule, PromotedDType(inputs[0].dtype, inputs[1].dtype));
}

absl::StatusOr<TensorTypes> InferArrays(const Formula& formula, const TensorTypes& inputs) {
  BARYON_ASSIGN_OR_RETURN(const DType arithmetic, ArraysArithmetic(formula, inputs));
  std::optional<Shape> shape = BroadcastShapes(inputs[0].shape, inputs[1].shape);
  if (!shape.has_value()) {
    return ExpectedGot("shapes that broadcast",
                       absl::StrCat(inputs[0].shape.ToString(), " and ", inputs[1].shape.ToString()));
  }
  return TensorTypes{{ResultOf(formula.fn, arithmetic), *std::move(shape)}};
}

OpSpec<NoAttrs> Arrays(std::vector<std::string> names, Formula formula) {
  return {
      .names = std::move(names),
      .inputs = {"x1", "x2"},
      .infer_types = [formula](const NoAttrs&, const TensorTypes& inputs) { return InferArrays(formula, inputs); },
      .prepare = [formula](const NoAttrs&, PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
        BARYON_ASSIGN_OR_RETURN(const DType arithmetic, ArraysArithmetic(formula, context.inputs()));
        return MakeBinaryKernel(context, formula.fn, arithmetic, BinaryOperand::Input(0), BinaryOperand::Input(1));
      },
      .in_place = {0, 1},
      .elementwise = true,
      .accepts_unknown_dims = true,
  };
}

const OpRegistration<NoAttrs> kArrays[] = {
    Arrays({"_npi_add"}, {BinaryFn::kAdd}),
    Arrays({"_npi_subtract"}, {BinaryFn::kSub}),
    Arrays({"_npi_multiply"}, {BinaryFn::kMul}),
    Arrays({"_npi_true_divide"}, {BinaryFn::kDiv, Rule::kFloating}),
    Arrays({"_npi_floor_divide"}, {BinaryFn::kFloorDivide}),
    Arrays({"_npi_mod"}, {BinaryFn::kMod}),
    Arrays({"_npi_fmod"}, {BinaryFn::kFmod}),
    Arrays({"_npi_power"}, {BinaryFn::kPower}),
    Arrays({"_npi_fmax"}, {BinaryFn::kFmax}),
    Arrays({"_npi_fmin"}, {BinaryFn::kFmin}),
    Arrays({"_npi_copysign"}, {BinaryFn::kCopySign}),
    Arrays({"_npi_ldexp"}, {BinaryFn::kLdexp}),
    Arrays({"_npi_hypot"}, {BinaryFn::kHypot, Rule::kFloating}),
    Arrays({"_npi_arctan2"}, {BinaryFn::kArctan2, Rule::kFloating}),
    Arrays({"_npi_logaddexp"}, {BinaryFn::kLogAddExp, Rule::kFloating}),
    Arrays({"_npi_gcd"}, {BinaryFn::kGcd, Rule::kWhole}),
    Arrays({"_npi_lcm"}, {BinaryFn::kLcm, Rule::kWhole}),
    Arrays({"_npi_bitwise_and"}, {BinaryFn::kBitAnd, Rule::kWhole}),
    Arrays({"_npi_bitwise_or"}, {BinaryFn::kBitOr, Rule::kWhole}),
    Arrays({"_npi_bitwise_xor"}, {BinaryFn::kBitXor, Rule::kWhole}),
    Arrays({"_npi_bitwise_left_shift"}, {BinaryFn::kShiftLeft, Rule::kWhole}),
    Arrays({"_npi_bitwise_right_shift"}, {BinaryFn::kShiftRight, Rule::kWhole}),
    Arrays({"_npi_equal"}, {BinaryFn::kEqual}),
    Arrays({"_npi_not_equal"}, {BinaryFn::kNotEqual}),
    Arrays({"_npi_greater"}, {BinaryFn::kGreater}),
    Arrays({"_npi_greater_equal"}, {BinaryFn::kGreaterEqual}),
    Arrays({"_npi_less"}, {BinaryFn::kLess}),
    Arrays({"_npi_less_equal"}, {BinaryFn::kLessEqual}),
    Arrays({"_npi_logical_and"}, {BinaryFn::kLogicalAnd}),
    Arrays({"_npi_logical_or"}, {BinaryFn::kLogicalOr}),
    Arrays({"_npi_logical_xor"}, {BinaryFn::kLogicalXor}),
};

// ---------------------------------------------------------------------------------------------------------------------
// An array and a number

struct ScalarAttrs {
  double scalar = 1;
  bool is_int = true;  // what the number was in Python
};

enum class Side { kLeft, kRight };  // of the number

absl::StatusOr<DType> ScalarArithmetic(const Formula& formula, const ScalarAttrs& attrs, DType array) {
  if (formula.rule == Rule::kFloating) return ArithmeticOf(formula.rule, array);
  return ArithmeticOf(formula.rule, PromotedWithNumber(array, attrs.is_int));
}

absl::StatusOr<TensorTypes> InferScalar(const Formula& formula, const ScalarAttrs& attrs, const TensorTypes& inputs) {
  BARYON_ASSIGN_OR_RETURN(const DType arithmetic, ScalarArithmetic(formula, attrs, inputs[0].dtype));
  return TensorTypes{{ResultOf(formula.fn, arithmetic), inputs[0].shape}};
}

absl::StatusOr<std::unique_ptr<Kernel>> PrepareScalar(const Formula& formula, Side side, const ScalarAttrs& attrs,
                                                      const PrepareContext& context) {
  BARYON_ASSIGN_OR_RETURN(const DType arithmetic, ScalarArithmetic(formula, attrs, context.inputs()[0].dtype));
  const BinaryOperand array = BinaryOperand::Input(0), number = BinaryOperand::Number(arithmetic, attrs.scalar);
  return side == Side::kLeft ? MakeBinaryKernel(context, formula.fn, arithmetic, number, array)
                             : MakeBinaryKernel(context, formula.fn, arithmetic, array, number);
}

OpSpec<ScalarAttrs> WithScalar(std::vector<std::string> names, Formula formula, Side side = Side::kRight) {
  return {
      .names = std::move(names),
      .inputs = {"data"},
      .attrs = {Attr("scalar", &ScalarAttrs::scalar), Attr("is_int", &ScalarAttrs::is_int)},
      .infer_types = [formula](const ScalarAttrs& attrs,
                               const TensorTypes& inputs) { return InferScalar(formula, attrs, inputs); },
      .complete_types = AllShapesEqual<ScalarAttrs>,
      .prepare = [formula, side](const ScalarAttrs& attrs,
                                 PrepareContext& context) { return PrepareScalar(formula, side, attrs, context); },
      .in_place = {0},
      .elementwise = true,
      .accepts_unknown_dims = true,
  };
}

const OpRegistration<ScalarAttrs> kScalars[] = {
    WithScalar({"_npi_add_scalar"}, {BinaryFn::kAdd}),
    WithScalar({"_npi_subtract_scalar"}, {BinaryFn::kSub}),
    WithScalar({"_npi_rsubtract_scalar"}, {BinaryFn::kSub}, Side::kLeft),
    WithScalar({"_npi_multiply_scalar"}, {BinaryFn::kMul}),
    WithScalar({"_npi_true_divide_scalar"}, {BinaryFn::kDiv, Rule::kFloating}),
    WithScalar({"_npi_rtrue_divide_scalar"}, {BinaryFn::kDiv, Rule::kFloating}, Side::kLeft),
    WithScalar({"_npi_floor_divide_scalar"}, {BinaryFn::kFloorDivide}),
    WithScalar({"_npi_rfloor_divide_scalar"}, {BinaryFn::kFloorDivide}, Side::kLeft),
    WithScalar({"_npi_mod_scalar"}, {BinaryFn::kMod}),
    WithScalar({"_npi_rmod_scalar"}, {BinaryFn::kMod}, Side::kLeft),
    WithScalar({"_npi_fmod_scalar"}, {BinaryFn::kFmod}),
    WithScalar({"_npi_rfmod_scalar"}, {BinaryFn::kFmod}, Side::kLeft),
    WithScalar({"_npi_power_scalar"}, {BinaryFn::kPower}),
    WithScalar({"_npi_rpower_scalar"}, {BinaryFn::kPower}, Side::kLeft),
    WithScalar({"_npi_fmax_scalar"}, {BinaryFn::kFmax}),
    WithScalar({"_npi_fmin_scalar"}, {BinaryFn::kFmin}),
    WithScalar({"_npi_copysign_scalar"}, {BinaryFn::kCopySign}),
    WithScalar({"_npi_rcopysign_scalar"}, {BinaryFn::kCopySign}, Side::kLeft),
    WithScalar({"_npi_ldexp_scalar"}, {BinaryFn::kLdexp}),
    WithScalar({"_npi_rldexp_scalar"}, {BinaryFn::kLdexp}, Side::kLeft),
    WithScalar({"_npi_hypot_scalar"}, {BinaryFn::kHypot}),
    WithScalar({"_npi_arctan2_scalar"}, {BinaryFn::kArctan2}),
    WithScalar({"_npi_rarctan2_scalar"}, {BinaryFn::kArctan2}, Side::kLeft),
    WithScalar({"_npi_logaddexp_scalar"}, {BinaryFn::kLogAddExp}),
    WithScalar({"_npi_gcd_scalar"}, {BinaryFn::kGcd, Rule::kWhole}),
    WithScalar({"_npi_lcm_scalar"}, {BinaryFn::kLcm, Rule::kWhole}),
    WithScalar({"_npi_bitwise_and_scalar"}, {BinaryFn::kBitAnd, Rule::kWhole}),
    WithScalar({"_npi_bitwise_or_scalar"}, {BinaryFn::kBitOr, Rule::kWhole}),
    WithScalar({"_npi_bitwise_xor_scalar"}, {BinaryFn::kBitXor, Rule::kWhole}),
    WithScalar({"_npi_bitwise_left_shift_scalar"}, {BinaryFn::kShiftLeft, Rule::kWhole}),
    WithScalar({"_npi_rbitwise_left_shift_scalar"}, {BinaryFn::kShiftLeft, Rule::kWhole}, Side::kLeft),
    WithScalar({"_npi_bitwise_right_shift_scalar"}, {BinaryFn::kShiftRight, Rule::kWhole}),
    WithScalar({"_npi_rbitwise_right_shift_scalar"}, {BinaryFn::kShiftRight, Rule::kWhole}, Side::kLeft),
    WithScalar({"_npi_equal_scalar"}, {BinaryFn::kEqual}),
    WithScalar({"_npi_not_equal_scalar"}, {BinaryFn::kNotEqual}),
    WithScalar({"_npi_greater_scalar"}, {BinaryFn::kGreater}),
    WithScalar({"_npi_greater_equal_scalar"}, {BinaryFn::kGreaterEqual}),
    WithScalar({"_npi_less_scalar"}, {BinaryFn::kLess}),
    WithScalar({"_npi_less_equal_scalar"}, {BinaryFn::kLessEqual}),
    WithScalar({"_npi_logical_and_scalar"}, {BinaryFn::kLogicalAnd}),
    WithScalar({"_npi_logical_or_scalar"}, {BinaryFn::kLogicalOr}),
    WithScalar({"_npi_logical_xor_scalar"}, {BinaryFn::kLogicalXor}),
};

}  // namespace
}  // namespace baryon
