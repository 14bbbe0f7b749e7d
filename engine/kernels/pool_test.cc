#include "engine/kernels/pool.h"

#include <cmath>
#include <vector>

#include "engine/kernels/testing/kernel_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

using ::testing::ElementsAre;

PoolGeometry Geometry(PoolType type, int64_t channels) {
  PoolGeometry geometry;
  geometry.type = type;
  geometry.batch = 2;
  geometry.channels = channels;
  geometry.in = {1, 9, 11};
  geometry.windows = {{{{0, 1, 1}}, SlidingWindows(9, 5, 3, 2, 1, true), SlidingWindows(11, 4, 4, 3, 2, false)}};
  return geometry;
}

std::vector<float> ChannelsLast(const PoolGeometry& geometry, const std::vector<float>& in) {
  std::vector<float> out(geometry.batch * geometry.out_pixels() * geometry.channels);
  const int64_t rows = geometry.out_rows();
  PoolChannelsLast(geometry, in.data(), 0, rows / 2, out.data());
  PoolChannelsLast(geometry, in.data(), rows / 2, rows, out.data());
  return out;
}

TEST(PoolTest, VectorsMatchPlainLoops) {
  ForEachCpuTarget([] {
    for (int64_t channels : {1, 7, 16, 70, 130}) {
      for (PoolType type : {PoolType::kMax, PoolType::kAvg, PoolType::kSum}) {
        const PoolGeometry geometry = Geometry(type, channels);
        const std::vector<float> in = RandomFloats(geometry.batch * geometry.in_pixels() * channels, 1);
        const std::vector<double> wide_in(in.begin(), in.end());
        std::vector<double> want(geometry.batch * geometry.out_pixels() * channels);
        PoolPlain<double>(geometry, true, wide_in.data(), 0, want.size(), want.data());
        ExpectClose(ChannelsLast(geometry, in), want, 1e-6, std::to_string(channels) + " channels");
      }
    }
  });
}

TEST(PoolTest, LayoutsAgree) {
  const PoolGeometry geometry = Geometry(PoolType::kLp, 5);
  const int64_t pixels = geometry.in_pixels(), out_pixels = geometry.out_pixels();
  const std::vector<float> last = RandomFloats(2 * pixels * 5, 1);
  std::vector<float> first(last.size());
  for (int64_t i = 0; i < static_cast<int64_t>(last.size()); ++i) {
    first[(i / (5 * pixels) * 5 + i % 5) * pixels + i / 5 % pixels] = last[i];
  }
  std::vector<float> out_last(2 * out_pixels * 5), out_first(out_last.size());
  PoolPlain<float>(geometry, true, last.data(), 0, out_last.size(), out_last.data());
  PoolPlain<float>(geometry, false, first.data(), 0, out_first.size(), out_first.data());
  for (int64_t i = 0; i < static_cast<int64_t>(out_last.size()); ++i) {
    EXPECT_EQ(out_first[(i / (5 * out_pixels) * 5 + i % 5) * out_pixels + i / 5 % out_pixels], out_last[i]) << i;
  }
}

TEST(PoolTest, WindowsOutsideOfTheInputAreEmpty) {
  ForEachCpuTarget([] {
    PoolGeometry geometry;
    geometry.in = {1, 1, 2};
    geometry.windows = {{{{0, 1, 1}}, {{0, 1, 1}}, SlidingWindows(2, 2, 2, 3, 0, true)}};
    const std::vector<float> in = {1, 2};
    geometry.type = PoolType::kMax;
    EXPECT_THAT(ChannelsLast(geometry, in), ElementsAre(2, LowestOf<float>()));
    geometry.type = PoolType::kAvg;
    EXPECT_THAT(ChannelsLast(geometry, in), ElementsAre(1.5f, 0));
    geometry.divides_nothing = true;
    EXPECT_EQ(ChannelsLast(geometry, in)[1], 0);  // 0 / -1
    geometry.windows[2][1].size = 0;
    EXPECT_TRUE(std::isnan(ChannelsLast(geometry, in)[1]));
  });
}

TEST(PoolTest, NanNeverWinsAMaximum) {
  ForEachCpuTarget([] {
    PoolGeometry geometry;
    geometry.in = {1, 1, 3};
    geometry.windows = {{{{0, 1, 1}}, {{0, 1, 1}}, {{0, 3, 3}}}};
    EXPECT_THAT(ChannelsLast(geometry, {NAN, -5, NAN}), ElementsAre(-5));
  });
}

TEST(PoolTest, PaddingMayCountAsZeros) {
  ForEachCpuTarget([] {
    PoolGeometry geometry;
    geometry.in = {1, 1, 3};
    geometry.windows = {{{{0, 1, 1}}, {{0, 1, 1}}, SlidingWindows(3, 3, 2, 1, 1, true)}};
    EXPECT_THAT(ChannelsLast(geometry, {-1, -2, -3}), ElementsAre(-1, -1, -2));
    geometry.max_sees_padding = true;
    EXPECT_THAT(ChannelsLast(geometry, {-1, -2, -3}), ElementsAre(0, -1, -2));
  });
}

TEST(PoolTest, SlidingWindowsEndWithThePadding) {
  const std::vector<PoolWindow> with = SlidingWindows(4, 3, 3, 3, 1, true);
  EXPECT_EQ(with[0].begin, 0);
  EXPECT_EQ(with[0].end, 2);
  EXPECT_EQ(with[0].size, 3);  // -1, 0 and 1
  EXPECT_EQ(with[1].size, 3);  // 2, 3 and 4
  EXPECT_EQ(with[2].size, 0);  // 5 and beyond: behind the padding
  EXPECT_EQ(SlidingWindows(4, 3, 3, 3, 1, false)[1].size, 2);
}

TEST(PoolTest, AdaptiveWindowsCoverTheInput) {
  const std::vector<PoolWindow> windows = AdaptiveWindows(7, 3);
  ASSERT_EQ(windows.size(), 3u);
  EXPECT_EQ(windows[0].begin, 0);
  EXPECT_EQ(windows[0].end, 3);
  EXPECT_EQ(windows[1].begin, 2);
  EXPECT_EQ(windows[1].end, 5);
  EXPECT_EQ(windows[2].begin, 4);
  EXPECT_EQ(windows[2].end, 7);
}

}  // namespace
}  // namespace baryon::kernels
