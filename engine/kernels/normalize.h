// The second half of normalisations of float32: y = (x - mean) scale + shift, with one mean, scale and shift for a row
// or one for each column. Subtracting first keeps the digits of small differences from a large mean.
// Pure, vectorised, allocation-free, no errors; y may be x.
#ifndef BARYON_ENGINE_KERNELS_NORMALIZE_H_
#define BARYON_ENGINE_KERNELS_NORMALIZE_H_

#include <cstdint>

namespace baryon::kernels {

// Over x[0 .. n). With `relu` negative results become 0.
void NormalizeRow(const float* x, int64_t n, float mean, float scale, float shift, bool relu, float* y);

// Over x[rows, columns], whose rows are `x_stride` elements apart, into rows that are `y_stride` apart: a mean, scale
// and shift for each column.
void NormalizeColumns(const float* x, int64_t rows, int64_t x_stride, int64_t columns, const float* mean,
                      const float* scale, const float* shift, bool relu, float* y, int64_t y_stride);

// Layer normalisation of x[0 .. n): (x - mean) / sqrt(variance + eps) gamma[i] + beta[i].
struct RowMoments {
  double mean, variance;
};
RowMoments MomentsOfRow(const float* x, int64_t n);
RowMoments LayerNormRow(const float* x, int64_t n, double eps, const float* gamma, const float* beta, float* y);

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_NORMALIZE_H_
