// Products of short float rows, for operators whose rows lie where the data says: no matrix, so no matrix product.
// Pure, allocation-free, no errors.
#ifndef BARYON_ENGINE_KERNELS_ROW_PRODUCTS_H_
#define BARYON_ENGINE_KERNELS_ROW_PRODUCTS_H_

#include <cstdint>

namespace baryon::kernels {

// sums[i] = the product of x and y + i * stride, each of `n` elements, for i < rows.
void DotRows(const float* x, const float* y, int64_t stride, int64_t rows, int64_t n, float* sums);

// out = the sum of weights[i] times y + i * stride, each of `n` elements, for i < rows.
void SumWeightedRows(const float* weights, const float* y, int64_t stride, int64_t rows, int64_t n, float* out);

// out[i] = the sum of weights[k] * rows[k][i] over four rows, for i < n.
void BlendRows(const float* const* rows, const float* weights, int64_t n, float* out);

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_ROW_PRODUCTS_H_
