#include "engine/kernels/product_tile.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "engine/kernels/aligned_buffer.h"
#include "engine/kernels/gemm_tile.h"
#include "engine/kernels/testing/kernel_tester.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

constexpr float kUntouched = -123;

// `count` tiles of `rows` rows against a panel of `columns` columns; with every way to prefetch, for none changes what
// is computed.
void CheckTiles(int rows, int64_t count, int columns, int64_t k) {
  const GemmTarget& target = ActiveGemmTarget();
  const int64_t vectors = (columns + target.vector_width - 1) / target.vector_width;
  const int64_t width = vectors * target.vector_width, a_step = k + 3, sums_step = 16 * 7;
  const std::vector<float> a = RandomFloats(rows * count * a_step, 1), values = RandomFloats(k * width, 2);
  AlignedBuffer b(k * width), sums((rows * count + 1) * sums_step);
  std::copy(values.begin(), values.end(), b.data());
  std::vector<double> want;
  for (int64_t i = 0; i < rows * count; ++i) {
    for (int j = 0; j < columns; ++j) {
      double sum = 0;
      for (int64_t p = 0; p < k; ++p) sum += static_cast<double>(a[i * a_step + p]) * values[p * width + j];
      want.push_back(sum);
    }
  }
  const ProductPrefetch ways[] = {NoPrefetch(b.data()), {b.data(), 1, 0, true}, {b.data(), 16, 16, false}};
  for (const ProductPrefetch& way : ways) {
    std::fill(sums.begin(), sums.end(), kUntouched);
    ProductTiles tiles = {};
    tiles.a = a.data();
    tiles.a_step = a_step;
    tiles.count = count;
    tiles.k = k;
    tiles.b = b.data();
    tiles.columns = columns;
    tiles.sums = sums.data();
    tiles.sums_step = sums_step;
    tiles.prefetch = way;
    ActiveProductTarget().run[rows][vectors](tiles);
    std::vector<float> got;
    int64_t untouched = 0;
    for (int64_t i = 0; i < rows * count; ++i) {
      const float* row = sums.data() + i * sums_step;
      got.insert(got.end(), row, row + columns);
      untouched += std::count(row + width, row + sums_step, kUntouched);
    }
    const std::string what = std::to_string(rows) + " rows, " + std::to_string(columns) + " columns";
    ExpectClose(got, want, 1e-6, what);
    EXPECT_EQ(untouched, rows * count * (sums_step - width)) << what;
    const float* behind = sums.data() + rows * count * sums_step;
    EXPECT_EQ(std::count(behind, behind + sums_step, kUntouched), sums_step) << what;
  }
}

TEST(ProductTileTest, EveryHeightAndWidthHasItsSums) {
  ForEachCpuTarget([] {
    const GemmTarget& target = ActiveGemmTarget();
    for (int rows = 1; rows <= target.max_rows; ++rows) {
      for (int columns = 1; columns <= target.panel_width; ++columns) CheckTiles(rows, 3, columns, 17);
      CheckTiles(rows, 1, target.panel_width, 1);
      CheckTiles(rows, 2, target.panel_width, 0);  // sums of nothing
    }
  });
}

TEST(ProductTileTest, PrefetchesEveryLineThatTwoForEachStepReach) {
  const std::vector<float> next(64 * 100);
  for (int64_t k : {40, 64, 100}) {
    for (int64_t count : {1, 2, 3, 4, 16}) {
      const ProductPrefetch prefetch = PrefetchOf(next.data(), 64 * k, k, 6 * count, count);
      std::set<int64_t> lines;
      for (int64_t i = 0; i < count * k; ++i) {
        const int64_t at = prefetch.at + i * prefetch.step - next.data();
        lines.insert(at / 16);
        lines.insert((at + prefetch.second) / 16);
      }
      // 4 k lines; what rounding adds behind them stays below one in sixteen.
      EXPECT_EQ(*lines.begin(), 0);
      EXPECT_GE(static_cast<int64_t>(lines.size()), std::min(4 * k, 2 * count * k)) << k << " " << count;
      EXPECT_LE(*lines.rbegin(), 4 * k + count * k / 16) << k << " " << count;
      EXPECT_EQ(prefetch.to_l1, count >= 4) << k << " " << count;
      EXPECT_TRUE(!prefetch.to_l1 || prefetch.second == 0) << k << " " << count;
    }
  }
}

}  // namespace
}  // namespace baryon::kernels
