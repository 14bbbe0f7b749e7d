#include "engine/ops/binary_kernel.h"

#include "engine/kernels/broadcast_binary.h"

namespace baryon {
namespace {

using kernels::BinaryFn;

DType DTypeOfOperand(const PrepareContext& context, const BinaryOperand& operand) {
  return operand.is_number ? operand.number_dtype : context.inputs()[operand.input].dtype;
}
absl::Span<const int64_t> DimsOf(const PrepareContext& context, const BinaryOperand& operand) {
  if (operand.is_number) return {};
  return context.inputs()[operand.input].shape.dims();
}

class BinaryKernel : public Kernel {
 public:
  BinaryKernel(const PrepareContext& context, const kernels::BinaryFormula& formula, const BinaryOperand& a,
               const BinaryOperand& b)
      : a_(a),
        b_(b),
        grain_(BinaryGrain(formula.fn)),
        binary_(formula, DimsOf(context, a), DimsOf(context, b), context.outputs()[0].shape.dims()) {}

  void Compute(OpContext& context) const override {
    const void *a = Data(context, a_), *b = Data(context, b_);
    void* y = context.output(0).raw_data();
    context.ParallelRanges(binary_.num_elements(), grain_,
                           [&](int64_t begin, int64_t end) { binary_.Run(a, b, y, begin, end); });
  }

 private:
  static const void* Data(const OpContext& context, const BinaryOperand& operand) {
    return operand.is_number ? &operand.number.bits : context.input(operand.input).raw_data();
  }

  const BinaryOperand a_, b_;
  const int64_t grain_;
  const kernels::BroadcastBinary binary_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Kernel>> MakeBinaryKernel(const PrepareContext& context, BinaryFn fn, DType arithmetic,
                                                         const BinaryOperand& a, const BinaryOperand& b) {
  if (kernels::IsReal(fn) && !IsFloating(arithmetic)) arithmetic = DType::kFloat32;
  const kernels::BinaryFormula formula = {fn, DTypeOfOperand(context, a), DTypeOfOperand(context, b), arithmetic,
                                          context.outputs()[0].dtype};
  return std::make_unique<BinaryKernel>(context, formula, a, b);
}

int64_t BinaryGrain(BinaryFn fn) {
  const bool slow = kernels::IsReal(fn) || fn == BinaryFn::kMod || fn == BinaryFn::kFmod;
  return slow ? 1 << 11 : 1 << 15;
}

}  // namespace baryon
