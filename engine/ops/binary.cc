// Functions of two arrays of one dtype: those whose shapes must agree (elemwise_add, _maximum) and those that broadcast
// (broadcast_add, broadcast_maximum). Truths come out as 1 and 0 in the dtype of the operands.
#include <utility>

#include "engine/ops/binary_kernel.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

using kernels::BinaryFn;

absl::Status CheckSameDType(const TensorTypes& inputs) {
  if (inputs[0].dtype == inputs[1].dtype) return absl::OkStatus();
  return ExpectedGot(absl::StrCat("operands of one dtype"),
                     absl::StrCat(DTypeName(inputs[0].dtype), " and ", DTypeName(inputs[1].dtype)));
}

absl::StatusOr<TensorTypes> InferSameShape(const NoAttrs&, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckSameDType(inputs));
  const std::optional<Shape> shape = MergeShapes(inputs[0].shape, inputs[1].shape);
  if (!shape.has_value()) return InputMismatch("rhs", inputs[0], inputs[1]);
  return TensorTypes{{inputs[0].dtype, *shape}};
}

absl::StatusOr<TensorTypes> InferBroadcast(const NoAttrs&, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckSameDType(inputs));
  const std::optional<Shape> shape = BroadcastShapes(inputs[0].shape, inputs[1].shape);
  if (!shape.has_value()) {
    return ExpectedGot("shapes that broadcast",
                       absl::StrCat(inputs[0].shape.ToString(), " and ", inputs[1].shape.ToString()));
  }
  return TensorTypes{{inputs[0].dtype, *shape}};
}

absl::Status ShareDTypes(const NoAttrs&, TensorTypes& inputs, TensorTypes& outputs) {
  ShareDType(inputs[0], outputs[0]);
  ShareDType(inputs[1], outputs[0]);
  ShareDType(inputs[0], outputs[0]);
  return absl::OkStatus();
}

OpSpec<NoAttrs> Broadcast(std::vector<std::string> names, BinaryFn fn) {
  return {
      .names = std::move(names),
      .inputs = {"lhs", "rhs"},
      .infer_types = InferBroadcast,
      .complete_types = ShareDTypes,
      .prepare =
          [fn](const NoAttrs&, PrepareContext& context) {
            return MakeBinaryKernel(context, fn, context.inputs()[0].dtype, BinaryOperand::Input(0),
                                    BinaryOperand::Input(1));
          },
      .in_place = {0, 1},
      .elementwise = true,
      .accepts_unknown_dims = true,
  };
}

OpSpec<NoAttrs> SameShape(std::vector<std::string> names, BinaryFn fn) {
  OpSpec<NoAttrs> spec = Broadcast(std::move(names), fn);
  spec.infer_types = InferSameShape;
  spec.complete_types = AllTypesEqual<NoAttrs>;
  return spec;
}

const OpRegistration<NoAttrs> kSameShape[] = {
    SameShape({"elemwise_add", "_add", "_plus", "_Plus", "_sparse_elemwise_add"}, BinaryFn::kAdd),
    SameShape({"_grad_add"}, BinaryFn::kAdd),
    SameShape({"elemwise_sub", "_sub", "_minus", "_Minus", "_sparse_elemwise_sub"}, BinaryFn::kSub),
    SameShape({"elemwise_mul", "_mul", "_Mul", "_sparse_elemwise_mul"}, BinaryFn::kMul),
    SameShape({"elemwise_div", "_div", "_Div", "_sparse_elemwise_div"}, BinaryFn::kDiv),
    SameShape({"_mod", "_Mod"}, BinaryFn::kMod),
    SameShape({"_power", "_Power"}, BinaryFn::kPower),
    SameShape({"_maximum", "_Maximum"}, BinaryFn::kMax),
    SameShape({"_minimum", "_Minimum"}, BinaryFn::kMin),
    SameShape({"_hypot", "_Hypot"}, BinaryFn::kHypot),
    SameShape({"_equal", "_Equal"}, BinaryFn::kEqual),
    SameShape({"_not_equal", "_Not_Equal"}, BinaryFn::kNotEqual),
    SameShape({"_greater", "_Greater"}, BinaryFn::kGreater),
    SameShape({"_greater_equal", "_Greater_Equal"}, BinaryFn::kGreaterEqual),
    SameShape({"_lesser", "_Lesser"}, BinaryFn::kLess),
    SameShape({"_lesser_equal", "_Lesser_Equal"}, BinaryFn::kLessEqual),
    SameShape({"_logical_and", "_Logical_And"}, BinaryFn::kLogicalAnd),
    SameShape({"_logical_or", "_Logical_Or"}, BinaryFn::kLogicalOr),
    SameShape({"_logical_xor", "_Logical_Xor"}, BinaryFn::kLogicalXor),
};

const OpRegistration<NoAttrs> kBroadcast[] = {
    Broadcast({"broadcast_add", "broadcast_plus", "_sparse_broadcast_add", "_sparse_broadcast_plus"}, BinaryFn::kAdd),
    Broadcast({"broadcast_sub", "broadcast_minus", "_sparse_broadcast_sub", "_sparse_broadcast_minus"}, BinaryFn::kSub),
    Broadcast({"broadcast_mul", "_sparse_broadcast_mul"}, BinaryFn::kMul),
    Broadcast({"broadcast_div", "_sparse_broadcast_div"}, BinaryFn::kDiv),
    Broadcast({"broadcast_mod"}, BinaryFn::kMod),
    Broadcast({"broadcast_power"}, BinaryFn::kPower),
    Broadcast({"broadcast_maximum", "_npi_maximum"}, BinaryFn::kMax),
    Broadcast({"broadcast_minimum", "_npi_minimum"}, BinaryFn::kMin),
    Broadcast({"broadcast_hypot"}, BinaryFn::kHypot),
    Broadcast({"broadcast_equal"}, BinaryFn::kEqual),
    Broadcast({"broadcast_not_equal"}, BinaryFn::kNotEqual),
    Broadcast({"broadcast_greater"}, BinaryFn::kGreater),
    Broadcast({"broadcast_greater_equal"}, BinaryFn::kGreaterEqual),
    Broadcast({"broadcast_lesser"}, BinaryFn::kLess),
    Broadcast({"broadcast_lesser_equal"}, BinaryFn::kLessEqual),
    Broadcast({"broadcast_logical_and"}, BinaryFn::kLogicalAnd),
    Broadcast({"broadcast_logical_or"}, BinaryFn::kLogicalOr),
    Broadcast({"broadcast_logical_xor"}, BinaryFn::kLogicalXor),
};

}  // namespace
}  // namespace baryon
