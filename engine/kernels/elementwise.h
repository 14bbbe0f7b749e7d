// Elementwise functions of float arrays, vectorised: those that networks spend time in. Each element is computed by the
// same instructions wherever it stands, so a range may be cut anywhere without a change of bits. y may be x;
// other overlaps are not allowed. Pure and allocation-free. The error is at most 4 units in the last place where the
// function is not exactly rounded; NaN, infinities and zeros give what <cmath> gives.
#ifndef BARYON_ENGINE_KERNELS_ELEMENTWISE_H_
#define BARYON_ENGINE_KERNELS_ELEMENTWISE_H_

#include <cstdint>

#include "engine/kernels/activation.h"

namespace baryon::kernels {

enum class FloatFunction {
  kAbs,
  kNegative,
  kSquare,
  kSqrt,
  kReciprocalSqrt,
  kReciprocal,
  kExp,
  kExpm1,
  kLog,
  kLog1p,
  kErf,
  kFloor,
  kCeil,
  kTrunc,
};

// y[i] = function(x[i]) for i < n.
void MapFloats(FloatFunction function, const float* x, int64_t n, float* y);

// y[i] = activation(x[i]) for i < n.
void ActivateFloats(const ActivationSpec& activation, const float* x, int64_t n, float* y);

// y[i] = x[i] > 0 ? x[i] : x[i] * slope[i] for i < n.
void LeakFloats(const float* x, const float* slope, int64_t n, float* y);

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_ELEMENTWISE_H_
