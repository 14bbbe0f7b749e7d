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

constexpr int kPanelLanes = static_cast<int>(hn::MaxLanes(DPanel()));
// Vectors of a panel: as many as leave room for six rows of sums among 32 or 16 registers.
constexpr int kPanelVectors = HWY_TARGET == HWY_AVX3 ? 4 : 2;
constexpr int kPanelWidth = kPanelVectors * kPanelLanes;

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
  return HWY_TARGET == HWY_AVX3 && columns <= (vectors - 1) * kPanelLanes + kPanelLanes / 2;
}

// The sums of kRows rows and kVectors vectors of columns, of one panel or several. Of a last vector that is half empty,
// kHalf, only half is multiplied: the sums of that stand in `last` until End.
template <int kRows, int kVectors, bool kHalf>
struct PanelSums {
  static constexpr int kWhole = kHalf ? kVectors - 1 : kVectors;  // vectors that are multiplied as such

  HWY_INLINE void Begin() {
    BARYON_UNROLL for (int i = 0; i < kRows; ++i) {
      BARYON_UNROLL for (int v = 0; v < kVectors; ++v) sums[i][v] = hn::Zero(DPanel());
      last[i] = hn::Zero(DHalfPanel());
    }
  }
  // With sums of before: row i at from + i * stride, 64-byte aligned.
  HWY_INLINE void Begin(const float* from, int64_t stride) {
    BARYON_UNROLL for (int i = 0; i < kRows; ++i) {
      BARYON_UNROLL for (int v = 0; v < kVectors; ++v) {
        sums[i][v] = hn::Load(DPanel(), from + i * stride + v * kPanelLanes);
      }
      if constexpr (kHalf) last[i] = hn::LowerHalf(DHalfPanel(), sums[i][kWhole]);
    }
  }

  // Adds the products of a[i][k] with row `b` of the panel, and of the others, which stand `panel_stride` apart.
  HWY_INLINE void Add(const float* const (&a)[kRows], int64_t k, const float* HWY_RESTRICT b, int64_t panel_stride) {
    const auto at = [&](int v)
                        HWY_ATTR { return b + (v / kPanelVectors) * panel_stride + (v % kPanelVectors) * kPanelLanes; };
    hn::Vec<DPanel> columns[kVectors];
    BARYON_UNROLL for (int v = 0; v < kWhole; ++v) columns[v] = hn::Load(DPanel(), at(v));
    hn::Vec<DHalfPanel> last_columns;
    if constexpr (kHalf) last_columns = hn::Load(DHalfPanel(), at(kWhole));
    BARYON_UNROLL for (int i = 0; i < kRows; ++i) {
      const auto element = hn::Set(DPanel(), a[i][k]);
      BARYON_UNROLL for (int v = 0; v < kWhole; ++v) sums[i][v] = hn::MulAdd(element, columns[v], sums[i][v]);
      if constexpr (kHalf) last[i] = hn::MulAdd(hn::LowerHalf(DHalfPanel(), element), last_columns, last[i]);
    }
  }

  HWY_INLINE void End() {
    if constexpr (kHalf) {
      BARYON_UNROLL for (int i = 0; i < kRows; ++i) sums[i][kWhole] = Whole(last[i]);
    }
  }

  hn::Vec<DPanel> sums[kRows][kVectors];
  hn::Vec<DHalfPanel> last[kRows];
};

}  // namespace baryon::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BARYON_ENGINE_KERNELS_PANEL_INL_H_
