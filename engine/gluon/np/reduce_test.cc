#include "engine/gluon/np/reduce.h"

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(ReduceTest, TakesAxes) {
  const NDArray x = np::Arange(6).Reshape({2, 3});
  EXPECT_EQ(np::Sum(x).ToString(), "array(15.)");
  EXPECT_EQ(np::Sum(x, 0).ToString(), "array([3., 5., 7.])");
  EXPECT_EQ(np::Sum(x, -1).ToString(), "array([ 3., 12.])");
  EXPECT_EQ(np::Sum(x, {0, 1}).shape(), Shape({}));
  EXPECT_EQ(np::Sum(x, 1, /*keepdims=*/true).shape(), Shape({2, 1}));
  EXPECT_EQ(np::Sum(x, 2).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ReduceTest, ComputesEachFunction) {
  const NDArray x = np::Array({{1, 2}, {3, 0}});
  EXPECT_EQ(np::Mean(x, 0).ToString(), "array([2., 1.])");
  EXPECT_EQ(np::Prod(x, 1).ToString(), "array([2., 0.])");
  EXPECT_EQ(np::Max(x, 1).ToString(), "array([2., 3.])");
  EXPECT_EQ(np::Min(x).ToString(), "array(0.)");
  EXPECT_EQ(np::Any(x, 1).ToString(), "array([ True,  True])");
  EXPECT_EQ(np::All(x, 1).ToString(), "array([ True, False])");
  EXPECT_EQ(np::Var(x, 0).ToString(), "array([1., 1.])");
  EXPECT_EQ(np::Std(x, 0).ToString(), "array([1., 1.])");
  EXPECT_EQ(np::Argmax(x, 1).ToString(), "array([1, 0], dtype=int64)");
  EXPECT_EQ(np::Argmin(x).ToString(), "array(3, dtype=int64)");
  EXPECT_EQ(np::Cumsum(x).ToString(), "array([1., 3., 6., 6.])");
  EXPECT_EQ(np::Cumsum(x, 0).ToString(), "array([[1., 2.],\n       [4., 2.]])");
  EXPECT_EQ(np::Mean(np::Array({1, 2}, DType::kInt32)).ToString(), "array(1.5)");
}

TEST(ReduceTest, ComparesArrays) {
  const NDArray x = np::Array({1, 2}), near = np::Array({1.000001, 2});
  EXPECT_TRUE(np::ArrayEqual(x, x + 0));
  EXPECT_FALSE(np::ArrayEqual(x, near));
  EXPECT_FALSE(np::ArrayEqual(x, np::Ones({1, 2})));
  EXPECT_TRUE(np::AllClose(x, near));
  EXPECT_FALSE(np::AllClose(x, near, 1e-8, 1e-8));
  EXPECT_TRUE(np::AllClose(np::Array({INFINITY}), np::Array({INFINITY})));
  EXPECT_FALSE(np::AllClose(x, x + np::Ones({3})));
}

}  // namespace
}  // namespace baryon
