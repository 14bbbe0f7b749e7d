#include "engine/gluon/random.h"

#include <cmath>
#include <vector>

#include "engine/gluon/np.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(RandomTest, RepeatsAfterTheSameSeed) {
  random::Seed(42);
  const NDArray first = np::random::Uniform(0, 1, {3}), second = np::random::Uniform(0, 1, {3});
  EXPECT_FALSE(np::ArrayEqual(first, second));
  random::Seed(42);
  EXPECT_TRUE(np::ArrayEqual(np::random::Uniform(0, 1, {3}), first));
  np::random::Seed(43);
  EXPECT_FALSE(np::ArrayEqual(np::random::Uniform(0, 1, {3}), first));
}

// Bounds of five standard errors.
TEST(RandomTest, DrawsUniformly) {
  random::Seed(1);
  const NDArray x = np::random::Uniform(-2, 4, {100000});
  EXPECT_GE(*np::Min(x).Item<float>(), -2);
  EXPECT_LT(*np::Max(x).Item<float>(), 4);
  EXPECT_NEAR(*np::Mean(x).Item<float>(), 1, 5 * 1.733 / std::sqrt(1e5));
  EXPECT_NEAR(*np::Var(x).Item<float>(), 3, 0.05);
}

TEST(RandomTest, DrawsNormally) {
  random::Seed(2);
  const NDArray x = np::random::Normal(3, 2, {100000});
  EXPECT_NEAR(*np::Mean(x).Item<float>(), 3, 5 * 2 / std::sqrt(1e5));
  EXPECT_NEAR(*np::Std(x).Item<float>(), 2, 0.03);
  // 68.27 % within one deviation.
  const NDArray near = np::Mean((np::Abs(x - 3) < 2).AsType(DType::kFloat32));
  EXPECT_NEAR(*near.Item<float>(), 0.6827, 0.01);
}

TEST(RandomTest, DrawsEveryIntegerOfTheRange) {
  random::Seed(3);
  const NDArray x = np::random::Randint(-2, 3, {50000});
  EXPECT_EQ(x.dtype(), DType::kInt64);
  const auto values = x.Values<int64_t>();
  ASSERT_TRUE(values.ok());
  std::vector<int> counts(5);
  for (int64_t value : *values) ++counts.at(value + 2);
  for (int count : counts) EXPECT_NEAR(count, 10000, 500);
  EXPECT_EQ(np::random::Randint(3, 3).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace baryon
