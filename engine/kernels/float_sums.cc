// Two loops, each a template over what is done to a term: along a row with four accumulators, down columns with as many
// vectors as a strip has. Pairwise summation would be as exact, but needs a stack of partial sums.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/float_sums.cc"
#include "engine/kernels/float_sums.h"

#include <hwy/foreach_target.h>  // first: compiles this file once for each instruction set
#include <hwy/highway.h>

#include <algorithm>
#include <limits>

#include "engine/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace baryon::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Full = hn::ScalableTag<float>;
using Quarter = hn::CappedTag<float, 4>;
using Single = hn::CappedTag<float, 1>;

constexpr int64_t kTermsInFloat = 64;  // additions to one lane before it is added to a double

struct Value {
  template <class D, class V>
  HWY_INLINE V operator()(D, V x, V) const {
    return x;
  }
};
struct Magnitude {
  template <class D, class V>
  HWY_INLINE V operator()(D, V x, V) const {
    return hn::Abs(x);
  }
};
struct Square {
  template <class D, class V>
  HWY_INLINE V operator()(D, V x, V) const {
    return hn::Mul(x, x);
  }
};
struct SquaredDifference {
  template <class D, class V>
  HWY_INLINE V operator()(D, V x, V center) const {
    const V difference = hn::Sub(x, center);
    return hn::Mul(difference, difference);
  }
};

template <class D, class Term>
HWY_INLINE double SumBlock(D d, Term term, const float* x, int64_t n, float center) {
  const int64_t lanes = hn::Lanes(d);
  const auto c = hn::Set(d, center);
  auto s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
  int64_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    s0 = hn::Add(s0, term(d, hn::LoadU(d, x + i), c));
    s1 = hn::Add(s1, term(d, hn::LoadU(d, x + i + lanes), c));
    s2 = hn::Add(s2, term(d, hn::LoadU(d, x + i + 2 * lanes), c));
    s3 = hn::Add(s3, term(d, hn::LoadU(d, x + i + 3 * lanes), c));
  }
  for (; i + lanes <= n; i += lanes) s0 = hn::Add(s0, term(d, hn::LoadU(d, x + i), c));
  if (i < n) s1 = hn::Add(s1, hn::IfThenElseZero(hn::FirstN(d, n - i), term(d, LoadFirst(d, x + i, n - i), c)));
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3))));
}

template <class Term>
double SumRow(Term term, const float* x, int64_t n, float center) {
  const Full d;
  const int64_t block = 4 * hn::Lanes(d) * kTermsInFloat;
  double sum = 0;
  for (int64_t i = 0; i < n; i += block) sum += SumBlock(d, term, x + i, std::min(block, n - i), center);
  return sum;
}

// Columns [0, kVectors * lanes).
template <int kVectors, class D, class Term>
HWY_INLINE void AddStrip(D d, Term term, const float* x, int64_t rows, int64_t stride, const float* centers,
                         double* sums) {
  const int64_t lanes = hn::Lanes(d);
  HWY_ALIGN float partial[hn::MaxLanes(d)];
  hn::Vec<D> sum[kVectors], center[kVectors];
  for (int v = 0; v < kVectors; ++v) center[v] = centers ? hn::LoadU(d, centers + v * lanes) : hn::Zero(d);
  for (int64_t first = 0; first < rows; first += kTermsInFloat) {
    const int64_t last = std::min(rows, first + kTermsInFloat);
    for (int v = 0; v < kVectors; ++v) sum[v] = hn::Zero(d);
    for (int64_t row = first; row < last; ++row) {
      const float* from = x + row * stride;
      for (int v = 0; v < kVectors; ++v) {
        sum[v] = hn::Add(sum[v], term(d, hn::LoadU(d, from + v * lanes), center[v]));
      }
    }
    for (int v = 0; v < kVectors; ++v) {
      hn::Store(sum[v], d, partial);
      for (int64_t lane = 0; lane < lanes; ++lane) sums[v * lanes + lane] += partial[lane];
    }
  }
}

// Calls strip(tag, width in vectors, first column) for strips that cover all columns: wide ones first.
template <class Strip>
HWY_INLINE void ForEachStrip(int64_t columns, Strip strip) {
  const int64_t full = hn::Lanes(Full()), quarter = hn::Lanes(Quarter());
  int64_t j = 0;
  for (; j + 4 * full <= columns; j += 4 * full) strip(Full(), std::integral_constant<int, 4>(), j);
  for (; j + full <= columns; j += full) strip(Full(), std::integral_constant<int, 1>(), j);
  for (; j + quarter <= columns; j += quarter) strip(Quarter(), std::integral_constant<int, 1>(), j);
  for (; j < columns; ++j) strip(Single(), std::integral_constant<int, 1>(), j);
}

template <class Term>
void AddAllColumns(Term term, const float* x, int64_t rows, int64_t stride, int64_t columns, const float* centers,
                   double* sums) {
  ForEachStrip(columns, [&](auto d, auto vectors, int64_t j) HWY_ATTR {
    AddStrip<vectors.value>(d, term, x + j, rows, stride, centers ? centers + j : nullptr, sums + j);
  });
}

