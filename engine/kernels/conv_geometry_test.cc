#include "engine/kernels/conv_geometry.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

using ::testing::ElementsAre;

TEST(ConvGeometryTest, OrdinaryConvolutionsHaveOnePhase) {
  ConvGeometry geometry;
  geometry.out[2] = 5;
  geometry.kernel[2] = 3;
  geometry.stride[2] = 2;
  geometry.dilation[2] = 4;
  geometry.pad[2] = 1;
  const std::vector<AxisPhase> phases = AxisPhases(geometry, 2);
  ASSERT_EQ(phases.size(), 1u);
  EXPECT_EQ(phases[0].count, 5);
  EXPECT_EQ(phases[0].in_step, 2);
  EXPECT_THAT(phases[0].kernel, ElementsAre(0, 1, 2));
  EXPECT_THAT(phases[0].offset, ElementsAre(-1, 3, 7));
}

TEST(ConvGeometryTest, TransposedConvolutionsHaveOnePhaseForEachRemainder) {
  ConvGeometry geometry;
  geometry.transposed = true;
  geometry.out[2] = 7;
  geometry.kernel[2] = 3;
  geometry.stride[2] = 2;
  geometry.pad[2] = 1;
  const std::vector<AxisPhase> phases = AxisPhases(geometry, 2);
  ASSERT_EQ(phases.size(), 2u);
  EXPECT_EQ(phases[0].count, 4);  // outputs 0, 2, 4, 6
  EXPECT_THAT(phases[0].kernel, ElementsAre(1));
  EXPECT_THAT(phases[0].offset, ElementsAre(0));
  EXPECT_EQ(phases[1].count, 3);  // outputs 1, 3, 5
  EXPECT_THAT(phases[1].kernel, ElementsAre(2, 0));
  EXPECT_THAT(phases[1].offset, ElementsAre(0, 1));
}

TEST(ConvGeometryTest, PhasesMayBeWithoutPositions) {
  ConvGeometry geometry;
  geometry.transposed = true;
  geometry.out[2] = 9;
  geometry.kernel[2] = 1;
  geometry.stride[2] = 3;
  const std::vector<AxisPhase> phases = AxisPhases(geometry, 2);
  ASSERT_EQ(phases.size(), 3u);
  EXPECT_EQ(phases[0].positions(), 1);
  EXPECT_EQ(phases[1].positions(), 0);
  EXPECT_EQ(phases[2].positions(), 0);
}

TEST(ConvGeometryTest, CountsMultiplications) {
  ConvGeometry geometry;
  geometry.batch = 2;
  geometry.channels = 6;
  geometry.filters = 4;
  geometry.groups = 2;
  geometry.in = {1, 5, 5};
  geometry.out = {1, 3, 3};
  geometry.kernel = {1, 3, 3};
  EXPECT_EQ(geometry.num_multiplications(), 2 * 9 * 9 * 3 * 4);
  geometry.transposed = true;
  EXPECT_EQ(geometry.num_multiplications(), 2 * 25 * 9 * 3 * 4);
}

TEST(ConvGeometryTest, FindsWeightsInBothLayouts) {
  ConvGeometry geometry;
  geometry.channels = 6;
  geometry.filters = 4;
  geometry.groups = 2;
  geometry.kernel = {1, 1, 5};
  const auto strides = [&](bool channels_last) {
    const WeightStrides s = StridesOfWeight(geometry, channels_last);
    return std::vector<int64_t>{s.group, s.filter, s.channel, s.position};
  };
  EXPECT_THAT(strides(false), ElementsAre(30, 15, 5, 1));  // [4, 3, 5]
  EXPECT_THAT(strides(true), ElementsAre(30, 15, 1, 3));   // [4, 5, 3]
  geometry.transposed = true;
  EXPECT_THAT(strides(false), ElementsAre(30, 5, 10, 1));  // [6, 2, 5]
  EXPECT_THAT(strides(true), ElementsAre(30, 1, 10, 2));   // [6, 5, 2]
}

}  // namespace
}  // namespace baryon::kernels
