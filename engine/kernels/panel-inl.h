// Panels of packed weights as micro-kernels see them, once for each instruction set. Included after foreach_target.h,
// like Highway itself.
#if defined(BARYON_ENGINE_KERNELS_PANEL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BARYON_ENGINE_KERNELS_PANEL_INL_H_
#undef BARYON_ENGINE_KERNELS_PANEL_INL_H_
#else
#define BARYON_ENGINE_KERNELS_PANEL_INL_H_
#endif

#include <hwy/highway.h>

#include "engine/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace baryon::kernels::HWY_NAMESPACE {

using DPanel = hn::ScalableTag<float>;
using DHalfPanel = hn::Half<DPanel>;

// Vectors of a panel: as many as leave room for six rows of sums among 32 or 16 registers.
constexpr int kPanelVectors = HWY_TARGET == HWY_AVX3 ? 4 : 2;
constexpr int kPanelWidth = kPanelVectors * static_cast<int>(hn::MaxLanes(DPanel()));

// The half as a vector, zeros behind it.
HWY_INLINE hn::Vec<DPanel> Whole(hn::Vec<DHalfPanel> half) {
#if HWY_TARGET == HWY_SCALAR
  return half;  // of a single lane
#else
  return hn::ZeroExtendVector(DPanel(), half);
#endif
}

// Whether half of the last of `vectors` vectors has all that is left of `columns`. Cores whose multipliers are half as
// wide as the vectors of AVX-512 need half the time for it, the others no more.
HWY_INLINE bool HalfSuffices(int columns, int vectors) {
  constexpr int kWidth = static_cast<int>(hn::MaxLanes(DPanel()));
  return HWY_TARGET == HWY_AVX3 && columns <= (vectors - 1) * kWidth + kWidth / 2;
}

}  // namespace baryon::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BARYON_ENGINE_KERNELS_PANEL_INL_H_
