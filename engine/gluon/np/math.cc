#include "engine/gluon/np/math.h"

#include "engine/gluon/arithmetic.h"
#include "engine/gluon/invoke.h"

namespace baryon::np {
namespace {

// The operators keep the dtype; functions that have fractions widen whole numbers first.
NDArray Unary(const char* name, const NDArray& x) {
  return InvokeOne(name, {}, {IsFloating(x.dtype()) || !x.ok() ? x : x.AsType(DType::kFloat32)});
}

}  // namespace

NDArray Abs(const NDArray& x) { return InvokeOne("abs", {}, {x}); }
NDArray Negative(const NDArray& x) { return -x; }
NDArray Sign(const NDArray& x) { return InvokeOne("sign", {}, {x}); }
NDArray Square(const NDArray& x) { return InvokeOne("square", {}, {x}); }
NDArray Sqrt(const NDArray& x) { return Unary("sqrt", x); }
NDArray Cbrt(const NDArray& x) { return Unary("cbrt", x); }
NDArray Reciprocal(const NDArray& x) { return Unary("reciprocal", x); }
NDArray Exp(const NDArray& x) { return Unary("exp", x); }
NDArray Expm1(const NDArray& x) { return Unary("expm1", x); }
NDArray Log(const NDArray& x) { return Unary("log", x); }
NDArray Log2(const NDArray& x) { return Unary("log2", x); }
NDArray Log10(const NDArray& x) { return Unary("log10", x); }
NDArray Log1p(const NDArray& x) { return Unary("log1p", x); }
NDArray Sin(const NDArray& x) { return Unary("sin", x); }
NDArray Cos(const NDArray& x) { return Unary("cos", x); }
NDArray Tan(const NDArray& x) { return Unary("tan", x); }
NDArray Arcsin(const NDArray& x) { return Unary("arcsin", x); }
NDArray Arccos(const NDArray& x) { return Unary("arccos", x); }
NDArray Arctan(const NDArray& x) { return Unary("arctan", x); }
NDArray Sinh(const NDArray& x) { return Unary("sinh", x); }
NDArray Cosh(const NDArray& x) { return Unary("cosh", x); }
NDArray Tanh(const NDArray& x) { return Unary("tanh", x); }
NDArray Floor(const NDArray& x) { return InvokeOne("floor", {}, {x}); }
NDArray Ceil(const NDArray& x) { return InvokeOne("ceil", {}, {x}); }
NDArray Trunc(const NDArray& x) { return InvokeOne("trunc", {}, {x}); }
NDArray Rint(const NDArray& x) { return InvokeOne("rint", {}, {x}); }

NDArray Clip(const NDArray& x, double a_min, double a_max) {
  return InvokeOne("clip", {{"a_min", AttrText(a_min)}, {"a_max", AttrText(a_max)}}, {x});
}

NDArray IsNan(const NDArray& x) { return InvokeOne("_npi_isnan", {}, {x}); }
NDArray IsInf(const NDArray& x) { return InvokeOne("_npi_isinf", {}, {x}); }
NDArray IsFinite(const NDArray& x) { return InvokeOne("_npi_isfinite", {}, {x}); }
NDArray LogicalNot(const NDArray& x) { return InvokeOne("_npi_logical_not", {}, {x}); }

NDArray Power(const NDArray& x, const NDArray& exponent) { return Compute(Arithmetic::kPower, x, exponent); }
NDArray Power(const NDArray& x, Scalar exponent) { return Compute(Arithmetic::kPower, x, exponent); }
NDArray Power(Scalar x, const NDArray& exponent) { return Compute(Arithmetic::kPower, x, exponent); }
NDArray Maximum(const NDArray& a, const NDArray& b) { return Compute(Arithmetic::kMaximum, a, b); }
NDArray Maximum(const NDArray& a, Scalar b) { return Compute(Arithmetic::kMaximum, a, b); }
NDArray Minimum(const NDArray& a, const NDArray& b) { return Compute(Arithmetic::kMinimum, a, b); }
NDArray Minimum(const NDArray& a, Scalar b) { return Compute(Arithmetic::kMinimum, a, b); }
NDArray FloorDivide(const NDArray& a, const NDArray& b) { return InvokeOne("_npi_floor_divide", {}, {a, b}); }
NDArray Arctan2(const NDArray& a, const NDArray& b) { return InvokeOne("_npi_arctan2", {}, {a, b}); }
NDArray Hypot(const NDArray& a, const NDArray& b) { return InvokeOne("_npi_hypot", {}, {a, b}); }
NDArray LogicalAnd(const NDArray& a, const NDArray& b) { return InvokeOne("_npi_logical_and", {}, {a, b}); }
NDArray LogicalOr(const NDArray& a, const NDArray& b) { return InvokeOne("_npi_logical_or", {}, {a, b}); }
NDArray LogicalXor(const NDArray& a, const NDArray& b) { return InvokeOne("_npi_logical_xor", {}, {a, b}); }

}  // namespace baryon::np
