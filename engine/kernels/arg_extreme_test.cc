#include "engine/kernels/arg_extreme.h"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

template <typename T>
std::vector<int64_t> PlacesOf(Extreme extreme, const std::vector<T>& x, int64_t outer, int64_t size, int64_t inner) {
  std::vector<int64_t> y(outer * inner);
  const int64_t units = NumArgUnits(outer, inner), middle = units / 2;
  ArgExtreme(extreme, DTypeOf<T>(), x.data(), size, inner, DType::kInt64, y.data(), 0, middle);
  ArgExtreme(extreme, DTypeOf<T>(), x.data(), size, inner, DType::kInt64, y.data(), middle, units);
  return y;
}

template <typename T>
std::vector<int64_t> Expected(Extreme extreme, const std::vector<T>& x, int64_t outer, int64_t size, int64_t inner) {
  std::vector<int64_t> y(outer * inner, 0);
  for (int64_t i = 0; i < outer * inner; ++i) {
    const T* column = x.data() + i / inner * size * inner + i % inner;
    for (int64_t row = 1; row < size; ++row) {
      const float now = column[row * inner], best = column[y[i] * inner];
      const bool better = extreme == Extreme::kMax ? now > best : now < best;
      if (!std::isnan(best) && (better || std::isnan(now))) y[i] = row;
    }
  }
  return y;
}

TEST(ArgExtremeTest, FirstOfEqualElementsOrNan) {
  std::mt19937 generator(1);
  for (int64_t inner : {1, 2, 16, 21, 64, 65, 200}) {
    for (int64_t size : {1, 2, 15, 16, 17, 100}) {
      for (int nans : {0, 1, 5}) {
        std::vector<float> x(3 * size * inner);
        for (float& value : x) value = static_cast<float>(generator() % 7) - 3;
        for (int i = 0; i < nans; ++i) x[generator() % x.size()] = kNan;
        const std::vector<double> wide(x.begin(), x.end());
        const std::vector<Half> halves(x.begin(), x.end());
        for (Extreme extreme : {Extreme::kMax, Extreme::kMin}) {
          const std::vector<int64_t> want = Expected(extreme, x, 3, size, inner);
          EXPECT_EQ(PlacesOf(extreme, x, 3, size, inner), want);
          EXPECT_EQ(PlacesOf(extreme, wide, 3, size, inner), want);
          EXPECT_EQ(PlacesOf(extreme, halves, 3, size, inner), want);
        }
      }
    }
  }
}

TEST(ArgExtremeTest, WholeNumbersAndFloatResults) {
  const std::vector<uint8_t> x = {3, 200, 5, 200};
  float place = -1;
  ArgExtreme(Extreme::kMax, DType::kUInt8, x.data(), 4, 1, DType::kFloat32, &place, 0, 1);
  EXPECT_EQ(place, 1);
  ArgExtreme(Extreme::kMin, DType::kUInt8, x.data(), 4, 1, DType::kFloat32, &place, 0, 1);
  EXPECT_EQ(place, 0);
}

}  // namespace
}  // namespace baryon::kernels
