// Softmax along one axis: y[i] = exp(s x[i]) / sum_j exp(s x[j]) with a scale s (1 / temperature; negative for
// softmin), or its logarithm. The largest s x is subtracted first, so that no exponential overflows.
#ifndef BARYON_ENGINE_KERNELS_SOFTMAX_H_
#define BARYON_ENGINE_KERNELS_SOFTMAX_H_

#include <cstdint>

#include "engine/tensor/dtype.h"

namespace baryon::kernels {

struct SoftmaxFormula {
  double scale = 1;
  bool log = false;
  bool sums_of_halves = false;  // SoftmaxLine of float16: sums and results are rounded to float16, too
};

// Over each row of x[rows, size], and down each column of x[size, columns], whose rows are `stride` elements apart; y
// has the same layout and may be x. Vectorised, within some 4 units in the last place. Rows with NaN or +inf become
// NaN. Pure, allocation-free, no errors.
void SoftmaxRows(const SoftmaxFormula& formula, const float* x, int64_t rows, int64_t size, float* y);
void SoftmaxColumns(const SoftmaxFormula& formula, const float* x, int64_t size, int64_t stride, int64_t columns,
                    float* y);

// One line of `size` elements `stride` apart, of floating types, in plain loops. 16-bit floats compute in float and
// round the differences to the largest element, as MXNet does; others compute in double.
void SoftmaxLine(const SoftmaxFormula& formula, DType in, const void* x, int64_t size, int64_t stride, DType out,
                 void* y);

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_SOFTMAX_H_
