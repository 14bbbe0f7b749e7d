// y = condition ? a : b with broadcasting: NumPy's where.
#ifndef BARYON_ENGINE_KERNELS_SELECT_H_
#define BARYON_ENGINE_KERNELS_SELECT_H_

#include <cstdint>

#include "engine/kernels/broadcast_runs.h"
#include "engine/tensor/dtype.h"

namespace baryon::kernels {

// Elements [begin, end) of y. `runs` has the condition, a and b, in this order; a, b and y have one dtype. A condition
// holds where it is not 0: where it is NaN, too. Allocates nothing. y may be an operand that has its type and shape.
void Select(const BroadcastRuns& runs, DType condition_dtype, const void* condition, DType dtype, const void* a,
            const void* b, void* y, int64_t begin, int64_t end);

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_SELECT_H_
