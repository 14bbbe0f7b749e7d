#include "engine/gluon/np/linalg.h"

#include "engine/gluon/invoke.h"

namespace baryon::np {

// The older operator is the same for matrices, and loads without NumPy shapes.
NDArray Dot(const NDArray& a, const NDArray& b) {
  const bool matrices = a.ndim() == 2 && b.ndim() == 2;
  return InvokeOne(matrices ? "dot" : "_np_dot", {}, {a, b}, {.hint = "dot"});
}

NDArray MatMul(const NDArray& a, const NDArray& b) { return InvokeOne("_npi_matmul", {}, {a, b}, {.hint = "matmul"}); }

}  // namespace baryon::np
