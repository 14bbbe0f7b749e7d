#include "engine/kernels/plane_tile.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "engine/kernels/testing/kernel_tester.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

// Every micro-kernel, with taps in any order, compared with the definition.
TEST(PlaneTileTest, SumsTapsForAnyNumberOfFiltersAndPixels) {
  const std::vector<int64_t> taps = {40, 0, 3, 17, 41};
  const int64_t num_taps = static_cast<int64_t>(taps.size());
  ForEachCpuTarget([&] {
    const PlaneTarget& target = ActivePlaneTarget();
    for (int filters = 1; filters <= target.max_filters; ++filters) {
      for (int64_t count : {1, 7, 16, 33, 60}) {
        const std::vector<float> in = RandomFloats(41 + count + target.slack, 1), bias = RandomFloats(filters, 2);
        const std::vector<float> weights = RandomFloats(num_taps * filters, 3);
        const int64_t step = count + target.slack;
        std::vector<float> out(filters * step);
        const PlaneTile tile = {in.data(), taps.data(), num_taps, weights.data(), bias.data(), out.data(), step,
                                count,     -1,          1.5f};
        target.multiply[filters](tile);
        std::vector<float> got;
        std::vector<double> want;
        for (int f = 0; f < filters; ++f) {
          for (int64_t i = 0; i < count; ++i) {
            double sum = bias[f];
            for (int64_t t = 0; t < num_taps; ++t) {
              sum += static_cast<double>(in[taps[t] + i]) * weights[t * filters + f];
            }
            want.push_back(std::clamp(sum, -1.0, 1.5));
            got.push_back(out[f * step + i]);
          }
        }
        ExpectClose(got, want, 1e-6, std::to_string(filters) + " filters, " + std::to_string(count) + " pixels");
      }
    }
  });
}

TEST(PlaneTileTest, PoolsPairs) {
  constexpr int64_t kHeight = 3;
  ForEachCpuTarget([] {
    const PlaneTarget& target = ActivePlaneTarget();
    for (int64_t width : {1, 5, 16, 19}) {
      const int64_t pitch = 2 * width + 1;
      std::vector<float> in = RandomFloats(2 * kHeight * pitch + target.slack, 1);
      in[0] = std::numeric_limits<float>::quiet_NaN();  // never the largest
      std::vector<float> largest(kHeight * width + target.slack), mean(largest.size());
      target.pool_max(in.data(), pitch, kHeight, width, largest.data());
      target.pool_avg(in.data(), pitch, kHeight, width, mean.data());
      for (int64_t i = 0; i < kHeight * width; ++i) {
        const float* first = in.data() + i / width * 2 * pitch + i % width * 2;
        const float* second = first + pitch;
        const float others = std::max({first[1], second[0], second[1]});
        EXPECT_EQ(largest[i], i == 0 ? others : std::max(first[0], others)) << i;
        if (i == 0) continue;
        EXPECT_EQ(mean[i], ((first[0] + first[1]) + (second[0] + second[1])) / 4) << i;
      }
    }
  });
}

}  // namespace
}  // namespace baryon::kernels
