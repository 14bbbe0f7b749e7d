// Elementwise functions of two operands: which of MXNet's operators computes one, by the dtypes and shapes at hand.
#ifndef BARYON_ENGINE_GLUON_ARITHMETIC_H_
#define BARYON_ENGINE_GLUON_ARITHMETIC_H_

#include "engine/gluon/ndarray.h"

namespace baryon {

enum class Arithmetic {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kMod,
  kPower,
  kMaximum,
  kMinimum,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
};

// The names follow what 1.9.1 writes for the same expression, so that exported graphs load there and look alike: two
// floating arrays of one shape meet in elemwise_add (node "_plus0"), of different shapes in broadcast_add, a number in
// _plus_scalar. Shapes that are equal by chance, as of a value and a parameter in a batch of one, broadcast too, or the
// graph would hold for that batch alone. What the older operators do not do as NumPy does (mixed dtypes, truths, whole
// numbers divided) goes to the _npi operators.
NDArray Compute(Arithmetic function, const NDArray& a, const NDArray& b);
NDArray Compute(Arithmetic function, const NDArray& a, Scalar b);
NDArray Compute(Arithmetic function, Scalar a, const NDArray& b);

}  // namespace baryon

#endif  // BARYON_ENGINE_GLUON_ARITHMETIC_H_
