#include "engine/gluon/nn/pixel_shuffle.h"

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "engine/gluon/testing/both_ways.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

// Numbers of MXNet 1.9.1.
TEST(PixelShuffleTest, GivesWhatMXNetGives) {
  nn::PixelShuffle1D one(2);
  EXPECT_TRUE(
      np::ArrayEqual(BothWays(one, np::Arange(8).Reshape({1, 4, 2})), np::Array({{{0, 2, 1, 3}, {4, 6, 5, 7}}})));
  nn::PixelShuffle2D two(2), wide({1, 2});
  EXPECT_TRUE(
      np::ArrayEqual(BothWays(two, np::Arange(8).Reshape({1, 4, 1, 2})), np::Array({{{{0, 2, 1, 3}, {4, 6, 5, 7}}}})));
  EXPECT_TRUE(np::ArrayEqual(BothWays(wide, np::Arange(8).Reshape({1, 4, 1, 2})),
                             np::Array({{{{0, 2, 1, 3}}, {{4, 6, 5, 7}}}})));
  nn::PixelShuffle3D three({2, 1, 3});
  EXPECT_TRUE(np::ArrayEqual(BothWays(three, np::Arange(12).Reshape({1, 6, 1, 1, 2})),
                             np::Array({{{{{0, 2, 4, 1, 3, 5}}, {{6, 8, 10, 7, 9, 11}}}}})));
}

TEST(PixelShuffleTest, MovesChannelsToPositions) {
  nn::PixelShuffle3D shuffle({2, 3, 4});
  EXPECT_EQ(BothWays(shuffle, np::Ones({1, 48, 3, 5, 7})).shape(), Shape({1, 2, 6, 15, 28}));
  EXPECT_EQ(nn::PixelShuffle2D(3)(np::Ones({1, 8, 2, 2})).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(PixelShuffleTest, Prints) {
  EXPECT_EQ(nn::PixelShuffle1D(2).ToString(), "PixelShuffle1D(2)");
  EXPECT_EQ(nn::PixelShuffle2D(2).ToString(), "PixelShuffle2D((2, 2))");
  EXPECT_EQ(nn::PixelShuffle3D({2, 1, 3}).ToString(), "PixelShuffle3D((2, 1, 3))");
}

}  // namespace
}  // namespace baryon
