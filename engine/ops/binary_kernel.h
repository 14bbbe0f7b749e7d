// The kernel of operators that compute a function of two operands, with broadcasting, on all threads.
#ifndef BARYON_ENGINE_OPS_BINARY_KERNEL_H_
#define BARYON_ENGINE_OPS_BINARY_KERNEL_H_

#include <memory>

#include "absl/status/statusor.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/binary_fn.h"
#include "engine/ops/moves.h"

namespace baryon {

// An input of the node, or a number.
struct BinaryOperand {
  int input = 0;
  bool is_number = false;
  DType number_dtype = DType::kUnknown;
  FillValue number = {};

  static BinaryOperand Input(int input) { return {input}; }
  // `value` as a C cast makes it an element of `dtype`.
  static BinaryOperand Number(DType dtype, double value) { return {0, true, dtype, FillValue::Of(dtype, value)}; }
};

// y = fn(a, b), computed in `arithmetic` (float32 where fn exists for floats only and `arithmetic` is none), in the
// output's dtype and shape, to which both operands broadcast.
absl::StatusOr<std::unique_ptr<Kernel>> MakeBinaryKernel(const PrepareContext& context, kernels::BinaryFn fn,
                                                         DType arithmetic, const BinaryOperand& a,
                                                         const BinaryOperand& b);

// Elements that are worth a thread of their own.
int64_t BinaryGrain(kernels::BinaryFn fn);

}  // namespace baryon

#endif  // BARYON_ENGINE_OPS_BINARY_KERNEL_H_
