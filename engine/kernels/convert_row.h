// Conversion of a row of elements from one dtype to another, for kernels that compute in few types.
#ifndef BARYON_ENGINE_KERNELS_CONVERT_ROW_H_
#define BARYON_ENGINE_KERNELS_CONVERT_ROW_H_

#include <cstdint>

#include "engine/tensor/dtype.h"

namespace baryon::kernels {

// Whole numbers wrap around, bool is x != 0, floats round to nearest even. A float beyond the whole numbers of its
// target, or NaN, becomes the lowest of them, as on x86.
using RowConverter = void (*)(const void* from, void* to, int64_t n);
RowConverter RowConverterOf(DType from, DType to);

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_CONVERT_ROW_H_
