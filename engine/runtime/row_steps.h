// What steps that run plans for rows of their batch have in common.
#ifndef BARYON_ENGINE_RUNTIME_ROW_STEPS_H_
#define BARYON_ENGINE_RUNTIME_ROW_STEPS_H_

#include <cstdint>

#include "engine/graph/op_def.h"
#include "engine/runtime/plan.h"

namespace baryon {

// Where row `row` of `rows` lies (axis 0); nullptr where the operand is not given.
inline char* RowOf(const TensorView& view, int64_t row, int64_t rows) {
  return view.has_data() ? static_cast<char*>(view.raw_data()) + view.size_bytes() / rows * row : nullptr;
}

// A figure of kernels (&Kernel::packed_bytes and the like) over all steps of `plan`.
inline int64_t SumOfSteps(const Plan& plan, int64_t (Kernel::*figure)() const) {
  int64_t sum = 0;
  for (const Plan::Step& step : plan.steps()) sum += (*step.kernel.*figure)();
  return sum;
}

}  // namespace baryon

#endif  // BARYON_ENGINE_RUNTIME_ROW_STEPS_H_
