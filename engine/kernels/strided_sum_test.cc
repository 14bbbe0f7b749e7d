#include "engine/kernels/strided_sum.h"

#include <vector>

#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

TEST(StridedSumTest, AddsUpProductsOfThreeOperands) {
  // c[i] = sum over j of x[i, j] y[j] z[]
  const std::vector<StridedSum::Axis> axes = {{2, {3, 0, 0}, 1, false}, {3, {1, 1, 0}, 0, true}};
  const StridedSum sum(axes, 3);
  const std::vector<double> x = {1, 2, 3, 4, 5, 6}, y = {1, 10, 100}, z = {2};
  const void* operands[] = {x.data(), y.data(), z.data()};
  std::vector<double> c = {7, 7};
  sum.Run(DType::kFloat64, operands, 1, /*accumulate=*/false, 0, 1, c.data());
  sum.Run(DType::kFloat64, operands, 0.5, /*accumulate=*/true, 1, 2, c.data());
  EXPECT_EQ(c, (std::vector<double>{642, 7 + 654}));
}

TEST(StridedSumTest, DiagonalsAndWholeNumbersThatWrap) {
  const StridedSum diagonal({{2, {3}, 1, false}}, 1);
  const std::vector<int8_t> x = {1, 2, 3, 4};
  const void* operand = x.data();
  std::vector<int8_t> c(2);
  diagonal.Run(DType::kInt8, absl::MakeSpan(&operand, 1), 1, false, 0, 2, c.data());
  EXPECT_EQ(c, (std::vector<int8_t>{1, 4}));
  const StridedSum product({{2, {1, 1}, 1, false}}, 2);
  const std::vector<int8_t> large = {100, -100};
  const void* both[] = {large.data(), large.data()};
  product.Run(DType::kInt8, both, 1, false, 0, 2, c.data());
  EXPECT_EQ(c, (std::vector<int8_t>{16, 16}));
}

TEST(StridedSumTest, SumsOverNothingAreZero) {
  const StridedSum sum({{2, {0}, 1, false}, {0, {1}, 0, true}}, 1);
  std::vector<float> c = {5, 5};
  const void* operand = nullptr;
  sum.Run(DType::kFloat32, absl::MakeSpan(&operand, 1), 1, false, 0, 2, c.data());
  EXPECT_EQ(c, (std::vector<float>{0, 0}));
}

}  // namespace
}  // namespace baryon::kernels
