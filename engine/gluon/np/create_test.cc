#include "engine/gluon/np/create.h"

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

TEST(CreateTest, MakesArraysOfOneValue) {
  EXPECT_EQ(np::Zeros({2, 2}).ToString(), "array([[0., 0.],\n       [0., 0.]])");
  EXPECT_EQ(np::Ones({2}, DType::kInt32).ToString(), "array([1, 1], dtype=int32)");
  EXPECT_EQ(np::Full({2}, 1.5).ToString(), "array([1.5, 1.5])");
  EXPECT_EQ(np::Full({}, 7).ToString(), "array(7.)");
  EXPECT_EQ(np::OnesLike(np::Zeros({1, 2}, DType::kFloat64)).ToString(), "array([[1., 1.]], dtype=float64)");
  EXPECT_EQ(np::FullLike(np::Zeros({2}), 3).ToString(), "array([3., 3.])");
  EXPECT_EQ(np::Zeros({-1}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(np::Zeros({int64_t{1} << 40, int64_t{1} << 40}).status().code(), StatusCode::kResourceExhausted);
}

TEST(CreateTest, CountsUp) {
  EXPECT_EQ(np::Arange(4).ToString(), "array([0., 1., 2., 3.])");
  EXPECT_EQ(np::Arange(1, 2, 0.25).ToString(), "array([1.  , 1.25, 1.5 , 1.75])");
  EXPECT_EQ(np::Arange(3, 0, -1, DType::kInt64).ToString(), "array([3, 2, 1], dtype=int64)");
  EXPECT_EQ(np::Arange(0).shape(), Shape({0}));
  EXPECT_EQ(np::Arange(0, 1, 0).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(np::Arange(0, 1, 1e-300).status().code(), StatusCode::kResourceExhausted);
}

TEST(CreateTest, SpacesEvenly) {
  EXPECT_EQ(np::Linspace(0, 1, 5).ToString(), "array([0.  , 0.25, 0.5 , 0.75, 1.  ])");
  EXPECT_EQ(np::Linspace(3, 9, 1).ToString(), "array([3.])");
  EXPECT_EQ(np::Linspace(0, 1).size(), 50);
  EXPECT_EQ(*np::Linspace(0, 0.7, 8, DType::kFloat64).At<double>({7}), 0.7);
  EXPECT_THAT(np::Linspace(0, 1, -1).status(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("non-negative")));
}

TEST(CreateTest, PutsOnesOnADiagonal) {
  EXPECT_EQ(np::Eye(2).ToString(), "array([[1., 0.],\n       [0., 1.]])");
  EXPECT_EQ(np::Eye(2, 3, 1).ToString(), "array([[0., 1., 0.],\n       [0., 0., 1.]])");
  EXPECT_EQ(np::Eye(2, 2, -1).ToString(), "array([[0., 0.],\n       [1., 0.]])");
}

TEST(CreateTest, TakesNestedBraces) {
  EXPECT_EQ(np::Array({1, 2.5}).ToString(), "array([1. , 2.5])");
  EXPECT_EQ(np::Array({{1, 2}, {3, 4}}).shape(), Shape({2, 2}));
  EXPECT_EQ(np::Array({{{1}, {2}}, {{3}, {4}}}).shape(), Shape({2, 2, 1}));
  EXPECT_EQ(np::Array({1, 0}, DType::kBool).ToString(), "array([ True, False])");
  EXPECT_EQ(np::Array({}).shape(), Shape({0}));
  EXPECT_THAT(np::Array({{1, 2}, {3}}).status(),
              StatusIs(StatusCode::kInvalidArgument, "array: expected rows of one length, got 2 and 1"));
  EXPECT_EQ(np::Array({{1, 2}, 3}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(np::Array({1, {3}}).status().code(), StatusCode::kInvalidArgument);
}

TEST(CreateTest, CopiesNumbersAtHand) {
  const std::vector<int32_t> numbers = {1, 2, 3, 4};
  EXPECT_EQ(np::FromData({2, 2}, numbers).ToString(), "array([[1, 2],\n       [3, 4]], dtype=int32)");
  EXPECT_THAT(np::FromData({3}, numbers).status(),
              StatusIs(StatusCode::kInvalidArgument, "cannot reshape array of size 4 into shape (3,)"));
}

TEST(CreateTest, KeepsArraysInFiles) {
  const std::string path = testing::TempDir() + "/array.npy";
  const NDArray x = np::random::Uniform(-1, 1, {3, 4});
  ASSERT_OK(np::Save(path, x));
  EXPECT_TRUE(np::ArrayEqual(np::Load(path), x));
  EXPECT_THAT(np::Load(path + ".none").status(), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(np::Save(path, x + np::Ones({7})), StatusIs(StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace baryon
