// The transposition of one matrix, whatever its elements are: they are moved by size.
#ifndef BARYON_ENGINE_KERNELS_TRANSPOSE_H_
#define BARYON_ENGINE_KERNELS_TRANSPOSE_H_

#include <cstdint>

namespace baryon::kernels {

// A matrix [rows, columns] and where its transpose goes; rows of either start `*_stride` elements apart, which may be 0
// in the source (all rows are the same) and negative. The two do not overlap.
struct MatrixTranspose {
  int64_t rows, columns;
  int64_t from_stride, to_stride;
};

// to[c * to_stride + r] = from[r * from_stride + c], for elements of 1, 2, 4 or 8 bytes. Pure; no errors.
void Transpose(const MatrixTranspose& matrix, int64_t element_size, const void* from, void* to);

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_TRANSPOSE_H_
