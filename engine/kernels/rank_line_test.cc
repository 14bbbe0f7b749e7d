#include "engine/kernels/rank_line.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

template <typename T>
std::vector<int32_t> Ranked(const std::vector<T>& x, int64_t stride, int64_t k, bool ascending) {
  const int64_t n = (static_cast<int64_t>(x.size()) + stride - 1) / stride;
  std::vector<double> scratch(RankLineBytes(DTypeOf<T>(), n) / 8 + 1);
  const int32_t* places = RankLine(DTypeOf<T>(), x.data(), n, stride, k, ascending, scratch.data());
  return std::vector<int32_t>(places, places + k);
}

TEST(RankLineTest, AgreesWithAStableSortForAnyK) {
  std::mt19937 generator(1);
  for (int64_t n : {1, 2, 17, 400}) {
    std::vector<float> x(n);
    for (float& value : x) value = static_cast<float>(generator() % (n / 2 + 1));
    for (bool ascending : {true, false}) {
      std::vector<int32_t> want(n);
      std::iota(want.begin(), want.end(), 0);
      std::stable_sort(want.begin(), want.end(),
                       [&](int32_t a, int32_t b) { return ascending ? x[a] < x[b] : x[a] > x[b]; });
      for (int64_t k : {int64_t{1}, n / 20, n / 2, n}) {
        EXPECT_EQ(Ranked(x, 1, k, ascending), std::vector<int32_t>(want.begin(), want.begin() + k)) << n << " " << k;
      }
    }
  }
}

TEST(RankLineTest, NanIsLargest) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> x = {3, nan, 1, nan, 2};
  EXPECT_EQ(Ranked(x, 1, 5, true), (std::vector<int32_t>{2, 4, 0, 1, 3}));
  EXPECT_EQ(Ranked(x, 1, 5, false), (std::vector<int32_t>{1, 3, 0, 4, 2}));
}

TEST(RankLineTest, StridesAndSmallTypes) {
  EXPECT_EQ(Ranked(std::vector<uint8_t>{9, 0, 200, 0, 30}, 2, 3, false), (std::vector<int32_t>{1, 2, 0}));
  EXPECT_EQ(Ranked(std::vector<Half>{Half(2), Half(-1)}, 1, 2, true), (std::vector<int32_t>{1, 0}));
  EXPECT_EQ(Ranked(std::vector<int64_t>{5, int64_t{1} << 60}, 1, 1, false), (std::vector<int32_t>{1}));
}

}  // namespace
}  // namespace baryon::kernels
