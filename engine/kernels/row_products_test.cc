#include "engine/kernels/row_products.h"

#include <vector>

#include "engine/kernels/testing/kernel_tester.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

TEST(RowProductsTest, AgreeWithPlainSums) {
  ForEachCpuTarget([] {
    for (int64_t n : {1, 3, 8, 17, 64, 200}) {
      const int64_t rows = 5, stride = n + 2;
      const std::vector<float> x = RandomFloats(n, 1), y = RandomFloats(rows * stride, 2),
                               weights = RandomFloats(rows, 3);
      std::vector<double> dots(rows), sums(n);
      for (int64_t i = 0; i < rows; ++i) {
        for (int64_t j = 0; j < n; ++j) {
          dots[i] += static_cast<double>(x[j]) * y[i * stride + j];
          sums[j] += static_cast<double>(weights[i]) * y[i * stride + j];
        }
      }
      std::vector<float> got_dots(rows), got_sums(n);
      DotRows(x.data(), y.data(), stride, rows, n, got_dots.data());
      SumWeightedRows(weights.data(), y.data(), stride, rows, n, got_sums.data());
      ExpectClose(got_dots, dots, 2e-6, "dots");
      ExpectClose(got_sums, sums, 2e-6, "weighted sums");
      const float* four[] = {y.data(), y.data() + stride, y.data() + 2 * stride, y.data() + 3 * stride};
      for (int64_t j = 0; j < n; ++j) sums[j] -= static_cast<double>(weights[4]) * y[4 * stride + j];
      BlendRows(four, weights.data(), n, got_sums.data());
      ExpectClose(got_sums, sums, 2e-6, "blended rows");
    }
  });
}

TEST(RowProductsTest, NoRowsSumToZero) {
  float out[3] = {1, 2, 3};
  SumWeightedRows(nullptr, nullptr, 0, 0, 3, out);
  for (float value : out) EXPECT_EQ(value, 0);
}

}  // namespace
}  // namespace baryon::kernels
