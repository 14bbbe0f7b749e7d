#include "engine/kernels/reduce.h"

#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <vector>

#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

struct Case {
  std::vector<int64_t> dims;
  std::vector<bool> reduced;
};

// All ways of reducing a few shapes, with axes of size 1 and neighbours that merge.
std::vector<Case> AllCases() {
  std::vector<Case> cases;
  const std::vector<std::vector<int64_t>> shapes = {{},        {1},          {7},        {3, 5},          {5, 130},
                                                    {2, 3, 4}, {2, 1, 3, 5}, {70, 3, 2}, {2, 3, 2, 3, 2}, {3, 0, 2}};
  for (const std::vector<int64_t>& dims : shapes) {
    for (uint32_t mask = 0; mask < (1u << dims.size()); ++mask) {
      Case c = {dims, {}};
      for (size_t axis = 0; axis < dims.size(); ++axis) c.reduced.push_back(mask >> axis & 1);
      cases.push_back(c);
    }
  }
  return cases;
}

ReduceGeometry GeometryOf(const Case& c) {
  const std::unique_ptr<bool[]> reduced(new bool[c.dims.size() + 1]);
  std::copy(c.reduced.begin(), c.reduced.end(), reduced.get());
  return MakeReduceGeometry(c.dims.data(), reduced.get(), static_cast<int>(c.dims.size()));
}

// The terms of every output, by walking over the elements with their coordinates.
std::vector<std::vector<double>> TermsOf(const Case& c, const std::vector<double>& x) {
  int64_t outputs = 1;
  for (size_t axis = 0; axis < c.dims.size(); ++axis) outputs *= c.reduced[axis] ? 1 : c.dims[axis];
  std::vector<std::vector<double>> terms(outputs);
  for (size_t i = 0; i < x.size(); ++i) {
    int64_t rest = i, output = 0, stride = 1;
    for (int axis = static_cast<int>(c.dims.size()) - 1; axis >= 0; --axis) {
      if (!c.reduced[axis]) output += rest % c.dims[axis] * stride;
      if (!c.reduced[axis]) stride *= c.dims[axis];
      rest /= c.dims[axis];
    }
    terms[output].push_back(x[i]);
  }
  return terms;
}

std::vector<double> SomeValues(const Case& c) {
  const int64_t count = std::accumulate(c.dims.begin(), c.dims.end(), int64_t{1}, std::multiplies<int64_t>());
  std::vector<double> x(count);
  for (int64_t i = 0; i < count; ++i) x[i] = (i * 7919 % 13) - 5;
  return x;
}

double Expected(Reduction reduction, const std::vector<double>& terms) {
  double sum = 0, magnitudes = 0, squares = 0, product = 1;
  double largest = -std::numeric_limits<double>::infinity(), smallest = -largest;
  bool any = false, all = true;
  for (double x : terms) {
    sum += x;
    magnitudes += std::abs(x);
    squares += x * x;
    product *= x;
    largest = std::max(largest, x);
    smallest = std::min(smallest, x);
    any = any || x != 0;
    all = all && x != 0;
  }
  switch (reduction) {
    case Reduction::kSum:
    case Reduction::kNanSum:
      return sum;
    case Reduction::kMagnitudes:
      return magnitudes;
    case Reduction::kSquares:
      return squares;
    case Reduction::kProduct:
    case Reduction::kNanProduct:
      return product;
    case Reduction::kMax:
      return largest;
    case Reduction::kMin:
      return smallest;
    case Reduction::kAny:
      return any;
    case Reduction::kAll:
      return all;
  }
  return 0;
}

constexpr Reduction kReductions[] = {
    Reduction::kSum, Reduction::kMagnitudes, Reduction::kSquares,    Reduction::kProduct, Reduction::kMax,
    Reduction::kMin, Reduction::kNanSum,     Reduction::kNanProduct, Reduction::kAny,     Reduction::kAll};

// Reduces in two portions, as two threads would.
template <typename In, typename Out>
std::vector<Out> Reduced(Reduction reduction, Finish finish, const ReduceGeometry& g, const std::vector<In>& x) {
  std::vector<Out> y(g.num_outputs);
  for (int64_t portion = 0; portion < 2; ++portion) {
    Reduce(reduction, finish, g, DTypeOf<In>(), x.data(), DTypeOf<Out>(), y.data(), g.num_units * portion / 2,
           g.num_units * (portion + 1) / 2);
  }
  return y;
}

TEST(ReduceTest, EveryReductionOverEverySetOfAxes) {
  for (const Case& c : AllCases()) {
    const ReduceGeometry g = GeometryOf(c);
    const std::vector<double> values = SomeValues(c);
    const std::vector<std::vector<double>> terms = TermsOf(c, values);
    ASSERT_EQ(g.num_outputs, static_cast<int64_t>(terms.size()));
    for (Reduction reduction : kReductions) {
      const std::vector<float> floats(values.begin(), values.end());
      const std::vector<float> y = Reduced<float, float>(reduction, Finish::kNone, g, floats);
      const std::vector<double> exact = Reduced<double, double>(reduction, Finish::kNone, g, values);
      for (size_t i = 0; i < terms.size(); ++i) {
        const double want = Expected(reduction, terms[i]);
        EXPECT_FLOAT_EQ(y[i], want) << static_cast<int>(reduction);
        EXPECT_DOUBLE_EQ(exact[i], want) << static_cast<int>(reduction);
      }
    }
  }
}

