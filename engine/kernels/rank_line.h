// Sorting along a line of an array.
#ifndef BARYON_ENGINE_KERNELS_RANK_LINE_H_
#define BARYON_ENGINE_KERNELS_RANK_LINE_H_

#include <cstdint>

#include "engine/tensor/dtype.h"

namespace baryon::kernels {

// Bytes of scratch memory that RankLine needs for `n` elements of `dtype`.
int64_t RankLineBytes(DType dtype, int64_t n);

// The places of the first `k` of x[0], x[stride], ..., x[(n - 1) * stride] in ascending or descending order. Equal
// elements stay in the order of their places; NaN counts as larger than everything. n < 2^31, k <= n. The result lies
// in `scratch` (aligned to 8 bytes). Pure, allocation-free, no errors.
const int32_t* RankLine(DType dtype, const void* x, int64_t n, int64_t stride, int64_t k, bool ascending,
                        void* scratch);

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_RANK_LINE_H_
