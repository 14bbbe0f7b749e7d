#include "engine/kernels/weight_price.h"

#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

TEST(WeightPriceTest, WhatACoresCacheHoldsIsFree) {
  EXPECT_EQ(PriceOfWeights(0), 0);
  EXPECT_EQ(PriceOfWeights(512 << 10), 0);
}

TEST(WeightPriceTest, GrowsWithEachByteBeyond) {
  const double one_megabyte = PriceOfWeights(1 << 20), two = PriceOfWeights(2 << 20);
  EXPECT_GT(one_megabyte, 0);
  EXPECT_DOUBLE_EQ(two - one_megabyte, 2 * one_megabyte);
}

}  // namespace
}  // namespace baryon::kernels
