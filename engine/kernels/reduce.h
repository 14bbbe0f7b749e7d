// Reductions of a row-major array over any set of its axes, for every dtype. float32 runs on the vector loops of
// float_sums.h; other dtypes in plain loops, floats with double and whole numbers with int64 accumulators.
#ifndef BARYON_ENGINE_KERNELS_REDUCE_H_
#define BARYON_ENGINE_KERNELS_REDUCE_H_

#include <cstdint>

#include "engine/kernels/reduce_geometry.h"
#include "engine/tensor/dtype.h"

namespace baryon::kernels {

enum class Reduction { kSum, kMagnitudes, kSquares, kProduct, kMax, kMin, kNanSum, kNanProduct, kAny, kAll };

// What becomes of the accumulated value: itself; divided by the number of terms (whole numbers towards zero); its
// square root.
enum class Finish { kNone, kMean, kRoot };

// Computes units [begin, end) of y, an array of `out`, from x, an array of `in`. NaN is the largest and the smallest
// value for kMax and kMin. Sums of whole numbers wrap around as those of `out` do. Over no terms at all: 0, 1 for
// products, the far infinity or limit for extremes.
void Reduce(Reduction reduction, Finish finish, const ReduceGeometry& geometry, DType in, const void* x, DType out,
            void* y, int64_t begin, int64_t end);

// Mean and variance, sum (x - mean)² / (terms - ddof), or its root. Either output may be null.
void ReduceMoments(double ddof, bool root, const ReduceGeometry& geometry, DType in, const void* x, DType out,
                   void* mean, void* variance, int64_t begin, int64_t end);

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_REDUCE_H_
