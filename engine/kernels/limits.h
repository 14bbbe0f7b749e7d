// Activations that are nothing but limits.
#ifndef BARYON_ENGINE_KERNELS_LIMITS_H_
#define BARYON_ENGINE_KERNELS_LIMITS_H_

#include <limits>

#include "engine/kernels/activation.h"

namespace baryon::kernels {

// What micro-kernels apply to results in registers: min(max(x, lower), upper). `complete`: that is the whole
// activation.
struct Limits {
  float lower = -std::numeric_limits<float>::infinity(), upper = std::numeric_limits<float>::infinity();
  bool complete = true;
};

inline Limits LimitsOf(const ActivationSpec& activation) {
  Limits limits;
  if (activation.kind == Activation::kRelu) {
    limits.lower = 0;
  } else if (activation.kind == Activation::kClip && activation.alpha <= activation.beta) {
    limits.lower = activation.alpha;
    limits.upper = activation.beta;
  } else {
    limits.complete = activation.kind == Activation::kNone;
  }
  return limits;
}

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_LIMITS_H_
