#include "engine/kernels/softmax.h"

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

std::vector<double> Expected(const SoftmaxFormula& formula, const float* x, int64_t size, int64_t stride) {
  double largest = -std::numeric_limits<double>::infinity(), sum = 0;
  for (int64_t i = 0; i < size; ++i) largest = std::max(largest, formula.scale * x[i * stride]);
  for (int64_t i = 0; i < size; ++i) sum += std::exp(formula.scale * x[i * stride] - largest);
  std::vector<double> y(size);
  for (int64_t i = 0; i < size; ++i) {
    const double shifted = formula.scale * x[i * stride] - largest;
    y[i] = formula.log ? shifted - std::log(sum) : std::exp(shifted) / sum;
  }
  return y;
}

constexpr SoftmaxFormula kFormulas[] = {{1, false}, {1, true}, {-1, false}, {0.5, false}, {2, true}};

void ExpectClose(double got, double want, const SoftmaxFormula& formula) {
  EXPECT_NEAR(got, want, formula.log ? 1e-6 * (1 + std::abs(want)) : 6e-6 * want + 1e-37);
}

TEST(SoftmaxKernelTest, RowsOfAnyLengthInPlaceOrNot) {
  for (int64_t size : {1, 2, 10, 16, 17, 100, 1000, 5000}) {
    const std::vector<float> x = Draw(3 * size, -30, 30);
    for (const SoftmaxFormula& formula : kFormulas) {
      std::vector<float> y(x.size()), z = x;
      SoftmaxRows(formula, x.data(), 3, size, y.data());
      SoftmaxRows(formula, z.data(), 3, size, z.data());
      EXPECT_EQ(y, z);
      for (int64_t row = 0; row < 3; ++row) {
        const std::vector<double> want = Expected(formula, x.data() + row * size, size, 1);
        for (int64_t i = 0; i < size; ++i) ExpectClose(y[row * size + i], want[i], formula);
      }
    }
  }
}

TEST(SoftmaxKernelTest, ColumnsOfAnyWidthInPlaceOrNot) {
  for (int64_t columns : {1, 3, 16, 30, 64, 100}) {
    for (int64_t size : {1, 2, 21, 150}) {
      const int64_t stride = columns + 3;
      const std::vector<float> x = Draw(size * stride, -30, 30);
      for (const SoftmaxFormula& formula : kFormulas) {
        std::vector<float> y = x, z = x;
        SoftmaxColumns(formula, x.data(), size, stride, columns, y.data());
        SoftmaxColumns(formula, z.data(), size, stride, columns, z.data());
        EXPECT_EQ(y, z);
        for (int64_t j = 0; j < columns; ++j) {
          const std::vector<double> want = Expected(formula, x.data() + j, size, stride);
          for (int64_t i = 0; i < size; ++i) ExpectClose(y[i * stride + j], want[i], formula);
        }
        for (int64_t j = columns; j < stride; ++j) EXPECT_EQ(y[j], x[j]) << "wrote beyond the columns";
      }
    }
  }
}

TEST(SoftmaxKernelTest, LinesOfEveryFloatingType) {
  const std::vector<float> x = {1, -2, 3, 0.5};
  const std::vector<double> want = Expected({1, false}, x.data(), 4, 1);
  std::vector<Half> halves(x.begin(), x.end());
  std::vector<double> doubles(x.begin(), x.end()), y(4);
  SoftmaxLine({1, false}, DType::kFloat16, halves.data(), 4, 1, DType::kFloat64, y.data());
  for (int i = 0; i < 4; ++i) EXPECT_NEAR(y[i], want[i], 1e-6);
  SoftmaxLine({1, false}, DType::kFloat64, doubles.data(), 4, 1, DType::kFloat64, y.data());
  for (int i = 0; i < 4; ++i) EXPECT_NEAR(y[i], want[i], 1e-15);
  SoftmaxLine({1, true}, DType::kFloat16, halves.data(), 4, 1, DType::kFloat16, halves.data());
  for (int i = 0; i < 4; ++i) EXPECT_NEAR(halves[i], std::log(want[i]), 1e-3 * std::abs(std::log(want[i])));
}

TEST(SoftmaxKernelTest, HugeAndInfiniteArguments) {
  const float infinity = std::numeric_limits<float>::infinity();
  float x[] = {-infinity, 3e38f, -3e38f, 3e38f};
  SoftmaxRows({1, false}, x, 1, 4, x);
  EXPECT_EQ(x[0], 0);
  EXPECT_EQ(x[1], 0.5f);
  EXPECT_EQ(x[2], 0);
  float nothing[] = {-infinity, -infinity};
  SoftmaxRows({1, false}, nothing, 1, 2, nothing);
  EXPECT_TRUE(std::isnan(nothing[0]));
}

TEST(SoftmaxKernelTest, NanSpreadsOverItsRow) {
  float x[] = {1, std::numeric_limits<float>::quiet_NaN(), 1, 2};
  SoftmaxRows({1, false}, x, 2, 2, x);
  EXPECT_TRUE(std::isnan(x[0]));
  EXPECT_TRUE(std::isnan(x[1]));
  EXPECT_NEAR(x[2] + x[3], 1, 1e-6);
}

}  // namespace
}  // namespace baryon::kernels
