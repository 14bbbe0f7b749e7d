#include "engine/tensor/shape.h"

#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(ShapeTest, PrintsAsDocumented) {
  EXPECT_EQ((Shape{8, 3, 64, 64}).ToString(), "[8, 3, 64, 64]");
  EXPECT_EQ(Shape().ToString(), "[]");
  EXPECT_EQ((Shape{Shape::kUnknownDim, 3}).ToString(), "[-1, 3]");
  EXPECT_EQ(Shape::Unknown().ToString(), "[...]");
}

TEST(ShapeTest, CountsElements) {
  EXPECT_EQ(Shape().num_elements(), 1);
  EXPECT_EQ((Shape{2, 0, 3}).CheckedNumElements(), 0);
  EXPECT_EQ((Shape{2, 3}).CheckedNumElements(), 6);
  EXPECT_EQ((Shape{int64_t{1} << 40, int64_t{1} << 40}).CheckedNumElements(), std::nullopt);
  EXPECT_EQ((Shape{int64_t{1} << 40, 0, int64_t{1} << 40}).CheckedNumElements(), std::nullopt);
  EXPECT_EQ((Shape{-1, 3}).CheckedNumElements(), std::nullopt);
}

TEST(ShapeTest, NormalizesAxes) {
  EXPECT_EQ(NormalizeAxis(-1, 3), 2);
  EXPECT_EQ(NormalizeAxis(2, 3), 2);
  EXPECT_EQ(NormalizeAxis(3, 3), std::nullopt);
  EXPECT_EQ(NormalizeAxis(-4, 3), std::nullopt);
}

TEST(ShapeTest, SplitsAtAnAxis) {
  const AxisSplit split = SplitAtAxis(Shape{2, 3, 4, 5}, 1);
  EXPECT_EQ(split.outer, 2);
  EXPECT_EQ(split.size, 3);
  EXPECT_EQ(split.inner, 20);
}

TEST(ShapeTest, BroadcastsAsNumPy) {
  EXPECT_EQ(BroadcastShapes({2, 1, 4}, {3, 1}), (Shape{2, 3, 4}));
  EXPECT_EQ(BroadcastShapes({}, {3}), Shape{3});
  EXPECT_EQ(BroadcastShapes({0}, {1}), Shape{0});
  EXPECT_EQ(BroadcastShapes({2}, {3}), std::nullopt);
  EXPECT_EQ(BroadcastShapes({-1, 4}, {3, 1}), (Shape{3, 4}));
  EXPECT_EQ(BroadcastShapes({-1}, {1}), Shape{-1});
}

TEST(ShapeTest, MergesPartialShapes) {
  EXPECT_EQ(MergeShapes({-1, 3}, {2, -1}), (Shape{2, 3}));
  EXPECT_EQ(MergeShapes(Shape::Unknown(), {2}), Shape{2});
  EXPECT_EQ(MergeShapes({1}, {2}), std::nullopt);
  EXPECT_EQ(MergeShapes({1}, {1, 1}), std::nullopt);
}

}  // namespace
}  // namespace baryon
