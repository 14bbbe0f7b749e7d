#include "engine/kernels/select.h"

#include <limits>
#include <vector>

#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

TEST(SelectTest, TakesWhereTheConditionIsNotZero) {
  const std::vector<float> condition = {1, 0, std::numeric_limits<float>::quiet_NaN(), -0.0f};
  const std::vector<int32_t> a = {1, 2, 3, 4}, b = {-1, -2, -3, -4};
  std::vector<int32_t> y(4);
  const std::vector<int64_t> dims = {4};
  Select(BroadcastRuns({dims, dims, dims}, dims), DType::kFloat32, condition.data(), DType::kInt32, a.data(), b.data(),
         y.data(), 0, 4);
  EXPECT_EQ(y, (std::vector<int32_t>{1, -2, 3, -4}));
}

TEST(SelectTest, BroadcastsEachOperand) {
  const std::vector<uint8_t> condition = {1, 0};     // [2, 1]
  const std::vector<double> a = {1, 2, 3}, b = {7};  // [3], []
  std::vector<double> y(6);
  const std::vector<int64_t> rows = {2, 1}, columns = {3}, both = {2, 3};
  const BroadcastRuns runs({rows, columns, {}}, both);
  Select(runs, DType::kUInt8, condition.data(), DType::kFloat64, a.data(), b.data(), y.data(), 0, 2);
  Select(runs, DType::kUInt8, condition.data(), DType::kFloat64, a.data(), b.data(), y.data(), 2, 6);
  EXPECT_EQ(y, (std::vector<double>{1, 2, 3, 7, 7, 7}));
}

TEST(SelectTest, CrossesBlocksOfLongRuns) {
  const int64_t n = 5000;
  std::vector<uint8_t> condition(n), a(n, 1), y(n);
  const uint8_t b = 2;
  for (int64_t i = 0; i < n; ++i) condition[i] = i % 3 == 0;
  const std::vector<int64_t> dims = {n};
  Select(BroadcastRuns({dims, dims, {}}, dims), DType::kUInt8, condition.data(), DType::kUInt8, a.data(), &b, y.data(),
         0, n);
  for (int64_t i = 0; i < n; ++i) ASSERT_EQ(y[i], i % 3 == 0 ? 1 : 2) << i;
}

}  // namespace
}  // namespace baryon::kernels