// The larger of two, NaN when either is.
struct Larger {
  template <class D, class V>
  HWY_INLINE V operator()(D, V best, V x) const {
    return hn::IfThenElse(hn::Or(hn::Gt(x, best), hn::IsNaN(x)), x, best);
  }
  template <class D, class V>
  HWY_INLINE V OfLanes(D d, V v) const {
    return hn::MaxOfLanes(d, v);
  }
};
struct Smaller {
  template <class D, class V>
  HWY_INLINE V operator()(D, V best, V x) const {
    return hn::IfThenElse(hn::Or(hn::Lt(x, best), hn::IsNaN(x)), x, best);
  }
  template <class D, class V>
  HWY_INLINE V OfLanes(D d, V v) const {
    return hn::MinOfLanes(d, v);
  }
};

template <class Better>
float ExtremeOfRow(Better better, float start, const float* x, int64_t n) {
  const Full d;
  const int64_t lanes = hn::Lanes(d);
  auto b0 = hn::Set(d, start), b1 = b0;
  int64_t i = 0;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    b0 = better(d, b0, hn::LoadU(d, x + i));
    b1 = better(d, b1, hn::LoadU(d, x + i + lanes));
  }
  if (i + lanes <= n) {
    b0 = better(d, b0, hn::LoadU(d, x + i));
    i += lanes;
  }
  if (i < n) b1 = hn::IfThenElse(hn::FirstN(d, n - i), better(d, b1, LoadFirst(d, x + i, n - i)), b1);
  const auto best = better(d, b0, b1);
  if (!hn::AllFalse(d, hn::IsNaN(best))) return std::numeric_limits<float>::quiet_NaN();
  return hn::GetLane(better.OfLanes(d, best));
}

template <class Better>
void BestOfColumns(Better better, const float* x, int64_t rows, int64_t stride, int64_t columns, float* extremes) {
  ForEachStrip(columns, [&](auto d, auto vectors, int64_t j) HWY_ATTR {
    const int64_t lanes = hn::Lanes(d);
    hn::Vec<decltype(d)> best[vectors.value];
    for (int v = 0; v < vectors.value; ++v) best[v] = hn::LoadU(d, extremes + j + v * lanes);
    for (int64_t row = 0; row < rows; ++row) {
      const float* from = x + row * stride + j;
      for (int v = 0; v < vectors.value; ++v) best[v] = better(d, best[v], hn::LoadU(d, from + v * lanes));
    }
    for (int v = 0; v < vectors.value; ++v) hn::StoreU(best[v], d, extremes + j + v * lanes);
  });
}

double RowSum(Term term, const float* x, int64_t n, float center) {
  switch (term) {
    case Term::kValue:
      return SumRow(Value(), x, n, center);
    case Term::kMagnitude:
      return SumRow(Magnitude(), x, n, center);
    case Term::kSquare:
      return SumRow(Square(), x, n, center);
    case Term::kSquaredDifference:
      return SumRow(SquaredDifference(), x, n, center);
  }
  return 0;
}

void ColumnSums(Term term, const float* x, int64_t rows, int64_t stride, int64_t columns, const float* centers,
                double* sums) {
  switch (term) {
    case Term::kValue:
      return AddAllColumns(Value(), x, rows, stride, columns, nullptr, sums);
    case Term::kMagnitude:
      return AddAllColumns(Magnitude(), x, rows, stride, columns, nullptr, sums);
    case Term::kSquare:
      return AddAllColumns(Square(), x, rows, stride, columns, nullptr, sums);
    case Term::kSquaredDifference:
      return AddAllColumns(SquaredDifference(), x, rows, stride, columns, centers, sums);
  }
}

float RowExtreme(Extreme extreme, const float* x, int64_t n) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  return extreme == Extreme::kMax ? ExtremeOfRow(Larger(), -kInfinity, x, n) : ExtremeOfRow(Smaller(), kInfinity, x, n);
}

void ColumnExtremes(Extreme extreme, const float* x, int64_t rows, int64_t stride, int64_t columns, float* best) {
  extreme == Extreme::kMax ? BestOfColumns(Larger(), x, rows, stride, columns, best)
                           : BestOfColumns(Smaller(), x, rows, stride, columns, best);
}

}  // namespace
}  // namespace baryon::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace baryon::kernels {

HWY_EXPORT(RowSum);
HWY_EXPORT(RowExtreme);
HWY_EXPORT(ColumnSums);
HWY_EXPORT(ColumnExtremes);

double Sum(Term term, const float* x, int64_t n, float center) {
  return HWY_DYNAMIC_DISPATCH(RowSum)(term, x, n, center);
}

float ExtremeOf(Extreme extreme, const float* x, int64_t n) { return HWY_DYNAMIC_DISPATCH(RowExtreme)(extreme, x, n); }

void AddColumns(Term term, const float* x, int64_t rows, int64_t stride, int64_t columns, const float* centers,
                double* sums) {
  HWY_DYNAMIC_DISPATCH(ColumnSums)(term, x, rows, stride, columns, centers, sums);
}

void ExtremesOfColumns(Extreme extreme, const float* x, int64_t rows, int64_t stride, int64_t columns, float* best) {
  HWY_DYNAMIC_DISPATCH(ColumnExtremes)(extreme, x, rows, stride, columns, best);
}

}  // namespace baryon::kernels
#endif  // HWY_ONCE
