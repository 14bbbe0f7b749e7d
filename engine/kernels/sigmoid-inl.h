// The sigmoid and tanh of vectors, once for each instruction set: what recurrent layers spend their time on beside
// products. Included after foreach_target.h, like Highway itself.
//   sigmoid(x) = 1 / (1 + exp(-x))
//   tanh(x)    = x P(x x) for |x| <= 0.55, else 1 - 2 / (1 + exp(2 |x|)) with the sign of x
// The exponential is 2^n e^r with r in [-ln 2 / 2, ln 2 / 2]; arguments stay where 2^n is normal or infinite. The fits
// are minimax to 5e-9, rounding leaves an error of at most 3 units in the last place. NaN stays NaN.
#if defined(BARYON_ENGINE_KERNELS_SIGMOID_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BARYON_ENGINE_KERNELS_SIGMOID_INL_H_
#undef BARYON_ENGINE_KERNELS_SIGMOID_INL_H_
#else
#define BARYON_ENGINE_KERNELS_SIGMOID_INL_H_
#endif

#include <hwy/highway.h>

#include "engine/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace baryon::kernels::HWY_NAMESPACE {

// exp(x) for x in [-87, 89] or NaN. Infinite from 88.4 on.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V ExpOfNormal(D d, V x) {
  const hn::Rebind<int32_t, D> di;
  const V n = hn::Round(hn::Mul(x, hn::Set(d, 1.44269504f)));
  // ln 2 in two parts, the first of which has few enough digits for n times it to be exact.
  V r = hn::NegMulAdd(n, hn::Set(d, 0.693359375f), x);
  r = hn::MulAdd(n, hn::Set(d, 2.12194440e-4f), r);
  const V r2 = hn::Mul(r, r);
  const V low = hn::MulAdd(r, hn::Set(d, 0.16666521f), hn::Set(d, 0.49999994f));
  const V middle = hn::MulAdd(r, hn::Set(d, 0.0083687166f), hn::Set(d, 0.041668389f));
  const V high = hn::MulAdd(r2, hn::Set(d, 0.0013814599f), middle);
  const V p = hn::MulAdd(hn::MulAdd(r2, high, low), r2, hn::Add(r, hn::Set(d, 1.0f)));
  const V power = hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(hn::ConvertTo(di, n), hn::Set(di, 127))));
  return hn::Mul(p, power);
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V SigmoidOf(D d, V x) {
  const V one = hn::Set(d, 1.0f);
  const V limited = Limited(hn::Neg(x), hn::Set(d, -87.0f), hn::Set(d, 89.0f));
  return hn::Div(one, hn::Add(one, ExpOfNormal(d, limited)));
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V TanhOf(D d, V x) {
  const V one = hn::Set(d, 1.0f), two = hn::Set(d, 2.0f), size = hn::Abs(x), t = hn::Mul(x, x);
  V p = hn::MulAdd(t, hn::Set(d, -0.0057049873f), hn::Set(d, 0.020639088f));
  p = hn::MulAdd(t, p, hn::Set(d, -0.053739715f));
  p = hn::MulAdd(t, p, hn::Set(d, 0.13331442f));
  p = hn::MulAdd(t, p, hn::Set(d, -0.33333281f));
  const V inner = hn::MulAdd(hn::Mul(t, p), x, x);
  const V limited = Limited(hn::Add(size, size), hn::Zero(d), hn::Set(d, 20.0f));  // tanh(10) is 1 in float
  const V outer = hn::Sub(one, hn::Div(two, hn::Add(one, ExpOfNormal(d, limited))));
  return hn::IfThenElse(hn::Gt(size, hn::Set(d, 0.55f)), hn::CopySign(outer, x), inner);
}

}  // namespace baryon::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BARYON_ENGINE_KERNELS_SIGMOID_INL_H_
