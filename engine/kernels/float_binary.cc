// One loop, a template over the function and over which operand is fixed. Two vectors per step keep both load ports
// busy; more gain nothing.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/float_binary.cc"
#include "engine/kernels/float_binary.h"

#include <hwy/foreach_target.h>  // first: compiles this file once for each instruction set
#include <hwy/highway.h>

#include "engine/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace baryon::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Full = hn::ScalableTag<float>;
using V = hn::Vec<Full>;

HWY_INLINE V OneWhere(hn::Mask<Full> mask) { return hn::IfThenElseZero(mask, hn::Set(Full(), 1.0f)); }
// Highway's Ne is false for NaN, which differs from everything.
HWY_INLINE hn::Mask<Full> Differ(V a, V b) { return hn::Not(hn::Eq(a, b)); }
HWY_INLINE hn::Mask<Full> IsTrue(V x) { return Differ(x, hn::Zero(Full())); }

struct Add {
  HWY_INLINE V operator()(V a, V b) const { return hn::Add(a, b); }
};
struct Sub {
  HWY_INLINE V operator()(V a, V b) const { return hn::Sub(a, b); }
};
struct Mul {
  HWY_INLINE V operator()(V a, V b) const { return hn::Mul(a, b); }
};
struct Div {
  HWY_INLINE V operator()(V a, V b) const { return hn::Div(a, b); }
};
struct Max {
  HWY_INLINE V operator()(V a, V b) const { return hn::IfThenElse(hn::Or(hn::Gt(a, b), hn::IsNaN(a)), a, b); }
};
struct Min {
  HWY_INLINE V operator()(V a, V b) const { return hn::IfThenElse(hn::Or(hn::Lt(a, b), hn::IsNaN(a)), a, b); }
};
struct Equal {
  HWY_INLINE V operator()(V a, V b) const { return OneWhere(hn::Eq(a, b)); }
};
struct NotEqual {
  HWY_INLINE V operator()(V a, V b) const { return OneWhere(Differ(a, b)); }
};
struct Greater {
  HWY_INLINE V operator()(V a, V b) const { return OneWhere(hn::Gt(a, b)); }
};
struct GreaterEqual {
  HWY_INLINE V operator()(V a, V b) const { return OneWhere(hn::Ge(a, b)); }
};
struct Less {
  HWY_INLINE V operator()(V a, V b) const { return OneWhere(hn::Lt(a, b)); }
};
struct LessEqual {
  HWY_INLINE V operator()(V a, V b) const { return OneWhere(hn::Le(a, b)); }
};
struct LogicalAnd {
  HWY_INLINE V operator()(V a, V b) const { return OneWhere(hn::And(IsTrue(a), IsTrue(b))); }
};
struct LogicalOr {
  HWY_INLINE V operator()(V a, V b) const { return OneWhere(hn::Or(IsTrue(a), IsTrue(b))); }
};
struct LogicalXor {
  HWY_INLINE V operator()(V a, V b) const { return OneWhere(hn::Xor(IsTrue(a), IsTrue(b))); }
};

// The elements of an operand, lane by lane.
struct Row {
  const float* p;
  explicit HWY_INLINE Row(const float* p) : p(p) {}
  HWY_INLINE V At(int64_t i) const { return hn::LoadU(Full(), p + i); }
  HWY_INLINE V FirstAt(int64_t i, int64_t count) const { return LoadFirst(Full(), p + i, count); }
};
struct Fixed {
  V value;
  explicit HWY_INLINE Fixed(const float* p) : value(hn::Set(Full(), *p)) {}
  HWY_INLINE V At(int64_t) const { return value; }
  HWY_INLINE V FirstAt(int64_t, int64_t) const { return value; }
};

template <class Fn, class A, class B>
void Loop(const float* a_data, const float* b_data, float* y, int64_t n) {
  const Full d;
  const Fn fn;
  const A a(a_data);
  const B b(b_data);
  const int64_t lanes = hn::Lanes(d);
  int64_t i = 0;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    const V low = fn(a.At(i), b.At(i)), high = fn(a.At(i + lanes), b.At(i + lanes));
    hn::StoreU(low, d, y + i);
    hn::StoreU(high, d, y + i + lanes);
  }
  for (; i + lanes <= n; i += lanes) hn::StoreU(fn(a.At(i), b.At(i)), d, y + i);
  if (i < n) StoreFirst(fn(a.FirstAt(i, n - i), b.FirstAt(i, n - i)), d, y + i, n - i);
}

template <class Fn>
BinaryLoops<float> Loops() {
  return {Loop<Fn, Row, Row>, Loop<Fn, Fixed, Row>, Loop<Fn, Row, Fixed>};
}

BinaryLoops<float> LoopsHere(BinaryFn fn) {
  switch (fn) {
    case BinaryFn::kAdd:
      return Loops<Add>();
    case BinaryFn::kSub:
      return Loops<Sub>();
    case BinaryFn::kMul:
      return Loops<Mul>();
    case BinaryFn::kDiv:
      return Loops<Div>();
    case BinaryFn::kMax:
      return Loops<Max>();
    case BinaryFn::kMin:
      return Loops<Min>();
    case BinaryFn::kEqual:
      return Loops<Equal>();
    case BinaryFn::kNotEqual:
      return Loops<NotEqual>();
    case BinaryFn::kGreater:
      return Loops<Greater>();
    case BinaryFn::kGreaterEqual:
      return Loops<GreaterEqual>();
    case BinaryFn::kLess:
      return Loops<Less>();
    case BinaryFn::kLessEqual:
      return Loops<LessEqual>();
    case BinaryFn::kLogicalAnd:
      return Loops<LogicalAnd>();
    case BinaryFn::kLogicalOr:
      return Loops<LogicalOr>();
    case BinaryFn::kLogicalXor:
      return Loops<LogicalXor>();
    default:
      return {};
  }
}

}  // namespace
}  // namespace baryon::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace baryon::kernels {

HWY_EXPORT(LoopsHere);

BinaryLoops<float> FloatLoopsOf(BinaryFn fn) { return HWY_DYNAMIC_DISPATCH(LoopsHere)(fn); }

}  // namespace baryon::kernels
#endif  // HWY_ONCE
