// y = fn(a, b) with broadcasting, for operands and results of any dtypes.
#ifndef BARYON_ENGINE_KERNELS_BROADCAST_BINARY_H_
#define BARYON_ENGINE_KERNELS_BROADCAST_BINARY_H_

#include <cstdint>

#include "absl/types/span.h"
#include "engine/kernels/binary_fn.h"
#include "engine/kernels/broadcast_runs.h"
#include "engine/tensor/dtype.h"

namespace baryon::kernels {

// What is computed: fn, on operands converted to the row type of `arithmetic` (see RowDType), the result converted to
// `y`. The function exists for that type.
struct BinaryFormula {
  BinaryFn fn;
  DType a, b, arithmetic, y;
};

// Immutable; any number of threads run it at once.
class BroadcastBinary {
 public:
  // The shapes of the operands broadcast to `y_shape`.
  BroadcastBinary(const BinaryFormula& formula, absl::Span<const int64_t> a_shape, absl::Span<const int64_t> b_shape,
                  absl::Span<const int64_t> y_shape);

  int64_t num_elements() const { return runs_.num_elements(); }

  // Elements [begin, end) of y, for whole arrays at a, b and y. y may be an operand that has its type and shape.
  // Allocates nothing.
  void Run(const void* a, const void* b, void* y, int64_t begin, int64_t end) const;

 private:
  BinaryFormula formula_;
  BroadcastRuns runs_;
};

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_BROADCAST_BINARY_H_
