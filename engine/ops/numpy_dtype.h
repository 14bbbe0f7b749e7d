// The dtype in which NumPy's binary operators meet.
#ifndef BARYON_ENGINE_OPS_NUMPY_DTYPE_H_
#define BARYON_ENGINE_OPS_NUMPY_DTYPE_H_

#include "engine/tensor/dtype.h"

namespace baryon {

// As MXNet has it, which is not quite NumPy: a floating dtype wins over all whole ones (int64 and float16 meet in
// float16), the wider of two floating ones wins, bool gives way to anything, and whole numbers of both signs meet in a
// signed dtype of 32 bits or more that is wider than the unsigned one.
DType PromotedDType(DType a, DType b);

// For an array of `array` and a Python number: the array's dtype, except that a bool array and a whole number meet in
// int64, and a whole array and a float in float64.
DType PromotedWithNumber(DType array, bool number_is_int);

}  // namespace baryon

#endif  // BARYON_ENGINE_OPS_NUMPY_DTYPE_H_
