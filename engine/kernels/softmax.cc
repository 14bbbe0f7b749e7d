// Three passes over a line: the extreme, the exponentials and their sum, the division; the second keeps the
// exponentials in y. The logarithm stores nothing in the second and takes log(sum) off in the third. Computing the
// maximum and the sum together in one pass would need a second exponential for every new maximum.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/softmax.cc"
#include <hwy/foreach_target.h>  // first: compiles this file once for each instruction set
#include <hwy/highway.h>
// After foreach_target.h:
#include <hwy/contrib/math/math-inl.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/kernels/float_sums.h"
#include "engine/kernels/simd-inl.h"
#include "engine/kernels/softmax.h"

HWY_BEFORE_NAMESPACE();
namespace baryon::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kTermsInFloat = 64;  // additions to one lane before it is added to a wider sum

// exp(scale (x - extreme)) for x[0 .. n), stored in y unless it is null, and their sum.
template <class D, class V = hn::Vec<D>>
HWY_INLINE double ExponentialsOfRow(D d, const float* x, int64_t n, V scale, V extreme, float* y) {
  const int64_t lanes = hn::Lanes(d), block = kTermsInFloat * lanes;
  double total = 0;
  for (int64_t first = 0; first < n; first += block) {
    const int64_t last = std::min(n, first + block);
    V sum = hn::Zero(d);
    int64_t i = first;
    for (; i + lanes <= last; i += lanes) {
      const V e = hn::Exp(d, hn::Mul(hn::Sub(hn::LoadU(d, x + i), extreme), scale));
      if (y != nullptr) hn::StoreU(e, d, y + i);
      sum = hn::Add(sum, e);
    }
    if (i < last) {
      const V e = hn::Exp(d, hn::Mul(hn::Sub(LoadFirst(d, x + i, last - i), extreme), scale));
      if (y != nullptr) StoreFirst(e, d, y + i, last - i);
      sum = hn::Add(sum, hn::IfThenElseZero(hn::FirstN(d, last - i), e));
    }
    total += hn::GetLane(hn::SumOfLanes(d, sum));
  }
  return total;
}

// y = fn(x) for each vector.
template <class D, class Fn>
HWY_INLINE void MapRow(D d, const float* x, int64_t n, float* y, Fn fn) {
  const int64_t lanes = hn::Lanes(d);
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(fn(hn::LoadU(d, x + i)), d, y + i);
  if (i < n) StoreFirst(fn(LoadFirst(d, x + i, n - i)), d, y + i, n - i);
}

void Rows(const SoftmaxFormula& formula, const float* x, int64_t rows, int64_t size, float* y) {
  const hn::ScalableTag<float> d;
  const auto scale = hn::Set(d, static_cast<float>(formula.scale));
  const Extreme kind = formula.scale < 0 ? Extreme::kMin : Extreme::kMax;
  for (int64_t row = 0; row < rows; ++row, x += size, y += size) {
    const auto extreme = hn::Set(d, ExtremeOf(kind, x, size));
    const double sum = ExponentialsOfRow(d, x, size, scale, extreme, formula.log ? nullptr : y);
    if (formula.log) {
      const auto log_sum = hn::Set(d, static_cast<float>(std::log(sum)));
      MapRow(d, x, size, y, [&](auto v) HWY_ATTR { return hn::Sub(hn::Mul(hn::Sub(v, extreme), scale), log_sum); });
    } else {
      const auto factor = hn::Set(d, static_cast<float>(1 / sum));
      MapRow(d, y, size, y, [&](auto v) HWY_ATTR { return hn::Mul(v, factor); });
    }
  }
}

// Columns [0, kVectors * lanes), of the last vector only `in_last` lanes.
template <int kVectors, class D, class V = hn::Vec<D>>
HWY_INLINE void Strip(D d, const SoftmaxFormula& formula, const float* x, int64_t size, int64_t stride, int64_t in_last,
                      float* y) {
  const int64_t lanes = hn::Lanes(d);
  const V scale = hn::Set(d, static_cast<float>(formula.scale));
  const bool whole = in_last == lanes, max = formula.scale >= 0;
  const auto load = [&](const float* from, int v) HWY_ATTR {
    return whole || v + 1 < kVectors ? hn::LoadU(d, from + v * lanes) : LoadFirst(d, from + v * lanes, in_last);
  };
  const auto store = [&](V value, float* to, int v) HWY_ATTR {
    if (whole || v + 1 < kVectors) {
      hn::StoreU(value, d, to + v * lanes);
    } else {
      StoreFirst(value, d, to + v * lanes, in_last);
    }
  };
  V extreme[kVectors], sum[kVectors], block[kVectors];
  for (int v = 0; v < kVectors; ++v) extreme[v] = load(x, v);
  for (int64_t row = 1; row < size; ++row) {
    for (int v = 0; v < kVectors; ++v) {
      const V now = load(x + row * stride, v);
      const auto better = max ? hn::Gt(now, extreme[v]) : hn::Lt(now, extreme[v]);
      extreme[v] = hn::IfThenElse(hn::Or(better, hn::IsNaN(now)), now, extreme[v]);
    }
  }
  for (int v = 0; v < kVectors; ++v) sum[v] = hn::Zero(d);
  for (int64_t first = 0; first < size; first += kTermsInFloat) {
    for (int v = 0; v < kVectors; ++v) block[v] = hn::Zero(d);
    for (int64_t row = first; row < std::min(size, first + kTermsInFloat); ++row) {
      for (int v = 0; v < kVectors; ++v) {
        const V e = hn::Exp(d, hn::Mul(hn::Sub(load(x + row * stride, v), extreme[v]), scale));
        if (!formula.log) store(e, y + row * stride, v);
        block[v] = hn::Add(block[v], e);
      }
    }
    for (int v = 0; v < kVectors; ++v) sum[v] = hn::Add(sum[v], block[v]);
  }
  for (int v = 0; v < kVectors; ++v) sum[v] = formula.log ? hn::Log(d, sum[v]) : hn::Div(hn::Set(d, 1.0f), sum[v]);
  for (int64_t row = 0; row < size; ++row) {
    for (int v = 0; v < kVectors; ++v) {
      const V result = formula.log ? hn::Sub(hn::Mul(hn::Sub(load(x + row * stride, v), extreme[v]), scale), sum[v])
                                   : hn::Mul(load(y + row * stride, v), sum[v]);
      store(result, y + row * stride, v);
    }
  }
}

