// Activations of vectors, once for each instruction set. Included after foreach_target.h, like Highway itself.
#if defined(BARYON_ENGINE_KERNELS_ACTIVATION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BARYON_ENGINE_KERNELS_ACTIVATION_INL_H_
#undef BARYON_ENGINE_KERNELS_ACTIVATION_INL_H_
#else
#define BARYON_ENGINE_KERNELS_ACTIVATION_INL_H_
#endif

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include <cmath>

#include "engine/kernels/activation.h"

HWY_BEFORE_NAMESPACE();
namespace baryon::kernels::HWY_NAMESPACE {

// The error function, lane by lane.
template <class D, class V = hwy::HWY_NAMESPACE::Vec<D>>
V ErfOf(D d, V x) {
  namespace hn = hwy::HWY_NAMESPACE;
  HWY_ALIGN float lanes[hn::MaxLanes(d)];
  hn::Store(x, d, lanes);
  for (float& lane : lanes) lane = std::erf(lane);
  return hn::Load(d, lanes);
}

// activation(x) for each lane.
template <class D, class V = hwy::HWY_NAMESPACE::Vec<D>>
V Activate(D d, const ActivationSpec& activation, V x) {
  namespace hn = hwy::HWY_NAMESPACE;
  const V zero = hn::Zero(d), one = hn::Set(d, 1.0f);
  const V alpha = hn::Set(d, activation.alpha), beta = hn::Set(d, activation.beta);
  const auto sigmoid = [&](V v) HWY_ATTR { return hn::Div(one, hn::Add(one, hn::Exp(d, hn::Neg(v)))); };
  const auto soft_relu = [&](V v) HWY_ATTR {
    const V tail = hn::Log1p(d, hn::Exp(d, hn::Neg(hn::Abs(v))));
    return hn::Add(hn::Max(v, zero), tail);
  };
  const auto elu = [&](V v, V slope)
                       HWY_ATTR { return hn::IfThenElse(hn::Gt(v, zero), v, hn::Mul(slope, hn::Expm1(d, v))); };
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
    case Activation::kGelu: {
      const V phi = hn::Add(one, ErfOf(d, hn::Mul(x, hn::Set(d, 0.70710678118654752f))));
      return hn::Mul(hn::Mul(x, hn::Set(d, 0.5f)), phi);
    }
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
