// What vector kernels share, once for each instruction set. Included after foreach_target.h, like Highway itself.
#if defined(BARYON_ENGINE_KERNELS_SIMD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BARYON_ENGINE_KERNELS_SIMD_INL_H_
#undef BARYON_ENGINE_KERNELS_SIMD_INL_H_
#else
#define BARYON_ENGINE_KERNELS_SIMD_INL_H_
#endif

#include <hwy/highway.h>

#include <cstring>

HWY_BEFORE_NAMESPACE();
namespace baryon::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// As CpuTargetName() has it.
#if HWY_TARGET == HWY_AVX3
constexpr char kTargetName[] = "avx512";
#elif HWY_TARGET == HWY_AVX2
constexpr char kTargetName[] = "avx2";
#else
constexpr char kTargetName[] = "portable";
#endif

// Accumulators stay in registers only when every loop over them is unrolled completely.
#define BARYON_UNROLL _Pragma("GCC unroll 32")

// The first `count` lanes of a vector at `p`, the others 0. Reads nothing beyond them.
template <class D, typename T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> LoadFirst(D d, const T* p, size_t count) {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
  return hn::MaskedLoad(hn::FirstN(d, count), d, p);
#else
  HWY_ALIGN T lanes[hn::MaxLanes(d)] = {};
  std::memcpy(lanes, p, count * sizeof(T));
  return hn::Load(d, lanes);
#endif
}

// Writes the first `count` lanes and nothing beyond them.
template <class D, typename T = hn::TFromD<D>>
HWY_INLINE void StoreFirst(hn::Vec<D> v, D d, T* p, size_t count) {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
  hn::BlendedStore(v, hn::FirstN(d, count), d, p);
#else
  HWY_ALIGN T lanes[hn::MaxLanes(d)];
  hn::Store(v, d, lanes);
  std::memcpy(p, lanes, count * sizeof(T));
#endif
}

// x limited to [lower, upper]. NaN passes, as it does in MXNet's clip.
template <class V>
HWY_INLINE V Limited(V x, V lower, V upper) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR
  return hn::Min(upper, hn::Max(lower, x));  // both instructions return their second operand when one is NaN
#else
  x = hn::IfThenElse(hn::Lt(x, lower), lower, x);
  return hn::IfThenElse(hn::Gt(x, upper), upper, x);
#endif
}

// The larger of two numbers. NaN in `x` never wins, as in MXNet's pooling.
template <class V>
HWY_INLINE V Larger(V x, V so_far) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR
  return hn::Max(x, so_far);  // the instruction returns its second operand when one is NaN
#else
  return hn::IfThenElse(hn::Gt(x, so_far), x, so_far);
#endif
}

}  // namespace baryon::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BARYON_ENGINE_KERNELS_SIMD_INL_H_
