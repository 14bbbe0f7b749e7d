#include "engine/tensor/dtype.h"

#include <cmath>
#include <limits>

#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(DTypeTest, NamesCodesAndSizesGoRoundTrip) {
  for (int code = 0; code <= 12; ++code) {
    const std::optional<DType> dtype = DTypeFromCode(code);
    ASSERT_TRUE(dtype.has_value()) << code;
    EXPECT_EQ(DTypeFromName(DTypeName(*dtype)), dtype);
    EXPECT_EQ(DispatchDType(*dtype, [](auto tag) { return DTypeOf<typename decltype(tag)::type>(); }), *dtype);
    EXPECT_EQ(DispatchDType(*dtype, [](auto tag) { return sizeof(typename decltype(tag)::type); }), DTypeSize(*dtype));
  }
  EXPECT_EQ(DTypeFromCode(13), std::nullopt);
  EXPECT_EQ(DTypeFromCode(-1), std::nullopt);
  EXPECT_EQ(DTypeFromName("float31"), std::nullopt);
}

TEST(HalfTest, EveryBitPatternSurvivesTheWayThroughFloat) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = HalfToFloat(static_cast<uint16_t>(bits));
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(HalfToFloat(FloatToHalf(value))));
    } else {
      EXPECT_EQ(FloatToHalf(value), bits);
    }
  }
}

TEST(HalfTest, RoundsToNearestEven) {
  EXPECT_EQ(FloatToHalf(1.0f + 0x1p-11f), FloatToHalf(1.0f));          // a tie goes to the even neighbour
  EXPECT_EQ(FloatToHalf(1.0f + 3 * 0x1p-11f), FloatToHalf(1.0f) + 2);  // up to even
  EXPECT_EQ(FloatToHalf(1.0f + 0x1.1p-11f), FloatToHalf(1.0f) + 1);    // above the tie
  EXPECT_EQ(HalfToFloat(FloatToHalf(65519.0f)), 65504.0f);             // largest finite value
  EXPECT_TRUE(std::isinf(HalfToFloat(FloatToHalf(65520.0f))));         // rounds to infinity
  EXPECT_EQ(FloatToHalf(0x1p-25f), 0);                                 // tie between 0 and the least subnormal
  EXPECT_EQ(FloatToHalf(0x1.8p-25f), 1);
  EXPECT_EQ(FloatToHalf(-0.0f), 0x8000);
}

TEST(BFloat16Test, RoundsToNearestEvenAndKeepsNaN) {
  EXPECT_EQ(static_cast<float>(BFloat16(1.0f + 0x1p-8f)), 1.0f);
  EXPECT_EQ(static_cast<float>(BFloat16(1.0f + 3 * 0x1p-8f)), 1.0f + 0x1p-6f);
  EXPECT_TRUE(std::isnan(static_cast<float>(BFloat16(std::numeric_limits<float>::quiet_NaN()))));
  EXPECT_TRUE(std::isinf(static_cast<float>(BFloat16(std::numeric_limits<float>::max()))));
}

}  // namespace
}  // namespace baryon
