#include "engine/kernels/gemm_tile.h"

#include <algorithm>
#include <limits>
#include <set>
#include <vector>

#include "engine/kernels/aligned_buffer.h"
#include "engine/kernels/testing/kernel_tester.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

// A tile whose rows of A are several runs in any order: what convolutions need.
TEST(GemmTileTest, ReadsRowsRunByRun) {
  constexpr int64_t kRuns = 3, kRunLength = 5, kOffset = 2, kRowsOfB = 25;
  const int64_t b_rows[kRuns] = {0, 5, 20};  // the others are skipped
  ForEachCpuTarget([&] {
    const GemmTarget& target = ActiveGemmTarget();
    const int width = target.panel_width;
    const std::vector<float> a = RandomFloats(200, 1), values = RandomFloats(kRowsOfB * width, 2);
    AlignedBuffer b(kRowsOfB * width);
    std::copy(values.begin(), values.end(), b.data());
    for (int rows = 1; rows <= target.max_rows; ++rows) {
      std::vector<const float*> runs;
      for (int64_t i = 0; i < kRuns * rows; ++i) runs.push_back(a.data() + i * 37 % 190);
      std::vector<float> c(rows * width);
      std::vector<float*> c_rows;
      for (int i = 0; i < rows; ++i) c_rows.push_back(c.data() + i * width);

      GemmTile tile = {};
      tile.a = runs.data();
      tile.a_offset = kOffset;
      tile.runs = kRuns;
      tile.run_length = kRunLength;
      tile.b_rows = b_rows;
      tile.b = b.data();
      tile.c = c_rows.data();
      tile.columns = width;
      tile.lower = -std::numeric_limits<float>::infinity();
      tile.upper = std::numeric_limits<float>::infinity();
      SetNoPrefetch(tile);
      target.single[rows](tile);

      std::vector<double> want(rows * width, 0.0);
      for (int i = 0; i < rows; ++i) {
        for (int64_t k = 0; k < kRuns * kRunLength; ++k) {
          const double element = runs[k / kRunLength * rows + i][kOffset + k % kRunLength];
          const int64_t row = b_rows[k / kRunLength] + k % kRunLength;
          for (int j = 0; j < width; ++j) want[i * width + j] += element * values[row * width + j];
        }
      }
      ExpectClose(c, want, 1e-6, std::to_string(rows) + " rows");
    }
  });
}

// Lines that a tile with `k` steps brings into the cache.
std::set<int64_t> LinesOf(const GemmTile& tile, int64_t k, const float* base) {
  std::set<int64_t> lines;
  for (int64_t i = 0; i < k; ++i) {
    const int64_t at = tile.prefetch + i * tile.prefetch_step - base;
    lines.insert(at / 16);
    lines.insert((at + tile.prefetch_second) / 16);
  }
  return lines;
}

TEST(GemmTileTest, TilesTogetherPrefetchEveryLine) {
  const std::vector<float> next(64 * 100);
  for (int64_t k : {40, 64, 100}) {
    for (int64_t count : {2, 3, 4, 16}) {
      std::set<int64_t> lines;
      for (int64_t index = 0; index < count; ++index) {
        GemmTile tile = {};
        SetPrefetch(next.data(), 64 * k, k, index, count, tile);
        lines.merge(LinesOf(tile, k, next.data()));
      }
      EXPECT_EQ(static_cast<int64_t>(lines.size()), 4 * k) << k << " " << count;
      EXPECT_EQ(*lines.rbegin(), 4 * k - 1) << k << " " << count;
    }
  }
}

}  // namespace
}  // namespace baryon::kernels
