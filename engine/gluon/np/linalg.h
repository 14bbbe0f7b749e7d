// Products: numpy's of the same names.
#ifndef BARYON_ENGINE_GLUON_NP_LINALG_H_
#define BARYON_ENGINE_GLUON_NP_LINALG_H_

#include "engine/gluon/ndarray.h"

namespace baryon::np {

// Sums over the last axis of `a` and the last but one of `b` (its only one when it has rank 1).
NDArray Dot(const NDArray& a, const NDArray& b);
// The product of matrices in the last two axes; the axes before broadcast.
NDArray MatMul(const NDArray& a, const NDArray& b);

}  // namespace baryon::np

#endif  // BARYON_ENGINE_GLUON_NP_LINALG_H_
