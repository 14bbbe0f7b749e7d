// A unit visits its kept position once, and from there every reduced position: an odometer over the outer reduced
// loops, then `rows` runs at a fixed distance. What is done with the runs is a Folder: one class for plain loops over
// any type, one each for the vector sums and extremes of float32.
#include "engine/kernels/reduce.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "engine/kernels/float_sums.h"

namespace baryon::kernels {
namespace {

constexpr int64_t kStrip = ReduceGeometry::kStrip;

// How values of T accumulate under a reduction, in plain loops.
template <Reduction kReduction, typename T>
struct PlainFolder {
  static constexpr bool kIsExtreme = kReduction == Reduction::kMax || kReduction == Reduction::kMin;
  static constexpr bool kIsLogical = kReduction == Reduction::kAny || kReduction == Reduction::kAll;
  using Value = ComputeType<T>;
  using Wide = std::conditional_t<kIsFloating<T>, double, uint64_t>;  // uint64_t wraps around as int64_t does
  using Acc = std::conditional_t<kIsExtreme, Value, std::conditional_t<kIsLogical, bool, Wide>>;

  static constexpr Acc Start() {
    using Limits = std::numeric_limits<Acc>;
    if (kReduction == Reduction::kMax) return Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
    if (kReduction == Reduction::kMin) return Limits::has_infinity ? Limits::infinity() : Limits::max();
    const bool one = kReduction == Reduction::kProduct || kReduction == Reduction::kNanProduct;
    return one || kReduction == Reduction::kAll ? Acc{1} : Acc{0};
  }

  static Acc Step(Acc acc, T element) {
    const Value x = element;
    if constexpr (kReduction == Reduction::kSum) return acc + Wide(x);
    if constexpr (kReduction == Reduction::kMagnitudes) return x < Value(0) ? acc - Wide(x) : acc + Wide(x);
    if constexpr (kReduction == Reduction::kSquares) return acc + Wide(x) * Wide(x);
    if constexpr (kReduction == Reduction::kProduct) return acc * Wide(x);
    if constexpr (kReduction == Reduction::kNanSum) return x == x ? acc + Wide(x) : acc;
    if constexpr (kReduction == Reduction::kNanProduct) return x == x ? acc * Wide(x) : acc;
    if constexpr (kReduction == Reduction::kMax) return acc >= x || acc != acc ? acc : x;
    if constexpr (kReduction == Reduction::kMin) return acc <= x || acc != acc ? acc : x;
    if constexpr (kReduction == Reduction::kAny) return acc || x != Value(0);
    if constexpr (kReduction == Reduction::kAll) return acc && x != Value(0);
  }

  static void FoldRun(const T* x, int64_t run, Acc& acc) {
    for (int64_t i = 0; i < run; ++i) acc = Step(acc, x[i]);
  }
  static void FoldColumns(const T* x, int64_t rows, int64_t stride, int64_t columns, Acc* acc) {
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t j = 0; j < columns; ++j) acc[j] = Step(acc[j], x[row * stride + j]);
    }
  }
};

template <Term kTerm>
struct FloatSumFolder {
  using Acc = double;
  static constexpr Acc Start() { return 0; }
  static void FoldRun(const float* x, int64_t run, Acc& acc) { acc += Sum(kTerm, x, run); }
  static void FoldColumns(const float* x, int64_t rows, int64_t stride, int64_t columns, Acc* acc) {
    AddColumns(kTerm, x, rows, stride, columns, nullptr, acc);
  }
};

template <Extreme kExtreme>
struct FloatExtremeFolder {
  using Acc = float;
  static constexpr Acc Start() { return (kExtreme == Extreme::kMax ? -1 : 1) * std::numeric_limits<float>::infinity(); }
  static void FoldRun(const float* x, int64_t run, Acc& acc) {
    const float extreme = ExtremeOf(kExtreme, x, run);
    ExtremesOfColumns(kExtreme, &extreme, 1, 1, 1, &acc);
  }
  static void FoldColumns(const float* x, int64_t rows, int64_t stride, int64_t columns, Acc* acc) {
    ExtremesOfColumns(kExtreme, x, rows, stride, columns, acc);
  }
};

template <Reduction kReduction, typename T>
struct Folder : PlainFolder<kReduction, T> {};
template <>
struct Folder<Reduction::kSum, float> : FloatSumFolder<Term::kValue> {};
template <>
struct Folder<Reduction::kMagnitudes, float> : FloatSumFolder<Term::kMagnitude> {};
template <>
struct Folder<Reduction::kSquares, float> : FloatSumFolder<Term::kSquare> {};
template <>
struct Folder<Reduction::kMax, float> : FloatExtremeFolder<Extreme::kMax> {};
template <>
struct Folder<Reduction::kMin, float> : FloatExtremeFolder<Extreme::kMin> {};

// Accumulates one unit into acc[0 .. count).
template <typename F, typename T>
void FoldUnit(const ReduceGeometry& g, const T* x, int64_t offset, int64_t count, typename F::Acc* acc) {
  std::fill_n(acc, count, F::Start());
  ForEachRowGroup(g, offset, [&](int64_t at) {
    if (!g.run_is_reduced) return F::FoldColumns(x + at, g.rows, g.row_stride, count, acc);
    for (int64_t row = 0; row < g.rows; ++row) F::FoldRun(x + at + row * g.row_stride, g.run, *acc);
  });
}

// Sums of whole numbers are kept as uint64_t and mean int64_t.
template <typename Acc>
auto Signed(Acc acc) {
  return static_cast<std::conditional_t<std::is_same_v<Acc, uint64_t>, int64_t, Acc>>(acc);
}