void Columns(const SoftmaxFormula& formula, const float* x, int64_t size, int64_t stride, int64_t columns, float* y) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = hn::Lanes(d);
  int64_t j = 0;
  for (; j + 4 * lanes <= columns; j += 4 * lanes) Strip<4>(d, formula, x + j, size, stride, lanes, y + j);
  for (; j < columns; j += lanes) Strip<1>(d, formula, x + j, size, stride, std::min(lanes, columns - j), y + j);
}

}  // namespace
}  // namespace baryon::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace baryon::kernels {

HWY_EXPORT(Rows);
HWY_EXPORT(Columns);

void SoftmaxRows(const SoftmaxFormula& formula, const float* x, int64_t rows, int64_t size, float* y) {
  HWY_DYNAMIC_DISPATCH(Rows)(formula, x, rows, size, y);
}

void SoftmaxColumns(const SoftmaxFormula& formula, const float* x, int64_t size, int64_t stride, int64_t columns,
                    float* y) {
  if (size > 0) HWY_DYNAMIC_DISPATCH(Columns)(formula, x, size, stride, columns, y);
}

namespace {

// SoftmaxLine for elements that compute as Wide; Rounded is what differences are rounded to.
template <typename In, typename Wide, typename Rounded>
class LineSoftmax {
 public:
  LineSoftmax(const SoftmaxFormula& formula, const In* x, int64_t size, int64_t stride)
      : formula_(formula), x_(x), stride_(stride) {
    largest_ = -std::numeric_limits<Wide>::infinity();
    for (int64_t i = 0; i < size; ++i) largest_ = Signed(i) <= largest_ ? largest_ : Signed(i);
    for (int64_t i = 0; i < size; ++i) sum_ = MaybeRounded(sum_ + std::exp(Shifted(i)));
    log_sum_ = std::log(sum_);
  }

  Wide Result(int64_t i) const {
    if (formula_.log) return static_cast<Rounded>(Shifted(i) - log_sum_);
    return MaybeRounded(std::exp(Shifted(i)) / sum_);
  }

 private:
  Wide Signed(int64_t i) const {
    const Wide value = static_cast<Wide>(static_cast<ComputeType<In>>(x_[i * stride_]));
    return formula_.scale < 0 ? -value : value;
  }
  // |scale| (x - largest)
  Wide Shifted(int64_t i) const {
    const Wide difference = static_cast<Rounded>(Signed(i) - largest_), scale = std::abs(formula_.scale);
    return scale == 1 ? difference : static_cast<Wide>(static_cast<Rounded>(difference * scale));
  }
  Wide MaybeRounded(Wide value) const {
    return formula_.sums_of_halves ? static_cast<Wide>(static_cast<Rounded>(value)) : value;
  }

  const SoftmaxFormula formula_;
  const In* x_;
  const int64_t stride_;
  Wide largest_, sum_ = 0, log_sum_;
};

}  // namespace

void SoftmaxLine(const SoftmaxFormula& formula, DType in, const void* x, int64_t size, int64_t stride, DType out,
                 void* y) {
  DispatchFloating(in, [&](auto in_tag) {
    using In = typename decltype(in_tag)::type;
    constexpr bool kNarrow = sizeof(In) == 2;
    using Wide = std::conditional_t<kNarrow, float, double>;
    using Line = LineSoftmax<In, Wide, std::conditional_t<kNarrow, In, Wide>>;
    const Line line(formula, static_cast<const In*>(x), size, stride);
    DispatchFloating(out, [&](auto out_tag) {
      using Out = typename decltype(out_tag)::type;
      for (int64_t i = 0; i < size; ++i) static_cast<Out*>(y)[i * stride] = static_cast<Out>(line.Result(i));
    });
  });
}

}  // namespace baryon::kernels
#endif  // HWY_ONCE
