// Where the largest or smallest element along an axis is. The first of equal ones counts, and NaN, when there is one,
// is both the largest and the smallest.
#ifndef BARYON_ENGINE_KERNELS_ARG_EXTREME_H_
#define BARYON_ENGINE_KERNELS_ARG_EXTREME_H_

#include <cstdint>

#include "engine/kernels/float_sums.h"
#include "engine/tensor/dtype.h"

namespace baryon::kernels {

// An array seen as [outer, size, inner]; size >= 1. Work comes in units: a strip of up to kArgStrip neighbouring
// positions of one outer index.
constexpr int64_t kArgStrip = 64;
inline int64_t NumArgUnits(int64_t outer, int64_t inner) { return outer * ((inner + kArgStrip - 1) / kArgStrip); }

// Writes the index as a value of `out` to y[outer, inner], for units [begin, end). float32 is vectorised. Pure,
// allocation-free, no errors.
void ArgExtreme(Extreme extreme, DType in, const void* x, int64_t size, int64_t inner, DType out, void* y,
                int64_t begin, int64_t end);

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_ARG_EXTREME_H_
