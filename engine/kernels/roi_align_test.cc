#include "engine/kernels/roi_align.h"

#include <cmath>
#include <limits>
#include <vector>

#include "engine/kernels/testing/kernel_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

using ::testing::ElementsAre;

std::vector<float> Weights(const GridAxis<float>& axis, int64_t bin, int64_t size) {
  std::vector<float> weights(size, -1);
  const WeightedPixels pixels = WeighBin(axis, bin, size, weights.data());
  for (int64_t i = 0; i < size; ++i) {
    if (i < pixels.begin || i >= pixels.end) weights[i] = 0;
  }
  return weights;
}

TEST(WeighBinTest, SharesSamplesBetweenNeighbours) {
  // Samples of bin 1 at 2.25 and 2.75.
  EXPECT_THAT(Weights({1, 1, 2}, 1, 5), ElementsAre(0, 0, 1, 1, 0));
  EXPECT_THAT(Weights({0.75f, 1, 1}, 0, 3), ElementsAre(0, 0.75f, 0.25f));
}

TEST(WeighBinTest, SamplesNearTheBorderTakeItsPixel) {
  EXPECT_THAT(Weights({-1, 1, 1}, 0, 3), ElementsAre(1, 0, 0));
  EXPECT_THAT(Weights({2, 1, 1}, 0, 3), ElementsAre(0, 0, 1));
  EXPECT_THAT(Weights({2.5f, 1, 1}, 0, 3), ElementsAre(0, 0, 1));  // at 3, the size
}

TEST(WeighBinTest, SamplesFartherAwayCountAsZero) {
  EXPECT_THAT(Weights({-2, 1, 1}, 0, 3), ElementsAre(0, 0, 0));
  EXPECT_THAT(Weights({3, 1, 1}, 0, 3), ElementsAre(0, 0, 0));
  EXPECT_THAT(Weights({std::numeric_limits<float>::quiet_NaN(), 1, 1}, 0, 2), ElementsAre(0, 0));
  EXPECT_THAT(Weights({-1e30f, 1e29f, 3}, 9, 2), ElementsAre(0, 0));
}

TEST(WeighBinTest, AFineGridOverMuchMoreThanTheAxisCostsNoMore) {
  const std::vector<float> weights = Weights({-5e8f, 1e9f, 1000000000}, 0, 3);
  for (float weight : weights) EXPECT_NEAR(weight, 1, 64);  // positions are whole numbers of 64 there
}

TEST(WeighBinTest, AgreesWithSingleSamples) {
  for (int64_t grid : {1, 3, 7}) {
    for (float start = -4; start < 8; start += 0.37f) {
      const GridAxis<float> axis = {start, 1.9f, grid};
      std::vector<double> want(6);
      for (int64_t i = 0; i < grid; ++i) {
        double at = start + 1.9 + (i + 0.5) * 1.9 / grid;
        if (at < -1 || at > 6) continue;
        at = std::clamp(at, 0.0, 5.0);
        const int low = static_cast<int>(at);
        want[low] += 1 - (at - low);
        if (low < 5) want[low + 1] += at - low;
      }
      const std::vector<float> got = Weights(axis, 1, 6);
      for (int i = 0; i < 6; ++i) EXPECT_NEAR(got[i], want[i], 1e-5) << grid << " " << start;
    }
  }
}

TEST(AveragePixelsTest, BothLayoutsAndVectorsAgreeWithPlainSums) {
  ForEachCpuTarget([] {
    for (int64_t channels : {1, 7, 8, 40, 150}) {
      const std::vector<float> last = RandomFloats(4 * 5 * channels, 1), weights = RandomFloats(5, 2);
      std::vector<float> first(last.size());
      for (int64_t i = 0; i < 20; ++i) {
        for (int64_t c = 0; c < channels; ++c) first[c * 20 + i] = last[i * channels + c];
      }
      std::vector<double> want(channels);
      for (int64_t c = 0; c < channels; ++c) {
        for (int64_t y = 1; y < 4; ++y) {
          for (int64_t x = 0; x < 3; ++x) want[c] += weights[y] * weights[x] * last[(y * 5 + x) * channels + c] / 6;
        }
      }
      const WeightedPixels rows = {1, 4}, columns = {0, 3};
      std::vector<float> out(channels);
      const auto map_last = FeatureMap<const float>::Dense(last.data(), channels, 4, 5, true);
      AverageChannelVectors(map_last, rows, weights.data(), columns, weights.data(), 6, out.data());
      ExpectClose(out, want, 1e-6, "vectors");
      AveragePixels(map_last, rows, weights.data(), columns, weights.data(), 6.0f, out.data(), 1);
      ExpectClose(out, want, 1e-6, "channels last");
      const auto map_first = FeatureMap<const float>::Dense(first.data(), channels, 4, 5, false);
      AveragePixels(map_first, rows, weights.data(), columns, weights.data(), 6.0f, out.data(), 1);
      ExpectClose(out, want, 1e-6, "channels first");
    }
  });
}

}  // namespace
}  // namespace baryon::kernels
