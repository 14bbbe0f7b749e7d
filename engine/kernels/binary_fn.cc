// Each function is a small object; the loops around it are templates, so that simple ones are vectorised by the
// compiler. Wrapping arithmetic goes through unsigned numbers, where it is defined.
#include "engine/kernels/binary_fn.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <type_traits>

#include "engine/kernels/float_binary.h"

namespace baryon::kernels {
namespace {

struct Add {
  template <typename T>
  T operator()(T a, T b) const {
    if constexpr (std::is_floating_point_v<T>) return a + b;
    return static_cast<T>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
  }
};
struct Sub {
  template <typename T>
  T operator()(T a, T b) const {
    if constexpr (std::is_floating_point_v<T>) return a - b;
    return static_cast<T>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
  }
};
struct Mul {
  template <typename T>
  T operator()(T a, T b) const {
    if constexpr (std::is_floating_point_v<T>) return a * b;
    return static_cast<T>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
  }
};

// True where the processor's division would trap or overflow: by 0, and of the lowest number by -1.
template <typename T>
bool IsMinusOne(T b) {
  return std::is_signed_v<T> && b == static_cast<T>(-1);
}

struct Div {
  template <typename T>
  T operator()(T a, T b) const {
    if constexpr (std::is_floating_point_v<T>) return a / b;
    if (b == 0) return 0;
    return IsMinusOne(b) ? Sub()(T{0}, a) : a / b;
  }
};
struct Fmod {
  template <typename T>
  T operator()(T a, T b) const {
    if constexpr (std::is_floating_point_v<T>) {
      return std::fmod(a, b);
    } else {
      return b == 0 || IsMinusOne(b) ? 0 : a % b;
    }
  }
};
struct FloorDivide {
  template <typename T>
  T operator()(T a, T b) const {
    if constexpr (std::is_floating_point_v<T>) {
      return std::floor(a / b);
    } else {
      const bool rounded_up = Fmod()(a, b) != 0 && (a < 0) != (b < 0);
      return Div()(a, b) - (rounded_up ? 1 : 0);
    }
  }
};
struct Mod {
  template <typename T>
  T operator()(T a, T b) const {
    if (b == 0) return 0;
    const T rest = Fmod()(a, b);
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
  }
};

template <typename T>
bool IsNan(T x) {
  return x != x;
}
struct Max {
  template <typename T>
  T operator()(T a, T b) const {
    return a > b || IsNan(a) ? a : b;
  }
};
struct Min {
  template <typename T>
  T operator()(T a, T b) const {
    return a < b || IsNan(a) ? a : b;
  }
};
struct Fmax {
  template <typename T>
  T operator()(T a, T b) const {
    return a > b || IsNan(b) ? a : b;
  }
};
struct Fmin {
  template <typename T>
  T operator()(T a, T b) const {
    return a < b || IsNan(b) ? a : b;
  }
};
struct CopySign {
  template <typename T>
  T operator()(T a, T b) const {
    return (a >= 0 && b >= 0) || (a < 0 && b < 0) ? a : Sub()(T(-0.0), a);
  }
};

template <typename T>
uint64_t Magnitude(T x) {
  return x < 0 ? uint64_t{0} - static_cast<uint64_t>(x) : static_cast<uint64_t>(x);
}
struct Gcd {
  template <typename T>
  T operator()(T a, T b) const {
    return static_cast<T>(std::gcd(Magnitude(a), Magnitude(b)));
  }
};
struct Lcm {
  template <typename T>
  T operator()(T a, T b) const {
    if (a == 0 || b == 0) return 0;
    return static_cast<T>(Magnitude(a) / std::gcd(Magnitude(a), Magnitude(b)) * Magnitude(b));
  }
};
struct BitAnd {
  template <typename T>
  T operator()(T a, T b) const {
    return a & b;
  }
};
struct BitOr {
  template <typename T>
  T operator()(T a, T b) const {
    return a | b;
  }
};
struct BitXor {
  template <typename T>
  T operator()(T a, T b) const {
    return a ^ b;
  }
};
struct ShiftLeft {
  template <typename T>
  T operator()(T a, T b) const {
    return b < 0 || b > 63 ? 0 : static_cast<T>(static_cast<uint64_t>(a) << b);
  }
};
struct ShiftRight {
  template <typename T>
  T operator()(T a, T b) const {
    return b < 0 || b > 63 ? 0 : a >> b;
  }
};

struct Equal {
  template <typename T>
  T operator()(T a, T b) const {
    return a == b;
  }
};
struct NotEqual {
  template <typename T>
  T operator()(T a, T b) const {
    return a != b;
  }
};
struct Greater {
  template <typename T>
  T operator()(T a, T b) const {
    return a > b;
  }
};
struct GreaterEqual {
  template <typename T>
  T operator()(T a, T b) const {
    return a >= b;
  }
};
struct Less {
  template <typename T>
  T operator()(T a, T b) const {
    return a < b;
  }
};
struct LessEqual {
  template <typename T>
  T operator()(T a, T b) const {
    return a <= b;
  }
};
struct LogicalAnd {
  template <typename T>
  T operator()(T a, T b) const {
    return a != 0 && b != 0;
  }
};
struct LogicalOr {
  template <typename T>
  T operator()(T a, T b) const {
    return a != 0 || b != 0;
  }
};
struct LogicalXor {
  template <typename T>
  T operator()(T a, T b) const {
    return (a != 0) != (b != 0);
  }
};

struct Power {
  template <typename T>
  T operator()(T a, T b) const {
    if (b == 2) return a * a;  // the exponent of nearly all models, at a twentieth of the time
    return std::pow(a, b);
  }
};
struct Hypot {
  template <typename T>
  T operator()(T a, T b) const {
    return std::hypot(a, b);
  }
};
struct Arctan2 {
  template <typename T>
  T operator()(T a, T b) const {
    return std::atan2(a, b);
  }
};
struct Ldexp {
  template <typename T>
  T operator()(T a, T b) const {
    return a * std::exp2(b);
  }
};
struct LogAddExp {
  template <typename T>
  T operator()(T a, T b) const {
    if (a == b) return a + std::log(T{2});  // also where both are the same infinity
    return std::max(a, b) + std::log1p(std::exp(-std::abs(a - b)));
  }
};

template <class Fn, typename T>
void Both(const T* a, const T* b, T* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = Fn()(a[i], b[i]);
}
template <class Fn, typename T>
void FixedA(const T* a, const T* b, T* y, int64_t n) {
  const T fixed = a[0];
  for (int64_t i = 0; i < n; ++i) y[i] = Fn()(fixed, b[i]);
}
template <class Fn, typename T>
void FixedB(const T* a, const T* b, T* y, int64_t n) {
  const T fixed = b[0];
  for (int64_t i = 0; i < n; ++i) y[i] = Fn()(a[i], fixed);
}

template <class Fn, typename T>
BinaryLoops<T> Loops() {
  return {Both<Fn, T>, FixedA<Fn, T>, FixedB<Fn, T>};
}
template <class Fn, typename T>
BinaryLoops<T> WholeLoops() {
  if constexpr (std::is_floating_point_v<T>)
    return {};
  else
    return Loops<Fn, T>();
}
template <class Fn, typename T>
BinaryLoops<T> RealLoops() {
  if constexpr (std::is_floating_point_v<T>)
    return Loops<Fn, T>();
  else
    return {};
}

template <typename T>
BinaryLoops<T> PlainLoops(BinaryFn fn) {
  switch (fn) {
    case BinaryFn::kAdd:
      return Loops<Add, T>();
    case BinaryFn::kSub:
      return Loops<Sub, T>();
    case BinaryFn::kMul:
      return Loops<Mul, T>();
    case BinaryFn::kDiv:
      return Loops<Div, T>();
    case BinaryFn::kFloorDivide:
      return Loops<FloorDivide, T>();
    case BinaryFn::kMod:
      return Loops<Mod, T>();
    case BinaryFn::kFmod:
      return Loops<Fmod, T>();
    case BinaryFn::kMax:
      return Loops<Max, T>();
    case BinaryFn::kMin:
      return Loops<Min, T>();
    case BinaryFn::kFmax:
      return Loops<Fmax, T>();
    case BinaryFn::kFmin:
      return Loops<Fmin, T>();
    case BinaryFn::kCopySign:
      return Loops<CopySign, T>();
    case BinaryFn::kGcd:
      return WholeLoops<Gcd, T>();
    case BinaryFn::kLcm:
      return WholeLoops<Lcm, T>();
    case BinaryFn::kBitAnd:
      return WholeLoops<BitAnd, T>();
    case BinaryFn::kBitOr:
      return WholeLoops<BitOr, T>();
    case BinaryFn::kBitXor:
      return WholeLoops<BitXor, T>();
    case BinaryFn::kShiftLeft:
      return WholeLoops<ShiftLeft, T>();
    case BinaryFn::kShiftRight:
      return WholeLoops<ShiftRight, T>();
    case BinaryFn::kEqual:
      return Loops<Equal, T>();
    case BinaryFn::kNotEqual:
      return Loops<NotEqual, T>();
    case BinaryFn::kGreater:
      return Loops<Greater, T>();
    case BinaryFn::kGreaterEqual:
      return Loops<GreaterEqual, T>();
    case BinaryFn::kLess:
      return Loops<Less, T>();
    case BinaryFn::kLessEqual:
      return Loops<LessEqual, T>();
    case BinaryFn::kLogicalAnd:
      return Loops<LogicalAnd, T>();
    case BinaryFn::kLogicalOr:
      return Loops<LogicalOr, T>();
    case BinaryFn::kLogicalXor:
      return Loops<LogicalXor, T>();
    case BinaryFn::kPower:
      return RealLoops<Power, T>();
    case BinaryFn::kHypot:
      return RealLoops<Hypot, T>();
    case BinaryFn::kArctan2:
      return RealLoops<Arctan2, T>();
    case BinaryFn::kLdexp:
      return RealLoops<Ldexp, T>();
    case BinaryFn::kLogAddExp:
      return RealLoops<LogAddExp, T>();
  }
  return {};
}

}  // namespace

template <typename T>
BinaryLoops<T> BinaryLoopsOf(BinaryFn fn) {
  if constexpr (std::is_same_v<T, float>) {
    if (const BinaryLoops<float> loops = FloatLoopsOf(fn); loops.both != nullptr) return loops;
  }
  return PlainLoops<T>(fn);
}

template BinaryLoops<float> BinaryLoopsOf(BinaryFn);
template BinaryLoops<double> BinaryLoopsOf(BinaryFn);
template BinaryLoops<int64_t> BinaryLoopsOf(BinaryFn);
template BinaryLoops<uint64_t> BinaryLoopsOf(BinaryFn);

DType RowDType(DType dtype) {
  if (dtype == DType::kFloat64 || dtype == DType::kUInt64) return dtype;
  return IsFloating(dtype) ? DType::kFloat32 : DType::kInt64;
}

}  // namespace baryon::kernels
