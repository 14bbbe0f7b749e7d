// Sums and extremes of float32 data, vectorised: along contiguous rows, and down the columns of a matrix. Additions
// run in float within blocks of some dozen terms for each lane and in double between blocks, so that the error stays
// near one unit in the last place whatever the length.
// Pure, allocation-free, no errors.
#ifndef BARYON_ENGINE_KERNELS_FLOAT_SUMS_H_
#define BARYON_ENGINE_KERNELS_FLOAT_SUMS_H_

#include <cstdint>

namespace baryon::kernels {

// What is added: x, |x|, x², (x - center)².
enum class Term { kValue, kMagnitude, kSquare, kSquaredDifference };
enum class Extreme { kMax, kMin };

// The sum over x[0 .. n). `center` is for kSquaredDifference.
double Sum(Term term, const float* x, int64_t n, float center = 0);

// The largest or smallest of x[0 .. n), NaN when any element is NaN; -inf or +inf for n = 0.
float ExtremeOf(Extreme extreme, const float* x, int64_t n);

// For x[rows, columns], whose rows are `stride` elements apart: adds the terms of column j to sums[j].
// `centers` has one for each column, for kSquaredDifference, else it is not read.
void AddColumns(Term term, const float* x, int64_t rows, int64_t stride, int64_t columns, const float* centers,
                double* sums);

// The same for extremes: best[j] becomes the larger (smaller) of it and column j; NaN wins.
void ExtremesOfColumns(Extreme extreme, const float* x, int64_t rows, int64_t stride, int64_t columns, float* best);

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_FLOAT_SUMS_H_
