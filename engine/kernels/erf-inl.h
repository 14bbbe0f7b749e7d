// The error function of vectors, once for each instruction set. Included after foreach_target.h, like Highway itself.
//   |x| <= 1:  x P(x x), an odd function with P fitted for the least relative error
//   |x| > 1:   1 - exp(-Q(|x|)), Q fitted to -log(erfc); beyond 4 the result is 1 in float
// Both fits are minimax to 2e-9; rounding leaves an error of at most 4 units in the last place. The lane by lane
// std::erf is some ten times slower.
#if defined(BARYON_ENGINE_KERNELS_ERF_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BARYON_ENGINE_KERNELS_ERF_INL_H_
#undef BARYON_ENGINE_KERNELS_ERF_INL_H_
#else
#define BARYON_ENGINE_KERNELS_ERF_INL_H_
#endif

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace baryon::kernels::HWY_NAMESPACE {

// c[0] + c[1] x + c[2] x^2 + ...
template <class D, size_t kCount, class V = hwy::HWY_NAMESPACE::Vec<D>>
HWY_INLINE V PolynomialOf(D d, V x, const float (&c)[kCount]) {
  namespace hn = hwy::HWY_NAMESPACE;
  V sum = hn::Set(d, c[kCount - 1]);
  _Pragma("GCC unroll 16") for (size_t i = kCount - 1; i-- > 0;) sum = hn::MulAdd(sum, x, hn::Set(d, c[i]));
  return sum;
}

template <class D, class V = hwy::HWY_NAMESPACE::Vec<D>>
HWY_INLINE V Erf(D d, V x) {
  namespace hn = hwy::HWY_NAMESPACE;
  constexpr float kP[] = {1.1283791657f, -0.3761262582f,  0.1128358515f,   -0.0268538120f,
                          0.0051883277f, -0.00080101937f, 0.0000785386113f};
  constexpr float kQ[] = {0.00034151973f, 1.1270892033f,  0.6381448113f,   0.1031067729f,
                          -0.0218380726f, 0.00294766042f, -0.000186379404f};
  const V one = hn::Set(d, 1.0f), size = hn::Abs(x);
  const V inner = hn::Mul(x, PolynomialOf(d, hn::Mul(x, x), kP));
  const V exponent = PolynomialOf(d, hn::Min(size, hn::Set(d, 4.0f)), kQ);
  const V outer = hn::CopySign(hn::Sub(one, hn::Exp(d, hn::Neg(exponent))), x);
  return hn::IfThenElse(hn::Gt(size, one), outer, inner);  // NaN stays NaN: the comparison is false
}

}  // namespace baryon::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BARYON_ENGINE_KERNELS_ERF_INL_H_
