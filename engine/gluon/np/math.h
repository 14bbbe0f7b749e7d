// Functions of each element: numpy's of the same names. Whole numbers give float32 where the function has fractions.
#ifndef BARYON_ENGINE_GLUON_NP_MATH_H_
#define BARYON_ENGINE_GLUON_NP_MATH_H_

#include "engine/gluon/ndarray.h"

namespace baryon::np {

NDArray Abs(const NDArray& x);
NDArray Negative(const NDArray& x);
NDArray Sign(const NDArray& x);
NDArray Square(const NDArray& x);
NDArray Sqrt(const NDArray& x);
NDArray Cbrt(const NDArray& x);
NDArray Reciprocal(const NDArray& x);
NDArray Exp(const NDArray& x);
NDArray Expm1(const NDArray& x);
NDArray Log(const NDArray& x);
NDArray Log2(const NDArray& x);
NDArray Log10(const NDArray& x);
NDArray Log1p(const NDArray& x);
NDArray Sin(const NDArray& x);
NDArray Cos(const NDArray& x);
NDArray Tan(const NDArray& x);
NDArray Arcsin(const NDArray& x);
NDArray Arccos(const NDArray& x);
NDArray Arctan(const NDArray& x);
NDArray Sinh(const NDArray& x);
NDArray Cosh(const NDArray& x);
NDArray Tanh(const NDArray& x);
NDArray Floor(const NDArray& x);
NDArray Ceil(const NDArray& x);
NDArray Trunc(const NDArray& x);
NDArray Rint(const NDArray& x);  // to the nearest whole number
NDArray Clip(const NDArray& x, double a_min, double a_max);

// bool
NDArray IsNan(const NDArray& x);
NDArray IsInf(const NDArray& x);
NDArray IsFinite(const NDArray& x);
NDArray LogicalNot(const NDArray& x);

// Of two operands, with broadcasting; + - * / % and comparisons are operators of NDArray.
NDArray Power(const NDArray& x, const NDArray& exponent);
NDArray Power(const NDArray& x, Scalar exponent);
NDArray Power(Scalar x, const NDArray& exponent);
NDArray Maximum(const NDArray& a, const NDArray& b);
NDArray Maximum(const NDArray& a, Scalar b);
NDArray Minimum(const NDArray& a, const NDArray& b);
NDArray Minimum(const NDArray& a, Scalar b);
NDArray FloorDivide(const NDArray& a, const NDArray& b);
NDArray Arctan2(const NDArray& a, const NDArray& b);
NDArray Hypot(const NDArray& a, const NDArray& b);
NDArray LogicalAnd(const NDArray& a, const NDArray& b);
NDArray LogicalOr(const NDArray& a, const NDArray& b);
NDArray LogicalXor(const NDArray& a, const NDArray& b);

}  // namespace baryon::np

#endif  // BARYON_ENGINE_GLUON_NP_MATH_H_
