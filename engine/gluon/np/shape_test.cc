#include "engine/gluon/np/shape.h"

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(ShapeTest, MovesAxes) {
  const NDArray x = np::Arange(24).Reshape({2, 3, 4});
  EXPECT_EQ(np::Reshape(x, {-1}).shape(), Shape({24}));
  EXPECT_EQ(np::Transpose(x, {2, 0, 1}).shape(), Shape({4, 2, 3}));
  EXPECT_EQ(np::SwapAxes(x, 0, -1).shape(), Shape({4, 3, 2}));
  EXPECT_EQ(np::MoveAxis(x, 0, 2).shape(), Shape({3, 4, 2}));
  EXPECT_EQ(np::ExpandDims(x, -1).shape(), Shape({2, 3, 4, 1}));
  EXPECT_EQ(np::Squeeze(np::Ones({1, 2, 1})).shape(), Shape({2}));
  EXPECT_EQ(np::Squeeze(np::Ones({1, 2, 1}), IntTuple{0}).shape(), Shape({2, 1}));
  EXPECT_EQ(np::Squeeze(np::Ones({1})).shape(), Shape({}));
  EXPECT_EQ(np::Squeeze(x, IntTuple{0}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(np::Ravel(x).shape(), Shape({24}));
}

TEST(ShapeTest, RepeatsElements) {
  const NDArray x = np::Array({{1, 2}});
  EXPECT_EQ(np::BroadcastTo(x, {2, 2}).ToString(), "array([[1., 2.],\n       [1., 2.]])");
  EXPECT_EQ(np::Tile(x, {1, 2}).ToString(), "array([[1., 2., 1., 2.]])");
  EXPECT_EQ(np::Repeat(x, 2, 1).ToString(), "array([[1., 1., 2., 2.]])");
  EXPECT_EQ(np::Repeat(x, 2).ToString(), "array([1., 1., 2., 2.])");
  EXPECT_EQ(np::Flip(x, 1).ToString(), "array([[2., 1.]])");
}

TEST(ShapeTest, JoinsAndCuts) {
  const NDArray a = np::Array({{1, 2}}), b = np::Array({{3, 4}});
  EXPECT_EQ(np::Concatenate({a, b}).ToString(), "array([[1., 2.],\n       [3., 4.]])");
  EXPECT_EQ(np::Concatenate({a, b}, 1).ToString(), "array([[1., 2., 3., 4.]])");
  EXPECT_EQ(np::Stack({a, b}).shape(), Shape({2, 1, 2}));
  EXPECT_EQ(np::Stack({a, b}, -1).shape(), Shape({1, 2, 2}));
  const NDArrays halves = np::Split(np::Arange(6), 2);
  ASSERT_EQ(halves.size(), 2u);
  EXPECT_EQ(halves[1].ToString(), "array([3., 4., 5.])");
  const NDArrays pieces = np::SplitAt(np::Arange(6), {1, 4});
  ASSERT_EQ(pieces.size(), 3u);
  EXPECT_EQ(pieces[1].ToString(), "array([1., 2., 3.])");
  const NDArrays errors = np::Split(np::Arange(5), 2);
  ASSERT_EQ(errors.size(), 2u);
  EXPECT_EQ(errors[1].status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ShapeTest, ChoosesElements) {
  const NDArray x = np::Arange(6).Reshape({2, 3});
  EXPECT_EQ(np::Where(x > 2, x, np::ZerosLike(x)).ToString(), "array([[0., 0., 0.],\n       [3., 4., 5.]])");
  EXPECT_EQ(np::Take(x, np::Array({2, 0}), 1).ToString(), "array([[2., 0.],\n       [5., 3.]])");
  EXPECT_EQ(np::Take(x, np::Array({5, 100})).ToString(), "array([5., 5.])");
}

}  // namespace
}  // namespace baryon
