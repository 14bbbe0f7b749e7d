// One loop, instantiated with a small lambda for each function. The last,
// incomplete vector is loaded and stored in part, so that all elements go through the same instructions.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/elementwise.cc"
#include <hwy/foreach_target.h>  // first: compiles this file once for each instruction set
#include <hwy/highway.h>
// After foreach_target.h:
#include <hwy/contrib/math/math-inl.h>

#include <limits>

#include "engine/kernels/activation-inl.h"
#include "engine/kernels/elementwise.h"
#include "engine/kernels/erf-inl.h"
#include "engine/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace baryon::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

template <class Fn>
HWY_INLINE void MapRow(const float* x, int64_t n, float* y, Fn fn) {
  const D d;
  const int64_t lanes = hn::Lanes(d);
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(fn(hn::LoadU(d, x + i)), d, y + i);
  if (i < n) StoreFirst(fn(LoadFirst(d, x + i, n - i)), d, y + i, n - i);
}

// hn::Log knows finite positive numbers only.
HWY_INLINE V LogOf(V x) {
  const D d;
  const V zero = hn::Zero(d), infinity = hn::Set(d, std::numeric_limits<float>::infinity());
  const V special =
      hn::IfThenElse(hn::Eq(x, zero), hn::Neg(infinity), hn::IfThenElse(hn::Eq(x, infinity), infinity, hn::NaN(d)));
  return hn::IfThenElse(hn::And(hn::Gt(x, zero), hn::Lt(x, infinity)), hn::Log(d, x), special);
}

// The same for log(1 + x), which is finite above -1.
HWY_INLINE V Log1pOf(V x) {
  const D d;
  const V infinity = hn::Set(d, std::numeric_limits<float>::infinity()), bound = hn::Set(d, -1.0f);
  const V special =
      hn::IfThenElse(hn::Eq(x, bound), hn::Neg(infinity), hn::IfThenElse(hn::Eq(x, infinity), infinity, hn::NaN(d)));
  return hn::IfThenElse(hn::And(hn::Gt(x, bound), hn::Lt(x, infinity)), hn::Log1p(d, x), special);
}

void MapRows(FloatFunction function, const float* x, int64_t n, float* y) {
  const D d;
  const V one = hn::Set(d, 1.0f);
  switch (function) {
    case FloatFunction::kAbs:
      return MapRow(x, n, y, [](V v) HWY_ATTR { return hn::Abs(v); });
    case FloatFunction::kNegative:
      return MapRow(x, n, y, [](V v) HWY_ATTR { return hn::Neg(v); });
    case FloatFunction::kSquare:
      return MapRow(x, n, y, [](V v) HWY_ATTR { return hn::Mul(v, v); });
    case FloatFunction::kSqrt:
      return MapRow(x, n, y, [](V v) HWY_ATTR { return hn::Sqrt(v); });
    case FloatFunction::kReciprocalSqrt:
      return MapRow(x, n, y, [one](V v) HWY_ATTR { return hn::Div(one, hn::Sqrt(v)); });
    case FloatFunction::kReciprocal:
      return MapRow(x, n, y, [one](V v) HWY_ATTR { return hn::Div(one, v); });
    case FloatFunction::kExp:
      return MapRow(x, n, y, [d](V v) HWY_ATTR { return ExpOf(d, v); });
    case FloatFunction::kExpm1:
      return MapRow(x, n, y, [d](V v) HWY_ATTR { return Expm1Of(d, v); });
    case FloatFunction::kLog:
      return MapRow(x, n, y, [](V v) HWY_ATTR { return LogOf(v); });
    case FloatFunction::kLog1p:
      return MapRow(x, n, y, [d](V v) HWY_ATTR { return Log1pOf(v); });
    case FloatFunction::kErf:
      return MapRow(x, n, y, [d](V v) HWY_ATTR { return Erf(d, v); });
    case FloatFunction::kFloor:
      return MapRow(x, n, y, [](V v) HWY_ATTR { return hn::Floor(v); });
    case FloatFunction::kCeil:
      return MapRow(x, n, y, [](V v) HWY_ATTR { return hn::Ceil(v); });
    case FloatFunction::kTrunc:
      return MapRow(x, n, y, [](V v) HWY_ATTR { return hn::Trunc(v); });
  }
}

void ActivateRow(const ActivationSpec& activation, const float* x, int64_t n, float* y) {
  const D d;
  MapRow(x, n, y, [&](V v) HWY_ATTR { return HWY_NAMESPACE::Activate(d, activation, v); });
}

void LeakRow(const float* x, const float* slope, int64_t n, float* y) {
  const D d;
  const int64_t lanes = hn::Lanes(d);
  const auto leak = [d](V v, V factor)
                        HWY_ATTR { return hn::IfThenElse(hn::Gt(v, hn::Zero(d)), v, hn::Mul(v, factor)); };
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(leak(hn::LoadU(d, x + i), hn::LoadU(d, slope + i)), d, y + i);
  if (i < n) StoreFirst(leak(LoadFirst(d, x + i, n - i), LoadFirst(d, slope + i, n - i)), d, y + i, n - i);
}

}  // namespace
}  // namespace baryon::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace baryon::kernels {

HWY_EXPORT(MapRows);
HWY_EXPORT(ActivateRow);
HWY_EXPORT(LeakRow);

void MapFloats(FloatFunction function, const float* x, int64_t n, float* y) {
  HWY_DYNAMIC_DISPATCH(MapRows)(function, x, n, y);
}

void ActivateFloats(const ActivationSpec& activation, const float* x, int64_t n, float* y) {
  HWY_DYNAMIC_DISPATCH(ActivateRow)(activation, x, n, y);
}

void LeakFloats(const float* x, const float* slope, int64_t n, float* y) {
  HWY_DYNAMIC_DISPATCH(LeakRow)(x, slope, n, y);
}

}  // namespace baryon::kernels
#endif
