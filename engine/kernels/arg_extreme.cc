// Along contiguous rows of float32 two passes are fastest: one finds the extreme value, one its first place. Down
// columns a vector of best values and a vector of their rows go along. Other types take plain loops.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/arg_extreme.cc"
#include "engine/kernels/arg_extreme.h"

#include <hwy/foreach_target.h>  // first: compiles this file once for each instruction set
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>

HWY_BEFORE_NAMESPACE();
namespace baryon::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// The first place of `value`, which is in x; of NaN when it is NaN.
int64_t FirstPlace(const float* x, int64_t n, float value) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = hn::Lanes(d);
  const auto wanted = hn::Set(d, value);
  const bool nan = std::isnan(value);
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto v = hn::LoadU(d, x + i);
    if (!hn::AllFalse(d, nan ? hn::IsNaN(v) : hn::Eq(v, wanted))) break;
  }
  while (i < n - 1 && (nan ? !std::isnan(x[i]) : x[i] != value)) ++i;
  return i;
}

template <class D>
HWY_INLINE void PlacesOfColumns(D d, Extreme extreme, const float* x, int64_t rows, int64_t stride, int32_t* places) {
  const hn::RebindToSigned<D> di;
  const auto flip = hn::Set(d, extreme == Extreme::kMax ? 1.0f : -1.0f);
  auto best = hn::Mul(hn::LoadU(d, x), flip);
  auto place = hn::Zero(di);
  for (int64_t row = 1; row < rows; ++row) {
    const auto v = hn::Mul(hn::LoadU(d, x + row * stride), flip);
    const auto better = hn::AndNot(hn::IsNaN(best), hn::Or(hn::Gt(v, best), hn::IsNaN(v)));
    best = hn::IfThenElse(better, v, best);
    place = hn::IfThenElse(hn::RebindMask(di, better), hn::Set(di, static_cast<int32_t>(row)), place);
  }
  hn::StoreU(place, di, places);
}

void ColumnPlaces(Extreme extreme, const float* x, int64_t rows, int64_t stride, int64_t columns, int32_t* places) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> single;
  const int64_t lanes = hn::Lanes(d);
  int64_t j = 0;
  for (; j + lanes <= columns; j += lanes) PlacesOfColumns(d, extreme, x + j, rows, stride, places + j);
  for (; j < columns; ++j) PlacesOfColumns(single, extreme, x + j, rows, stride, places + j);
}

}  // namespace
}  // namespace baryon::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace baryon::kernels {

HWY_EXPORT(FirstPlace);
HWY_EXPORT(ColumnPlaces);

namespace {

template <typename T>
void PlainPlaces(Extreme extreme, const T* x, int64_t rows, int64_t stride, int64_t columns, int64_t* places) {
  for (int64_t j = 0; j < columns; ++j) {
    ComputeType<T> best = x[j];
    places[j] = 0;
    for (int64_t row = 1; row < rows && best == best; ++row) {
      const ComputeType<T> v = x[row * stride + j];
      const bool better = extreme == Extreme::kMax ? !(v <= best) : !(v >= best);
      if (better) places[j] = row;
      if (better) best = v;
    }
  }
}

template <typename T>
void Places(Extreme extreme, const T* x, int64_t rows, int64_t stride, int64_t columns, int64_t* places) {
  constexpr int64_t kMostRows = int64_t{1} << 31;
  if constexpr (std::is_same_v<T, float>) {
    if (stride == 1) {
      places[0] = HWY_DYNAMIC_DISPATCH(FirstPlace)(x, rows, ExtremeOf(extreme, x, rows));
      return;
    }
    if (rows < kMostRows) {
      int32_t narrow[kArgStrip];
      HWY_DYNAMIC_DISPATCH(ColumnPlaces)(extreme, x, rows, stride, columns, narrow);
      std::copy_n(narrow, columns, places);
      return;
    }
  }
  PlainPlaces(extreme, x, rows, stride, columns, places);
}

}  // namespace

void ArgExtreme(Extreme extreme, DType in, const void* x, int64_t size, int64_t inner, DType out, void* y,
                int64_t begin, int64_t end) {
  const int64_t strips = (inner + kArgStrip - 1) / kArgStrip;
  int64_t places[kArgStrip];
  for (int64_t unit = begin; unit < end; ++unit) {
    const int64_t outer = unit / strips, first = unit % strips * kArgStrip;
    const int64_t columns = std::min(kArgStrip, inner - first);
    DispatchDType(in, [&](auto tag) {
      using T = typename decltype(tag)::type;
      Places(extreme, static_cast<const T*>(x) + outer * size * inner + first, size, inner, columns, places);
    });
    DispatchDType(out, [&](auto tag) {
      using T = typename decltype(tag)::type;
      for (int64_t j = 0; j < columns; ++j) static_cast<T*>(y)[outer * inner + first + j] = static_cast<T>(places[j]);
    });
  }
}

}  // namespace baryon::kernels
#endif  // HWY_ONCE
