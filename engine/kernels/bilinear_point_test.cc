#include "engine/kernels/bilinear_point.h"

#include <limits>

#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

constexpr float kData[] = {0, 1, 2, 10, 11, 12};  // 2 rows of 3: 10 y + x

FeatureMap<const float> Map() { return FeatureMap<const float>::Dense(kData, 1, 2, 3, false); }

float Inside(float y, float x) { return ValueAt(kData, PointInside(Map(), y, x)); }
float WithZeros(float y, float x) { return ValueAt(kData, PointWithZeroBorder(Map(), y, x)); }

TEST(BilinearPointTest, BothRulesInterpolateInside) {
  for (float y : {0.0f, 0.25f, 0.75f}) {
    for (float x : {0.0f, 0.5f, 1.25f}) {
      EXPECT_FLOAT_EQ(Inside(y, x), 10 * y + x);
      EXPECT_FLOAT_EQ(WithZeros(y, x), 10 * y + x);
    }
  }
}

TEST(BilinearPointTest, PointsBeyondBorderPixelsTakeTheirValues) {
  EXPECT_FLOAT_EQ(Inside(-1, -0.5f), 0);
  EXPECT_FLOAT_EQ(Inside(2, 3), 12);
  EXPECT_FLOAT_EQ(Inside(1.5f, 1.5f), 11.5f);
}

TEST(BilinearPointTest, PixelsOutsideCountAsZero) {
  EXPECT_FLOAT_EQ(WithZeros(1.5f, 1), 5.5f);
  EXPECT_FLOAT_EQ(WithZeros(1, 2.75f), 3);
  EXPECT_FLOAT_EQ(WithZeros(-0.5f, 2), 1);
  EXPECT_EQ(WithZeros(-1, 0), 0);
  EXPECT_EQ(WithZeros(2, 0), 0);
  EXPECT_EQ(WithZeros(0, std::numeric_limits<float>::quiet_NaN()), 0);
  EXPECT_EQ(WithZeros(-std::numeric_limits<float>::infinity(), 0), 0);
}

}  // namespace
}  // namespace baryon::kernels