TEST(ReduceTest, WholeNumbersWrapAroundAndDivideTowardsZero) {
  const ReduceGeometry g = GeometryOf({{2, 3}, {false, true}});
  const std::vector<int8_t> x = {100, 120, 127, -1, -2, -4};
  EXPECT_EQ((Reduced<int8_t, int8_t>(Reduction::kSum, Finish::kNone, g, x)), (std::vector<int8_t>{91, -7}));
  EXPECT_EQ((Reduced<int8_t, int8_t>(Reduction::kSum, Finish::kMean, g, x)), (std::vector<int8_t>{30, -2}));
  EXPECT_EQ((Reduced<int8_t, int8_t>(Reduction::kProduct, Finish::kNone, g, x)), (std::vector<int8_t>{32, -8}));
  EXPECT_EQ((Reduced<int8_t, int64_t>(Reduction::kSum, Finish::kNone, g, x)), (std::vector<int64_t>{347, -7}));
  EXPECT_EQ((Reduced<int8_t, int64_t>(Reduction::kMagnitudes, Finish::kNone, g, x)), (std::vector<int64_t>{347, 7}));
  EXPECT_EQ((Reduced<int8_t, float>(Reduction::kSum, Finish::kMean, g, x)), (std::vector<float>{347.0f / 3, -7.0f / 3}));
}

TEST(ReduceTest, LargestAndSmallestOfUnsignedNumbers) {
  const ReduceGeometry g = GeometryOf({{2}, {true}});
  const std::vector<uint64_t> x = {~uint64_t{0}, 5};
  EXPECT_EQ((Reduced<uint64_t, uint64_t>(Reduction::kMax, Finish::kNone, g, x)), (std::vector<uint64_t>{~uint64_t{0}}));
  EXPECT_EQ((Reduced<uint64_t, uint64_t>(Reduction::kMin, Finish::kNone, g, x)), (std::vector<uint64_t>{5}));
}

TEST(ReduceTest, NanSumsLeaveNanOutAndExtremesKeepIt) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const ReduceGeometry g = GeometryOf({{2, 3}, {false, true}});
  const std::vector<float> x = {1, nan, 3, nan, nan, nan};
  EXPECT_EQ((Reduced<float, float>(Reduction::kNanSum, Finish::kNone, g, x)), (std::vector<float>{4, 0}));
  EXPECT_EQ((Reduced<float, float>(Reduction::kNanProduct, Finish::kNone, g, x)), (std::vector<float>{3, 1}));
  const std::vector<Half> halves(x.begin(), x.end());
  for (Reduction extreme : {Reduction::kMax, Reduction::kMin}) {
    EXPECT_TRUE(std::isnan(Reduced<float, float>(extreme, Finish::kNone, g, x)[0]));
    EXPECT_TRUE(std::isnan(Reduced<Half, Half>(extreme, Finish::kNone, g, halves)[0]));
  }
}

TEST(ReduceTest, RootAndHalfPrecision) {
  const ReduceGeometry g = GeometryOf({{2, 2}, {true, false}});
  const std::vector<Half> x = {Half(3), Half(5), Half(4), Half(12)};
  const std::vector<Half> y = Reduced<Half, Half>(Reduction::kSquares, Finish::kRoot, g, x);
  EXPECT_EQ(float{y[0]}, 5);
  EXPECT_EQ(float{y[1]}, 13);
}

TEST(ReduceTest, MomentsOverEverySetOfAxes) {
  for (const Case& c : AllCases()) {
    const ReduceGeometry g = GeometryOf(c);
    if (g.num_terms < 2) continue;
    const std::vector<double> values = SomeValues(c);
    const std::vector<std::vector<double>> terms = TermsOf(c, values);
    const std::vector<float> floats(values.begin(), values.end());
    std::vector<float> mean(g.num_outputs), variance(g.num_outputs);
    std::vector<double> deviation(g.num_outputs);
    ReduceMoments(0, false, g, DType::kFloat32, floats.data(), DType::kFloat32, mean.data(), variance.data(), 0,
                  g.num_units);
    ReduceMoments(1, true, g, DType::kFloat64, values.data(), DType::kFloat64, nullptr, deviation.data(), 0,
                  g.num_units);
    for (size_t i = 0; i < terms.size(); ++i) {
      const double n = terms[i].size(), center = Expected(Reduction::kSum, terms[i]) / n;
      double squares = 0;
      for (double x : terms[i]) squares += (x - center) * (x - center);
      EXPECT_NEAR(mean[i], center, 1e-5);
      EXPECT_NEAR(variance[i], squares / n, 1e-5 * squares);
      EXPECT_NEAR(deviation[i], std::sqrt(squares / (n - 1)), 1e-12 * (1 + squares));
    }
  }
}

}  // namespace
}  // namespace baryon::kernels
