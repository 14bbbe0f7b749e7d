#include "engine/kernels/reduce_geometry.h"

#include <cstdint>
#include <numeric>
#include <set>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

using testing::ElementsAre;

ReduceGeometry GeometryOf(const std::vector<int64_t>& dims, const std::set<int>& axes) {
  bool reduced[ReduceGeometry::kMaxRank] = {};
  for (int axis : axes) reduced[axis] = true;
  return MakeReduceGeometry(dims.data(), reduced, static_cast<int>(dims.size()));
}

// Sums of 0, 1, 2, ... over `axes`, by the loops of the geometry.
std::vector<int64_t> SumByGeometry(const std::vector<int64_t>& dims, const std::set<int>& axes) {
  const ReduceGeometry g = GeometryOf(dims, axes);
  std::vector<int64_t> sums(g.num_outputs);
  ForEachUnit(g, 0, g.num_units, [&](int64_t output, int64_t count, int64_t offset) {
    ForEachRowGroup(g, offset, [&](int64_t group) {
      for (int64_t row = 0; row < g.rows; ++row) {
        const int64_t begin = group + row * g.row_stride;
        const int64_t length = g.run_is_reduced ? g.run : count;
        for (int64_t i = 0; i < length; ++i) sums[output + (g.run_is_reduced ? 0 : i)] += begin + i;
      }
    });
  });
  return sums;
}

// The same by the definition: each element is added to the output at its kept indices.
std::vector<int64_t> SumPlainly(const std::vector<int64_t>& dims, const std::set<int>& axes) {
  const int64_t size = std::accumulate(dims.begin(), dims.end(), int64_t{1}, std::multiplies<>());
  std::vector<int64_t> sums;
  for (int64_t element = 0; element < size; ++element) {
    int64_t output = 0, rest = element, scale = 1;
    for (int axis = static_cast<int>(dims.size()) - 1; axis >= 0; --axis) {
      if (axes.count(axis) == 0) {
        output += rest % dims[axis] * scale;
        scale *= dims[axis];
      }
      rest /= dims[axis];
    }
    sums.resize(scale);
    sums[output] += element;
  }
  return sums;
}

TEST(ReduceGeometryTest, JoinsNeighbouringAxesOfOneKind) {
  const ReduceGeometry g = GeometryOf({4, 5, 6}, {1, 2});
  EXPECT_TRUE(g.run_is_reduced);
  EXPECT_EQ(g.run, 30);
  EXPECT_EQ(g.num_outputs, 4);
  EXPECT_EQ(g.num_terms, 30);
  EXPECT_EQ(g.num_units, 4);
}

TEST(ReduceGeometryTest, CutsKeptNeighboursIntoStrips) {
  const ReduceGeometry g = GeometryOf({4, 5, 100}, {1});
  EXPECT_FALSE(g.run_is_reduced);
  EXPECT_EQ(g.rows, 5);
  EXPECT_EQ(g.row_stride, 100);
  EXPECT_EQ(g.num_strips(), 2);
  EXPECT_EQ(g.num_units, 8);
}

TEST(ReduceGeometryTest, HasNoWorkForAnEmptyResult) { EXPECT_EQ(GeometryOf({0, 5}, {1}).num_units, 0); }

TEST(ReduceGeometryTest, VisitsWhatTheDefinitionAdds) {
  const std::vector<std::pair<std::vector<int64_t>, std::set<int>>> cases = {
      {{7}, {}},
      {{7}, {0}},
      {{3, 4}, {0}},
      {{3, 4}, {1}},
      {{2, 1, 3}, {1}},
      {{3, 4, 130}, {1}},
      {{2, 3, 4, 5}, {0, 2}},
      {{2, 3, 4, 5}, {1, 3}},
      {{2, 3, 2, 3, 2, 3}, {0, 2, 4}},
      {{2, 3, 2, 3, 2, 3}, {1, 3, 5}},
  };
  for (const auto& [dims, axes] : cases) {
    EXPECT_EQ(SumByGeometry(dims, axes), SumPlainly(dims, axes))
        << testing::PrintToString(dims) << " over " << testing::PrintToString(axes);
  }
}

TEST(ForEachUnitTest, StartsAnywhere) {
  const ReduceGeometry g = GeometryOf({2, 5, 100}, {1});
  std::vector<std::vector<int64_t>> units;
  ForEachUnit(g, 1, 3, [&](int64_t output, int64_t count, int64_t offset) {
    units.push_back({output, count, offset});
  });
  EXPECT_THAT(units, ElementsAre(ElementsAre(64, 36, 64), ElementsAre(100, 64, 500)));
}

TEST(OdometerTest, StepsTheLastLoopFastest) {
  const ReduceGeometry::Loop loops[] = {{2, 100}, {3, 10}};
  Odometer odometer(loops, 2, /*position=*/2);
  EXPECT_EQ(odometer.offset(), 20);
  odometer.Step();
  EXPECT_EQ(odometer.offset(), 100);
}

}  // namespace
}  // namespace baryon::kernels