// Writes acc[0 .. count) as `out` values.
template <typename Acc>
void Store(const Acc* acc, int64_t count, Finish finish, int64_t num_terms, DType out, void* y, int64_t first) {
  DispatchDType(out, [&](auto tag) {
    using Out = typename decltype(tag)::type;
    Out* to = static_cast<Out*>(y) + first;
    for (int64_t j = 0; j < count; ++j) {
      const auto value = Signed(acc[j]);
      if (finish == Finish::kRoot) {
        to[j] = static_cast<Out>(std::sqrt(static_cast<double>(value)));
      } else if (finish == Finish::kNone || num_terms == 0) {
        to[j] = static_cast<Out>(value);
      } else if constexpr (std::is_integral_v<Out>) {
        to[j] = static_cast<Out>(static_cast<int64_t>(static_cast<Out>(value)) / num_terms);
      } else {
        to[j] = static_cast<Out>(static_cast<double>(value) / num_terms);
      }
    }
  });
}

template <Reduction kReduction>
void ReduceAs(Finish finish, const ReduceGeometry& g, DType in, const void* x, DType out, void* y, int64_t begin,
              int64_t end) {
  DispatchDType(in, [&](auto tag) {
    using T = typename decltype(tag)::type;
    using F = Folder<kReduction, T>;
    ForEachUnit(g, begin, end, [&](int64_t first, int64_t count, int64_t offset) {
      typename F::Acc acc[kStrip];
      FoldUnit<F>(g, static_cast<const T*>(x), offset, count, acc);
      Store(acc, count, finish, g.num_terms, out, y, first);
    });
  });
}

// Adds (x - center)² to sums, for a unit.
template <typename T>
void AddSquaredDifferences(const ReduceGeometry& g, const T* x, int64_t offset, int64_t count, const double* centers,
                           double* sums) {
  [[maybe_unused]] float float_centers[kStrip];
  std::copy_n(centers, count, float_centers);
  ForEachRowGroup(g, offset, [&](int64_t at) {
    for (int64_t row = 0; row < (g.run_is_reduced ? g.rows : 1); ++row) {
      const T* from = x + at + row * g.row_stride;
      if constexpr (std::is_same_v<T, float>) {
        if (g.run_is_reduced) {
          *sums += Sum(Term::kSquaredDifference, from, g.run, *float_centers);
        } else {
          AddColumns(Term::kSquaredDifference, from, g.rows, g.row_stride, count, float_centers, sums);
        }
      } else {
        const int64_t terms = g.run_is_reduced ? g.run : g.rows, stride = g.run_is_reduced ? 1 : g.row_stride;
        for (int64_t i = 0; i < terms; ++i) {
          for (int64_t j = 0; j < count; ++j) {
            const double difference = static_cast<double>(ComputeType<T>(from[i * stride + j])) - centers[j];
            sums[j] += difference * difference;
          }
        }
      }
    }
  });
}

}  // namespace

void Reduce(Reduction reduction, Finish finish, const ReduceGeometry& g, DType in, const void* x, DType out, void* y,
            int64_t begin, int64_t end) {
  switch (reduction) {
    case Reduction::kSum:
      return ReduceAs<Reduction::kSum>(finish, g, in, x, out, y, begin, end);
    case Reduction::kMagnitudes:
      return ReduceAs<Reduction::kMagnitudes>(finish, g, in, x, out, y, begin, end);
    case Reduction::kSquares:
      return ReduceAs<Reduction::kSquares>(finish, g, in, x, out, y, begin, end);
    case Reduction::kProduct:
      return ReduceAs<Reduction::kProduct>(finish, g, in, x, out, y, begin, end);
    case Reduction::kMax:
      return ReduceAs<Reduction::kMax>(finish, g, in, x, out, y, begin, end);
    case Reduction::kMin:
      return ReduceAs<Reduction::kMin>(finish, g, in, x, out, y, begin, end);
    case Reduction::kNanSum:
      return ReduceAs<Reduction::kNanSum>(finish, g, in, x, out, y, begin, end);
    case Reduction::kNanProduct:
      return ReduceAs<Reduction::kNanProduct>(finish, g, in, x, out, y, begin, end);
    case Reduction::kAny:
      return ReduceAs<Reduction::kAny>(finish, g, in, x, out, y, begin, end);
    case Reduction::kAll:
      return ReduceAs<Reduction::kAll>(finish, g, in, x, out, y, begin, end);
  }
}

void ReduceMoments(double ddof, bool root, const ReduceGeometry& g, DType in, const void* x, DType out, void* mean,
                   void* variance, int64_t begin, int64_t end) {
  DispatchDType(in, [&](auto tag) {
    using T = typename decltype(tag)::type;
    using F = Folder<Reduction::kSum, T>;
    const T* elements = static_cast<const T*>(x);
    ForEachUnit(g, begin, end, [&](int64_t first, int64_t count, int64_t offset) {
      typename F::Acc sums[kStrip];
      double centers[kStrip], squares[kStrip] = {};
      FoldUnit<F>(g, elements, offset, count, sums);
      for (int64_t j = 0; j < count; ++j) centers[j] = static_cast<double>(Signed(sums[j])) / g.num_terms;
      if (mean != nullptr) Store(centers, count, Finish::kNone, 1, out, mean, first);
      if (variance == nullptr) return;
      AddSquaredDifferences(g, elements, offset, count, centers, squares);
      for (int64_t j = 0; j < count; ++j) squares[j] /= g.num_terms - ddof;
      Store(squares, count, root ? Finish::kRoot : Finish::kNone, 1, out, variance, first);
    });
  });
}

}  // namespace baryon::kernels
