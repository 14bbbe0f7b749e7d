// Functions of two float32 in vector registers: sums, differences, products, quotients, extremes and comparisons. Loads
// and stores are the limit, so nothing but their number matters.
#ifndef BARYON_ENGINE_KERNELS_FLOAT_BINARY_H_
#define BARYON_ENGINE_KERNELS_FLOAT_BINARY_H_

#include "engine/kernels/binary_fn.h"

namespace baryon::kernels {

// Loops for the processor at hand, or all null when there is no vector form of `fn`.
BinaryLoops<float> FloatLoopsOf(BinaryFn fn);

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_FLOAT_BINARY_H_
