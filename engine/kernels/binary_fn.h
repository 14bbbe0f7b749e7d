// The functions of two numbers behind binary operators, as loops over rows. A row is computed in one of four types, to
// which the elements of all dtypes are converted (see convert_row.h): float, double, int64_t and uint64_t. That keeps
// the number of loops small and costs little, as a row stays in the first-level cache. Sums, differences and products
// of narrower integers come out as in their own arithmetic once they are cut to their width.
#ifndef BARYON_ENGINE_KERNELS_BINARY_FN_H_
#define BARYON_ENGINE_KERNELS_BINARY_FN_H_

#include <cstdint>

#include "engine/tensor/dtype.h"

namespace baryon::kernels {

// MXNet's own definitions, odd ones included. No operands trap: whole-number division and remainder by 0 give 0.
enum class BinaryFn {
  kAdd,
  kSub,
  kMul,
  kDiv,          // whole numbers: towards 0
  kFloorDivide,  // towards minus infinity
  kMod,          // the sign of b; 0 when b is 0, for floats, too
  kFmod,         // the sign of a
  kMax,          // NaN when either is
  kMin,
  kFmax,  // the other one when either is NaN
  kFmin,
  kCopySign,  // a when both are >= 0 or both are < 0, else -a
  // Whole numbers only.
  kGcd,
  kLcm,
  kBitAnd,
  kBitOr,
  kBitXor,
  kShiftLeft,  // 0 when b is negative or beyond the width
  kShiftRight,
  // 1 or 0.
  kEqual,
  kNotEqual,
  kGreater,
  kGreaterEqual,
  kLess,
  kLessEqual,
  kLogicalAnd,
  kLogicalOr,
  kLogicalXor,
  // Floats only.
  kPower,
  kHypot,      // sqrt(a^2 + b^2)
  kArctan2,    // the angle of the point (b, a)
  kLdexp,      // a 2^b, b may have a fraction
  kLogAddExp,  // log(e^a + e^b)
};

constexpr bool IsWhole(BinaryFn fn) { return fn >= BinaryFn::kGcd && fn <= BinaryFn::kShiftRight; }
constexpr bool IsTruth(BinaryFn fn) { return fn >= BinaryFn::kEqual && fn <= BinaryFn::kLogicalXor; }
constexpr bool IsReal(BinaryFn fn) { return fn >= BinaryFn::kPower; }

// Loops of one function. y[i] = fn(a[i], b[i]) for 0 <= i < n; y may be a or b. A fixed operand is read at index 0 for
// every i.
template <typename T>
struct BinaryLoops {
  using Loop = void (*)(const T* a, const T* b, T* y, int64_t n);
  Loop both = nullptr, fixed_a = nullptr, fixed_b = nullptr;
};

// T is float, double, int64_t or uint64_t. All null where the function does not exist for T. float runs in vector
// registers where float_binary.h has the function.
template <typename T>
BinaryLoops<T> BinaryLoopsOf(BinaryFn fn);

// The type among those four, as a dtype, in which values of `dtype` are computed: kFloat32, kFloat64, kInt64, kUInt64.
DType RowDType(DType dtype);

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_BINARY_FN_H_
