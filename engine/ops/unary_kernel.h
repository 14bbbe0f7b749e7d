// Kernels of operators that apply one function to each element.
#ifndef BARYON_ENGINE_OPS_UNARY_KERNEL_H_
#define BARYON_ENGINE_OPS_UNARY_KERNEL_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "engine/graph/op_def.h"

namespace baryon {

// What to do with an element. The forms that are set must agree.
struct UnaryFunction {
  std::function<double(double)> of_real;               // always set
  std::function<int64_t(int64_t)> of_whole = nullptr;  // exact, between whole dtypes
  std::function<void(const float*, int64_t, float*)> of_rows =
      nullptr;  // vectorised, float32 to float32, may be in place
};

// The kernel that computes output 0 from input 0, which have as many elements; their dtypes may differ. Elements of
// other dtypes than float32 are computed in double and rounded once.
absl::StatusOr<std::unique_ptr<Kernel>> MakeUnaryKernel(const PrepareContext& context, UnaryFunction function);

}  // namespace baryon

#endif  // BARYON_ENGINE_OPS_UNARY_KERNEL_H_
