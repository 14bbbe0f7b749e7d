#include "engine/kernels/deformable_patch.h"

#include <vector>

#include "engine/kernels/testing/kernel_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

using ::testing::ElementsAre;

// One position, which reads the pixel below its output.
ConvGeometry OnePosition(int64_t channels, int64_t groups) {
  ConvGeometry geometry;
  geometry.channels = channels;
  geometry.groups = groups;
  geometry.pad = {0, -1, 0};
  return geometry;
}

std::vector<float> PatchAt(const ConvGeometry& geometry, const std::vector<float>& image,
                           const std::vector<float>& offsets, const std::vector<float>& masks, int64_t move_groups) {
  const int64_t channels = geometry.channels, width = static_cast<int64_t>(image.size()) / channels / 3;
  DeformableMoves<float> moves;
  moves.groups = move_groups;
  moves.offsets = FeatureMap<const float>::Dense(offsets.data(), offsets.size(), 1, 1, true);
  moves.masks = FeatureMap<const float>::Dense(masks.empty() ? nullptr : masks.data(), masks.size(), 1, 1, true);
  std::vector<float> patch(channels * geometry.num_positions());
  DeformablePatch<float, float>(geometry, moves, FeatureMap<const float>::Dense(image.data(), channels, 3, width, true),
                                0, 0, patch.data());
  return patch;
}

TEST(DeformablePatchTest, MovesThePosition) {
  const std::vector<float> column = {1, 2, 4};  // three rows of one pixel
  EXPECT_THAT(PatchAt(OnePosition(1, 1), column, {0, 0}, {}, 1), ElementsAre(2));
  EXPECT_THAT(PatchAt(OnePosition(1, 1), column, {0.5f, 0}, {}, 1), ElementsAre(3));
  EXPECT_THAT(PatchAt(OnePosition(1, 1), column, {-1, 0}, {}, 1), ElementsAre(1));
}

TEST(DeformablePatchTest, BordersDifferWithAndWithoutMasks) {
  const std::vector<float> column = {1, 2, 4};
  EXPECT_THAT(PatchAt(OnePosition(1, 1), column, {1.75f, 0}, {}, 1), ElementsAre(4));
  EXPECT_THAT(PatchAt(OnePosition(1, 1), column, {1.75f, 0}, {1}, 1), ElementsAre(1));
  EXPECT_THAT(PatchAt(OnePosition(1, 1), column, {-1.5f, 0}, {}, 1), ElementsAre(0));
  EXPECT_THAT(PatchAt(OnePosition(1, 1), column, {-1.5f, 0}, {0.5f}, 1), ElementsAre(0.25f));
  EXPECT_THAT(PatchAt(OnePosition(1, 1), column, {9, 0}, {1}, 1), ElementsAre(0));
}

TEST(DeformablePatchTest, GroupsOfMovesAndOfTheConvolutionCross) {
  // Two groups of two channels move; the convolution has four groups, or one.
  const std::vector<float> image = {0, 0, 0, 0, 1, 2, 3, 4, 10, 20, 30, 40};
  EXPECT_THAT(PatchAt(OnePosition(4, 4), image, {0, 0, 1, 0}, {}, 2), ElementsAre(1, 2, 30, 40));
  EXPECT_THAT(PatchAt(OnePosition(4, 1), image, {1, 0, 0, 0}, {}, 2), ElementsAre(10, 20, 3, 4));
}

TEST(DeformablePatchTest, OrderIsGroupPositionChannel) {
  ConvGeometry geometry = OnePosition(2, 2);
  geometry.kernel = {1, 2, 1};
  const std::vector<float> image = {0, 0, 1, 2, 10, 20};
  EXPECT_THAT(PatchAt(geometry, image, {0, 0, 0, 0}, {}, 1), ElementsAre(1, 10, 2, 20));
}

}  // namespace
}  // namespace baryon::kernels
