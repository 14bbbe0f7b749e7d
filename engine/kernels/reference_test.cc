// What all kernels are compared with is compared with sums done by hand.
#include "engine/kernels/reference.h"

#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon::reference {
namespace {

using kernels::Activation;
using kernels::ConvGeometry;
using ::testing::ElementsAre;

TEST(ReferenceTest, MultipliesMatrices) {
  // [1 2 3] [1 4]   [22 28]
  // [4 5 6] [2 5] = [49 64] with the second matrix row by row: 1 2, 3 4, 5 6.
  EXPECT_THAT(MatMul({1, 2, 3, 4, 5, 6}, {1, 2, 3, 4, 5, 6}, 2, 3, 2), ElementsAre(22, 28, 49, 64));
}

// One row of pixels under a kernel of three positions.
ConvGeometry Row(int64_t in, int64_t out) {
  ConvGeometry geometry;
  geometry.in[2] = in;
  geometry.out[2] = out;
  geometry.kernel[2] = 3;
  return geometry;
}

TEST(ReferenceTest, WhatLiesOutsideIsZero) {
  ConvGeometry geometry = Row(4, 4);
  geometry.pad[2] = 1;
  const kernels::WeightStrides strides = kernels::StridesOfWeight(geometry, /*channels_last=*/false);
  EXPECT_THAT(Convolution(geometry, {1, 2, 3, 4}, {10, 1, 100}, strides), ElementsAre(201, 312, 423, 34));
}

TEST(ReferenceTest, StrideAndDilationChooseTheInputs) {
  ConvGeometry geometry = Row(7, 2);
  geometry.stride[2] = 2;
  geometry.dilation[2] = 2;
  const kernels::WeightStrides strides = kernels::StridesOfWeight(geometry, /*channels_last=*/false);
  EXPECT_THAT(Convolution(geometry, {1, 2, 3, 4, 5, 6, 7}, {1, 10, 100}, strides), ElementsAre(531, 753));
}

TEST(ReferenceTest, TransposedConvolutionsScatter) {
  ConvGeometry geometry = Row(2, 5);
  geometry.stride[2] = 2;
  geometry.transposed = true;
  const kernels::WeightStrides strides = kernels::StridesOfWeight(geometry, /*channels_last=*/false);
  EXPECT_THAT(Convolution(geometry, {1, 2}, {1, 10, 100}, strides), ElementsAre(1, 10, 102, 20, 200));
}

TEST(ReferenceTest, GroupsSeeTheirOwnChannels) {
  ConvGeometry geometry;
  geometry.channels = geometry.filters = geometry.groups = 2;
  const kernels::WeightStrides strides = kernels::StridesOfWeight(geometry, /*channels_last=*/false);
  EXPECT_THAT(Convolution(geometry, {3, 5}, {10, 100}, strides), ElementsAre(30, 500));
}

TEST(ReferenceTest, ActivatesByFormula) {
  EXPECT_EQ(Activate({Activation::kRelu}, -2), 0);
  EXPECT_EQ(Activate({Activation::kClip, -1, 6}, 7), 6);
  EXPECT_EQ(Activate({Activation::kLeaky, 0.25f}, -2), -0.5);
  EXPECT_EQ(Activate({Activation::kSoftSign}, -3), -0.75);
  EXPECT_EQ(Activate({Activation::kHardSigmoid, 0.2f, 0.5f}, 9), 1);
  EXPECT_DOUBLE_EQ(Activate({Activation::kSigmoid}, std::log(3.0)), 0.75);
  EXPECT_NEAR(Activate({Activation::kGelu}, 1), 0.841344746, 1e-9);  // the normal distribution at 1
  EXPECT_NEAR(Activate({Activation::kMish}, 0), 0, 0);
}

}  // namespace
}  // namespace baryon::reference
