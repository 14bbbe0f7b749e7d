#include "engine/kernels/roi_pool.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "engine/kernels/testing/kernel_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

using ::testing::ElementsAre;

TEST(RoiPoolTest, VectorsAndBothLayoutsGiveTheMaximum) {
  ForEachCpuTarget([] {
    for (int64_t channels : {1, 5, 16, 100, 200}) {
      const std::vector<float> last = RandomFloats(6 * 7 * channels, 1);
      std::vector<float> first(last.size()), want(channels), got(channels);
      for (int64_t i = 0; i < 42; ++i) {
        for (int64_t c = 0; c < channels; ++c) first[c * 42 + i] = last[i * channels + c];
      }
      const PixelRange range = {2, 5, 1, 7};
      for (int64_t c = 0; c < channels; ++c) {
        want[c] = -2;
        for (int64_t y = 2; y < 5; ++y) {
          for (int64_t x = 1; x < 7; ++x) want[c] = std::max(want[c], last[(y * 7 + x) * channels + c]);
        }
      }
      const auto map_last = FeatureMap<const float>::Dense(last.data(), channels, 6, 7, true);
      MaxChannelVectors(map_last, range, got.data());
      EXPECT_EQ(got, want);
      MaxOfPixels<float, float>(map_last, range, got.data(), 1);
      EXPECT_EQ(got, want);
      MaxOfPixels<float, float>(FeatureMap<const float>::Dense(first.data(), channels, 6, 7, false), range, got.data(),
                                1);
      EXPECT_EQ(got, want);
    }
  });
}

TEST(RoiPoolTest, NanIsNeverChosen) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float data[] = {nan, nan, 3, nan, nan, nan};  // three pixels of two channels
  const auto map = FeatureMap<const float>::Dense(data, 2, 1, 3, true);
  ForEachCpuTarget([&] {
    float out[2];
    MaxChannelVectors(map, {0, 1, 0, 3}, out);
    EXPECT_THAT(out, ElementsAre(3, std::numeric_limits<float>::lowest()));
    MaxOfPixels<float, float>(map, {0, 1, 0, 3}, out, 1);
    EXPECT_THAT(out, ElementsAre(3, std::numeric_limits<float>::lowest()));
  });
}

TEST(RoiPoolTest, SumsOneChannel) {
  const float data[] = {1, 10, 2, 20, 3, 30, 4, 40};
  const auto map = FeatureMap<const float>::Dense(data, 2, 2, 2, true);
  EXPECT_EQ((SumOfPixels<float, float>(map, 1, {0, 2, 1, 2})), 60);
  EXPECT_EQ((SumOfPixels<float, float>(map, 1, {0, 0, 0, 2})), 0);
}

}  // namespace
}  // namespace baryon::kernels
