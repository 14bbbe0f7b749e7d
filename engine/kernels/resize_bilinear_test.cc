#include "engine/kernels/resize_bilinear.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

using ::testing::ElementsAre;

TEST(ResizeBilinearTest, AlignedCornersMeet) {
  const std::vector<Interpolation> axis = BilinearAxis(3, 5, true);
  std::vector<float> positions;
  for (const Interpolation& point : axis) positions.push_back(point.first + point.weight);
  EXPECT_THAT(positions, ElementsAre(0, 0.5f, 1, 1.5f, 2));
  EXPECT_EQ(axis[4].second, 2);
}

TEST(ResizeBilinearTest, BordersMeetOtherwise) {
  std::vector<float> positions;
  for (const Interpolation& point : BilinearAxis(2, 4, false)) positions.push_back(point.first + point.weight);
  EXPECT_THAT(positions, ElementsAre(0, 0.25f, 0.75f, 1.25f));
}

TEST(ResizeBilinearTest, InterpolatesBetweenFourNeighbours) {
  const float in[] = {0, 1, 2, 3};
  float out[9];
  const std::vector<Interpolation> axis = BilinearAxis(2, 3, true);
  ResizeBilinear<float>(axis, axis, 2, 2, 1, in, 0, 3, out);
  EXPECT_THAT(out, ElementsAre(0, 0.5f, 1, 1, 1.5f, 2, 2, 2.5f, 3));
}

TEST(ResizeBilinearTest, KeepsChannelsApart) {
  const float in[] = {0, 10, 1, 11};
  float out[6];
  ResizeBilinear<float>(BilinearAxis(1, 1, true), BilinearAxis(2, 3, true), 1, 2, 2, in, 0, 1, out);
  EXPECT_THAT(out, ElementsAre(0, 10, 0.5f, 10.5f, 1, 11));
}

}  // namespace
}  // namespace baryon::kernels
