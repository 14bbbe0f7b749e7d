#include "engine/kernels/float_sums.h"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

std::vector<float> Draw(int64_t count, float low, float high) {
  std::mt19937 generator(static_cast<uint32_t>(count));
  std::uniform_real_distribution<float> distribution(low, high);
  std::vector<float> values(count);
  for (float& value : values) value = distribution(generator);
  return values;
}

double TermOf(Term term, double x, double center) {
  if (term == Term::kMagnitude) return std::abs(x);
  if (term == Term::kSquare) return x * x;
  return term == Term::kSquaredDifference ? (x - center) * (x - center) : x;
}

constexpr Term kTerms[] = {Term::kValue, Term::kMagnitude, Term::kSquare, Term::kSquaredDifference};
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

TEST(FloatSumsTest, RowsOfAnyLengthAgreeWithDoublePrecision) {
  for (int64_t n : {0, 1, 3, 15, 16, 17, 63, 64, 65, 1000, 100003}) {
    const std::vector<float> x = Draw(n, -1, 3);
    for (Term term : kTerms) {
      double want = 0, magnitude = 0;
      for (float value : x) want += TermOf(term, value, 0.5);
      for (float value : x) magnitude += std::abs(TermOf(term, value, 0.5));
      EXPECT_NEAR(Sum(term, x.data(), n, 0.5f), want, 3e-7 * magnitude) << n;
    }
  }
}

TEST(FloatSumsTest, ColumnsOfAnyWidthAgreeWithDoublePrecision) {
  for (int64_t columns : {1, 3, 4, 7, 16, 31, 64, 70, 150}) {
    for (int64_t rows : {0, 1, 2, 63, 64, 65, 200}) {
      const int64_t stride = columns + 5;
      const std::vector<float> x = Draw(rows * stride + columns, -1, 3), centers = Draw(columns, 0, 2);
      for (Term term : kTerms) {
        std::vector<double> sums(columns, 10);
        AddColumns(term, x.data(), rows, stride, columns, centers.data(), sums.data());
        for (int64_t j = 0; j < columns; ++j) {
          double want = 10;
          for (int64_t row = 0; row < rows; ++row) want += TermOf(term, x[row * stride + j], centers[j]);
          EXPECT_NEAR(sums[j], want, 1e-6 * (10 + 4 * rows)) << rows << " x " << columns;
        }
      }
    }
  }
}

TEST(FloatSumsTest, LongSumsOfEqualTermsStayExact) {
  const std::vector<float> x(3 << 20, 0.1f);
  EXPECT_NEAR(Sum(Term::kValue, x.data(), x.size()) / (static_cast<double>(0.1f) * x.size()), 1, 1e-6);
}

TEST(FloatSumsTest, ExtremesOfRowsAndColumns) {
  for (int64_t n : {1, 2, 15, 16, 33, 200}) {
    const std::vector<float> x = Draw(n, -5, 5);
    EXPECT_EQ(ExtremeOf(Extreme::kMax, x.data(), n), *std::max_element(x.begin(), x.end()));
    EXPECT_EQ(ExtremeOf(Extreme::kMin, x.data(), n), *std::min_element(x.begin(), x.end()));
    std::vector<float> best(n, -100);
    ExtremesOfColumns(Extreme::kMax, x.data(), 1, n, n, best.data());
    EXPECT_EQ(best, x);
    ExtremesOfColumns(Extreme::kMin, x.data(), n, 1, 1, best.data());
    EXPECT_EQ(best[0], *std::min_element(x.begin(), x.end()));
  }
}

TEST(FloatSumsTest, NanWinsWhereverItStands) {
  for (int64_t n : {1, 5, 16, 40, 100}) {
    for (int64_t place = 0; place < n; ++place) {
      std::vector<float> x = Draw(n, -5, 5);
      x[place] = kNan;
      EXPECT_TRUE(std::isnan(ExtremeOf(Extreme::kMax, x.data(), n))) << place << " of " << n;
      EXPECT_TRUE(std::isnan(ExtremeOf(Extreme::kMin, x.data(), n))) << place << " of " << n;
      float best = 0;
      ExtremesOfColumns(Extreme::kMax, x.data(), n, 1, 1, &best);
      EXPECT_TRUE(std::isnan(best));
    }
  }
}

TEST(FloatSumsTest, ExtremesOfNothingAreInfinite) {
  EXPECT_EQ(ExtremeOf(Extreme::kMax, nullptr, 0), -std::numeric_limits<float>::infinity());
  EXPECT_EQ(ExtremeOf(Extreme::kMin, nullptr, 0), std::numeric_limits<float>::infinity());
}

}  // namespace
}  // namespace baryon::kernels
