#include "engine/kernels/normalize.h"

#include <cmath>
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

TEST(NormalizeTest, RowsOfAnyLengthWithAndWithoutRelu) {
  for (int64_t n : {0, 1, 15, 16, 17, 100}) {
    const std::vector<float> x = Draw(n, -3, 3);
    for (bool relu : {false, true}) {
      std::vector<float> y = x;
      NormalizeRow(y.data(), n, 0.5f, 2, 0.25f, relu, y.data());
      for (int64_t i = 0; i < n; ++i) {
        const double want = (x[i] - 0.5) * 2 + 0.25;
        EXPECT_NEAR(y[i], relu && want < 0 ? 0 : want, 1e-6);
      }
    }
  }
}

TEST(NormalizeTest, ColumnsOfAnyWidthWithAndWithoutRelu) {
  for (int64_t columns : {1, 15, 16, 40}) {
    const int64_t rows = 3, stride = columns + 2;
    const std::vector<float> x = Draw(rows * stride, -3, 3);
    const std::vector<float> mean = Draw(columns, -1, 1), scale = Draw(columns, 1, 2), shift = Draw(columns, -2, 2);
    for (bool relu : {false, true}) {
      std::vector<float> y = x;
      NormalizeColumns(x.data(), rows, stride, columns, mean.data(), scale.data(), shift.data(), relu, y.data(), stride);
      for (int64_t i = 0; i < rows * stride; ++i) {
        const int64_t j = i % stride;
        const double want = j < columns ? (double{x[i]} - mean[j]) * scale[j] + shift[j] : 0;
        EXPECT_NEAR(y[i], j >= columns ? x[i] : relu && want < 0 ? 0 : want, 2e-6);
      }
    }
  }
}

TEST(NormalizeTest, NanStaysNanUnderRelu) {
  const float nan = NAN, one = 1;
  float y[2] = {nan, 1};
  NormalizeColumns(y, 2, 1, 1, &one, &one, &one, true, y, 1);
  EXPECT_TRUE(std::isnan(y[0]));
  EXPECT_EQ(y[1], 1);
}

TEST(NormalizeTest, LayerNormOfAnyLength) {
  for (int64_t n : {1, 2, 15, 64, 768, 1001}) {
    const std::vector<float> x = Draw(n, 10, 12), gamma = Draw(n, 0.5, 2), beta = Draw(n, -1, 1);
    double mean = 0, variance = 0;
    for (float value : x) mean += value / static_cast<double>(n);
    for (float value : x) variance += (value - mean) * (value - mean) / static_cast<double>(n);
    std::vector<float> y(n);
    const RowMoments moments = LayerNormRow(x.data(), n, 1e-5, gamma.data(), beta.data(), y.data());
    EXPECT_NEAR(moments.mean, mean, 1e-6 * mean);
    EXPECT_NEAR(moments.variance, variance, 1e-5 * variance);
    for (int64_t i = 0; i < n; ++i) {
      EXPECT_NEAR(y[i], (x[i] - mean) / std::sqrt(variance + 1e-5) * gamma[i] + beta[i], 1e-5);
    }
  }
}

TEST(NormalizeTest, VarianceSurvivesALargeMean) {
  std::vector<float> x(1000);
  for (int i = 0; i < 1000; ++i) x[i] = i % 3 == 0 ? 30000.0f : 30004.0f;
  double mean = 0, variance = 0;
  for (float value : x) mean += value / 1000.0;
  for (float value : x) variance += (value - mean) * (value - mean) / 1000.0;
  EXPECT_NEAR(MomentsOfRow(x.data(), 1000).variance, variance, 1e-5 * variance);
}

}  // namespace
}  // namespace baryon::kernels
