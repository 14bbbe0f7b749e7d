#include "engine/kernels/convert_row.h"

#include <limits>
#include <vector>

#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

template <typename To, typename From>
To Converted(From x) {
  To y;
  RowConverterOf(DTypeOf<From>(), DTypeOf<To>())(&x, &y, 1);
  return y;
}

TEST(ConvertRowTest, FloatsAreTruncated) {
  EXPECT_EQ((Converted<int32_t>(-2.9f)), -2);
  EXPECT_EQ((Converted<int8_t>(-128.5)), -128);
  EXPECT_EQ((Converted<uint8_t>(255.9f)), 255);
}

TEST(ConvertRowTest, FloatsBeyondATypeAreItsLowestNumberOrWrapWhereItIsNarrow) {
  EXPECT_EQ((Converted<int32_t>(3e9f)), std::numeric_limits<int32_t>::min());
  EXPECT_EQ((Converted<int64_t>(std::numeric_limits<double>::quiet_NaN())), std::numeric_limits<int64_t>::min());
  EXPECT_EQ((Converted<uint8_t>(-1.0f)), 255);
  EXPECT_EQ((Converted<int8_t>(200.0)), -56);
  EXPECT_EQ((Converted<uint8_t>(std::numeric_limits<float>::infinity())), 0);
}

TEST(ConvertRowTest, WholeNumbersWrapAndBoolIsNotZero) {
  EXPECT_EQ((Converted<uint8_t>(int64_t{-2})), 254);
  EXPECT_EQ((Converted<bool>(0.25f)), true);
  EXPECT_EQ((Converted<bool>(std::numeric_limits<float>::quiet_NaN())), true);
  EXPECT_EQ((Converted<float>(true)), 1);
  EXPECT_EQ(static_cast<float>(Converted<Half>(1.0 / 3)), 0.33325195f);
}

TEST(ConvertRowTest, RowsOfOneTypeAreCopied) {
  const std::vector<int16_t> x = {1, -2, 3};
  std::vector<int16_t> y(3);
  RowConverterOf(DType::kInt16, DType::kInt16)(x.data(), y.data(), 3);
  EXPECT_EQ(x, y);
}

}  // namespace
}  // namespace baryon::kernels
