#include "engine/ops/product.h"

#include "engine/base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(ProductTest, ShapesFollowFromTheLetters) {
  const auto shape = ProductShape({"ik", "kj", "ij"}, {2, 3}, {3, 4});
  ASSERT_OK(shape);
  EXPECT_EQ(*shape, Shape({2, 4}));
  EXPECT_THAT(ProductShape({"ik", "kj", "ij"}, {2, 3}, {4, 4}), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(ProductTest, AxesOfOneAreBroadcastWhereAllowed) {
  EXPECT_EQ(*ProductShape({"bi", "bj", "bij"}, {1, 2}, {5, 3}, true), Shape({5, 2, 3}));
  EXPECT_FALSE(ProductShape({"bi", "bj", "bij"}, {1, 2}, {5, 3}).ok());
}

TEST(ProductTest, AxesHaveTheDistancesOfRowMajorArrays) {
  for (const kernels::ContractionAxis& axis : ProductAxes({"ik", "kj", "ij"}, {2, 3}, {3, 4})) {
    if (axis.size == 2) {
      EXPECT_EQ(axis.a, 3);
      EXPECT_EQ(axis.b, 0);
      EXPECT_EQ(axis.c, 4);
    } else if (axis.size == 3) {
      EXPECT_EQ(axis.a, 1);
      EXPECT_EQ(axis.b, 4);
      EXPECT_EQ(axis.c, 0);
    } else {
      EXPECT_EQ(axis.b, 1);
      EXPECT_EQ(axis.c, 1);
    }
  }
}

}  // namespace
}  // namespace baryon
