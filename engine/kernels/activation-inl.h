// Activations of vectors, once for each instruction set. Included after foreach_target.h, like Highway itself.
#if defined(BARYON_ENGINE_KERNELS_ACTIVATION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BARYON_ENGINE_KERNELS_ACTIVATION_INL_H_
#undef BARYON_ENGINE_KERNELS_ACTIVATION_INL_H_
#else
#define BARYON_ENGINE_KERNELS_ACTIVATION_INL_H_
#endif

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include "engine/kernels/activation.h"
#include "engine/kernels/erf-inl.h"

HWY_BEFORE_NAMESPACE();
namespace baryon::kernels::HWY_NAMESPACE {

// exp and exp - 1 of any lane: Highway's stop at 104, where the result is infinite, and know no NaN.
template <class D, class V = hwy::HWY_NAMESPACE::Vec<D>>
HWY_INLINE V ExpOf(D d, V x) {
  namespace hn = hwy::HWY_NAMESPACE;
  return hn::IfThenElse(hn::IsNaN(x), x, hn::Exp(d, hn::Min(x, hn::Set(d, 104.0f))));
}
template <class D, class V = hwy::HWY_NAMESPACE::Vec<D>>
HWY_INLINE V Expm1Of(D d, V x) {
  namespace hn = hwy::HWY_NAMESPACE;
  return hn::IfThenElse(hn::IsNaN(x), x, hn::Expm1(d, hn::Min(x, hn::Set(d, 104.0f))));
}

// x Phi(x), exact as x (1 + erf(x / sqrt(2))) / 2 in float: one exponential for Phi(-|x|), from which Phi follows on
// both sides. The polynomial is fitted to log(Phi(-|x|)), minimax weighted by Phi, to 2e-8; beyond 5.66 Phi(-|x|) is 0.
template <class D, class V = hwy::HWY_NAMESPACE::Vec<D>>
HWY_INLINE V GeluOf(D d, V x) {
  namespace hn = hwy::HWY_NAMESPACE;
  constexpr float kLogPhi[] = {-0.69314714021f,  -0.7978871936f,    -0.3182829198f,    -0.03643725198f,
                               0.004966050378f,  -0.0001419533946f, -0.0001162314524f, 2.784679864e-05f,
                               -2.86266642e-06f, 1.167158387e-07f};
  const V end = hn::Set(d, 5.66f), size = hn::Abs(x);
  const V near = hn::Exp(d, PolynomialOf(d, hn::Min(size, end), kLogPhi));
  const V tail = hn::IfThenElseZero(hn::Lt(size, end), near);
  return hn::Mul(x, hn::IfThenElse(hn::Lt(x, hn::Zero(d)), tail, hn::Sub(hn::Set(d, 1.0f), tail)));
}

// activation(x) for each lane.
template <class D, class V = hwy::HWY_NAMESPACE::Vec<D>>
V Activate(D d, const ActivationSpec& activation, V x) {
  namespace hn = hwy::HWY_NAMESPACE;
  const V zero = hn::Zero(d), one = hn::Set(d, 1.0f);
  const V alpha = hn::Set(d, activation.alpha), beta = hn::Set(d, activation.beta);
  const auto sigmoid = [&](V v) HWY_ATTR { return hn::Div(one, hn::Add(one, ExpOf(d, hn::Neg(v)))); };
  const auto soft_relu = [&](V v) HWY_ATTR {
    const V tail = hn::Log1p(d, ExpOf(d, hn::Neg(hn::Abs(v))));
    return hn::IfThenElse(hn::IsNaN(v), v, hn::Add(hn::Max(v, zero), tail));
  };
  const auto elu = [&](V v, V slope)
                       HWY_ATTR { return hn::IfThenElse(hn::Gt(v, zero), v, hn::Mul(slope, Expm1Of(d, v))); };
  switch (activation.kind) {
    case Activation::kNone:
      return x;
    case Activation::kRelu:
      return hn::IfThenElse(hn::Lt(x, zero), zero, x);
    case Activation::kClip:
      return hn::IfThenElse(hn::Gt(x, beta), beta, hn::IfThenElse(hn::Lt(x, alpha), alpha, x));
    case Activation::kSigmoid:
      return sigmoid(x);
    case Activation::kTanh:
      return hn::Tanh(d, x);
    case Activation::kSoftRelu:
      return soft_relu(x);
    case Activation::kSoftSign:
      return hn::Div(x, hn::Add(one, hn::Abs(x)));
    case Activation::kLeaky:
      return hn::IfThenElse(hn::Gt(x, zero), x, hn::Mul(alpha, x));
    case Activation::kElu:
      return elu(x, alpha);
    case Activation::kSelu:
      return hn::Mul(hn::Set(d, 1.0507009873554805f), elu(x, hn::Set(d, 1.6732632423543772f)));
    case Activation::kGelu:
      return GeluOf(d, x);
    case Activation::kGeluTanh: {
      const V cubic = hn::MulAdd(hn::Mul(hn::Set(d, 0.044715f), hn::Mul(x, x)), x, x);
      const V phi = hn::Add(one, hn::Tanh(d, hn::Mul(hn::Set(d, 0.79788456080286536f), cubic)));
      return hn::Mul(hn::Mul(x, hn::Set(d, 0.5f)), phi);
    }
    case Activation::kSwish:
      return hn::Mul(x, sigmoid(x));
    case Activation::kHardSigmoid:
      return hn::Min(one, hn::Max(zero, hn::MulAdd(alpha, x, beta)));
    case Activation::kMish:
      return hn::Mul(x, hn::Tanh(d, soft_relu(x)));
    case Activation::kLogSigmoid:
      return hn::Neg(soft_relu(hn::Neg(x)));
  }
  return x;
}

}  // namespace baryon::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BARYON_ENGINE_KERNELS_ACTIVATION_INL_H_
