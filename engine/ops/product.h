// Products of two arrays with their axes named by letters, as in einsum: dot, batched products, tensordot.
#ifndef BARYON_ENGINE_OPS_PRODUCT_H_
#define BARYON_ENGINE_OPS_PRODUCT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/contraction.h"

namespace baryon {

// A letter for each axis of a, b and c. Letters that c lacks are summed over; each letter of c stands in a or b.
struct AxisLetters {
  std::string a, b, c;
};

// The shape of c. Axes of one letter are equally long, or with `broadcasts` one may be 1. Errors: INVALID_ARGUMENT.
absl::StatusOr<Shape> ProductShape(const AxisLetters& letters, const Shape& a, const Shape& b, bool broadcasts = false);

// The axes of the contraction of row-major arrays of these shapes, which ProductShape accepts.
std::vector<kernels::ContractionAxis> ProductAxes(const AxisLetters& letters, const Shape& a, const Shape& b);

// A part of an input array that is an operand: its first element stands `offset` elements from the beginning.
struct ProductOperand {
  int input;
  int64_t offset = 0;
};

// The kernel of output 0 = alpha sum a b (+ beta input `added`, an array like the output, when that is not -1).
std::unique_ptr<Kernel> MakeProductKernel(const PrepareContext& context, std::vector<kernels::ContractionAxis> axes,
                                          ProductOperand a, ProductOperand b, double alpha = 1, int added = -1,
                                          double beta = 0);

}  // namespace baryon

#endif  // BARYON_ENGINE_OPS_PRODUCT_H_
