#include "engine/gluon/arithmetic.h"

#include <iterator>

#include "engine/gluon/invoke.h"
#include "engine/gluon/trace.h"

namespace baryon {
namespace {

// The operators of one function. Empty: there is none, the NumPy operator does it.
struct Operators {
  const char *same_shape, *same_shape_hint;
  const char* broadcast;
  const char* numpy;
  const char *scalar, *scalar_hint;
  const char* numpy_scalar;
  const char *reverse_scalar, *reverse_scalar_hint;  // number first
  const char* numpy_reverse_scalar;
};

// In the order of Arithmetic. Hints are the functions that Python's operators call in 1.9.1.
constexpr Operators kOperators[] = {
    {"elemwise_add", "_plus", "broadcast_add", "_npi_add", "_plus_scalar", "_plusscalar", "_npi_add_scalar",
     "_plus_scalar", "_plusscalar", "_npi_add_scalar"},
    {"elemwise_sub", "_minus", "broadcast_sub", "_npi_subtract", "_minus_scalar", "_minusscalar",
     "_npi_subtract_scalar", "_rminus_scalar", "_rminusscalar", "_npi_rsubtract_scalar"},
    {"elemwise_mul", "_mul", "broadcast_mul", "_npi_multiply", "_mul_scalar", "_mulscalar", "_npi_multiply_scalar",
     "_mul_scalar", "_mulscalar", "_npi_multiply_scalar"},
    {"elemwise_div", "_div", "broadcast_div", "_npi_true_divide", "_div_scalar", "_divscalar",
     "_npi_true_divide_scalar", "_rdiv_scalar", "_rdivscalar", "_npi_rtrue_divide_scalar"},
    {"_mod", "_mod", "broadcast_mod", "_npi_mod", "_mod_scalar", "_modscalar", "_npi_mod_scalar", "_rmod_scalar",
     "_rmodscalar", "_npi_rmod_scalar"},
    {"_power", "_power", "broadcast_power", "_npi_power", "_power_scalar", "_powerscalar", "_npi_power_scalar",
     "_rpower_scalar", "_rpowerscalar", "_npi_rpower_scalar"},
    {"_maximum", "_maximum", "broadcast_maximum", "", "_maximum_scalar", "_maximumscalar", "_npi_maximum_scalar",
     "_maximum_scalar", "_maximumscalar", "_npi_maximum_scalar"},
    {"_minimum", "_minimum", "broadcast_minimum", "", "_minimum_scalar", "_minimumscalar", "_npi_minimum_scalar",
     "_minimum_scalar", "_minimumscalar", "_npi_minimum_scalar"},
    {"", "", "", "_npi_equal", "", "", "_npi_equal_scalar", "", "", "_npi_equal_scalar"},
    {"", "", "", "_npi_not_equal", "", "", "_npi_not_equal_scalar", "", "", "_npi_not_equal_scalar"},
    {"", "", "", "_npi_less", "", "", "_npi_less_scalar", "", "", "_npi_greater_scalar"},
    {"", "", "", "_npi_less_equal", "", "", "_npi_less_equal_scalar", "", "", "_npi_greater_equal_scalar"},
    {"", "", "", "_npi_greater", "", "", "_npi_greater_scalar", "", "", "_npi_less_scalar"},
    {"", "", "", "_npi_greater_equal", "", "", "_npi_greater_equal_scalar", "", "", "_npi_less_equal_scalar"},
};

const Operators& OperatorsOf(Arithmetic function) { return kOperators[static_cast<int>(function)]; }

bool Exists(const char* op) { return op[0] != '\0'; }

// Shapes that are equal for every batch: both operands are computed from the inputs of the block.
bool SameShape(const NDArray& a, const NDArray& b) {
  if (a.shape() != b.shape()) return false;
  const Trace* trace = Trace::Current();
  return trace == nullptr || (trace->DependsOnInput(a) && trace->DependsOnInput(b));
}

NDArray WithScalar(const NDArray& array, Scalar number, const char* op, const char* hint, const char* numpy) {
  if (Exists(op) && IsFloating(array.dtype())) {
    return InvokeOne(op, {{"scalar", AttrText(number.value)}}, {array}, {.hint = hint});
  }
  return InvokeOne(numpy, {{"scalar", AttrText(number.value)}, {"is_int", AttrText(number.is_int)}}, {array});
}

}  // namespace

NDArray Compute(Arithmetic function, const NDArray& a, const NDArray& b) {
  const Operators& ops = OperatorsOf(function);
  const bool legacy = Exists(ops.same_shape) && a.dtype() == b.dtype() && (IsFloating(a.dtype()) || !Exists(ops.numpy));
  if (!legacy) return InvokeOne(Exists(ops.numpy) ? ops.numpy : ops.broadcast, {}, {a, b});
  if (SameShape(a, b)) return InvokeOne(ops.same_shape, {}, {a, b}, {.hint = ops.same_shape_hint});
  return InvokeOne(ops.broadcast, {}, {a, b});
}

NDArray Compute(Arithmetic function, const NDArray& a, Scalar b) {
  const Operators& ops = OperatorsOf(function);
  return WithScalar(a, b, ops.scalar, ops.scalar_hint, ops.numpy_scalar);
}

NDArray Compute(Arithmetic function, Scalar a, const NDArray& b) {
  const Operators& ops = OperatorsOf(function);
  return WithScalar(b, a, ops.reverse_scalar, ops.reverse_scalar_hint, ops.numpy_reverse_scalar);
}

#define BARYON_DEFINE_BINARY(op, function)                                                                \
  NDArray operator op(const NDArray& a, const NDArray& b) { return Compute(Arithmetic::function, a, b); } \
  NDArray operator op(const NDArray& a, Scalar b) { return Compute(Arithmetic::function, a, b); }
#define BARYON_DEFINE_REVERSE(op, function) \
  NDArray operator op(Scalar a, const NDArray& b) { return Compute(Arithmetic::function, a, b); }

BARYON_DEFINE_BINARY(+, kAdd)
BARYON_DEFINE_BINARY(-, kSubtract)
BARYON_DEFINE_BINARY(*, kMultiply)
BARYON_DEFINE_BINARY(/, kDivide)
BARYON_DEFINE_BINARY(%, kMod)
BARYON_DEFINE_BINARY(==, kEqual)
BARYON_DEFINE_BINARY(!=, kNotEqual)
BARYON_DEFINE_BINARY(<, kLess)
BARYON_DEFINE_BINARY(<=, kLessEqual)
BARYON_DEFINE_BINARY(>, kGreater)
BARYON_DEFINE_BINARY(>=, kGreaterEqual)
BARYON_DEFINE_REVERSE(+, kAdd)
BARYON_DEFINE_REVERSE(-, kSubtract)
BARYON_DEFINE_REVERSE(*, kMultiply)
BARYON_DEFINE_REVERSE(/, kDivide)
BARYON_DEFINE_REVERSE(%, kMod)

#undef BARYON_DEFINE_BINARY
#undef BARYON_DEFINE_REVERSE

NDArray operator-(const NDArray& a) { return InvokeOne("negative", {}, {a}); }

}  // namespace baryon
