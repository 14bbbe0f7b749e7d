#include "engine/kernels/broadcast_runs.h"

#include <vector>

#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

using Dims = std::vector<int64_t>;

// The element of an array of shape `dims` that stands at `index` of an output of shape `output`.
int64_t ElementAt(const Dims& dims, const Dims& output, int64_t index) {
  int64_t element = 0, stride = 1;
  for (size_t back = 1; back <= output.size(); ++back) {
    const int64_t position = index % output[output.size() - back];
    index /= output[output.size() - back];
    if (back > dims.size()) continue;
    const int64_t size = dims[dims.size() - back];
    element += size == 1 ? 0 : position * stride;
    stride *= size;
  }
  return element;
}

TEST(BroadcastRunsTest, VisitsTheElementsThatBroadcastingNames) {
  const Dims kShapes[][3] = {
      {{2, 3, 4}, {2, 3, 4}, {2, 3, 4}},
      {{2, 3, 4}, {3, 1}, {2, 3, 4}},
      {{5, 1}, {1, 3}, {5, 3}},
      {{4}, {}, {4}},
      {{2, 1, 3, 1}, {4, 1, 5}, {2, 4, 3, 5}},
      {{}, {}, {}},
      {{2, 1, 2, 1, 2}, {1, 3, 1, 3, 1}, {2, 3, 2, 3, 2}},
  };
  for (const auto& [a, b, y] : kShapes) {
    const BroadcastRuns runs({a, b}, y);
    for (int64_t begin = 0; begin < runs.num_elements(); ++begin) {
      int64_t at = begin;
      runs.ForEach(begin, runs.num_elements(), [&](const BroadcastRuns::Offsets& offsets, int64_t n) {
        for (int64_t i = 0; i < n; ++i, ++at) {
          ASSERT_EQ(offsets[0] + i * runs.step(0), ElementAt(a, y, at));
          ASSERT_EQ(offsets[1] + i * runs.step(1), ElementAt(b, y, at));
        }
      });
      ASSERT_EQ(at, runs.num_elements());
    }
  }
}

TEST(BroadcastRunsTest, MergesAxesThatGoOnAlike) {
  const Dims a = {8, 64, 7, 7}, b = {1, 64, 1, 1}, row = {7};
  const BroadcastRuns channels({a, b}, a);
  EXPECT_EQ(channels.run(), 49);
  EXPECT_EQ(channels.step(0), 1);
  EXPECT_EQ(channels.step(1), 0);
  EXPECT_TRUE(channels.is_dense(0));
  EXPECT_FALSE(channels.is_dense(1));
  EXPECT_TRUE(BroadcastRuns({a, a}, a).is_single_run());
  EXPECT_TRUE(BroadcastRuns({a, row}, a).is_same_in_all_runs(1));
  EXPECT_FALSE(channels.is_same_in_all_runs(1));
}

}  // namespace
}  // namespace baryon::kernels
