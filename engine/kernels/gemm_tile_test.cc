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

// A column of tiles against the kernel of one of them: the same bits, and nothing beside them is written.
void CheckColumn(const GemmTarget& target, int columns, int64_t k, bool bias, bool residual) {
  constexpr int64_t kTiles = 3, kRows = kMaxTileRows, kStep = 3 * kRows + 2, kOffset = 3, kColumn = 5;
  constexpr float kUntouched = 12345;
  const int vectors = (columns + target.vector_width - 1) / target.vector_width;
  const bool is_full = columns == target.panel_width;
  const int64_t width = vectors * target.vector_width, row_size = kColumn + columns + 3;
  const std::vector<float> a = RandomFloats(kTiles * kRows * 7 + k + kOffset, 1), b_values = RandomFloats(k * width, 2);
  const std::vector<float> added = RandomFloats(kTiles * kRows * row_size, 3), bias_values = RandomFloats(columns, 4);
  AlignedBuffer b(k * width + 1);
  std::copy(b_values.begin(), b_values.end(), b.data());
  std::vector<float> together(kTiles * kRows * row_size, kUntouched), alone = together;

  const auto run = [&](std::vector<float>& c, bool is_column) {
    std::vector<const float*> pointers(kTiles * kStep);
    for (int64_t row = 0; row < kTiles * kRows; ++row) {
      const float** at = pointers.data() + row / kRows * kStep + row % kRows;
      at[0] = a.data() + row * 7;
      at[kRows] = c.data() + row * row_size;
      at[2 * kRows] = added.data() + row * row_size;
    }
    float* const* outs = const_cast<float* const*>(pointers.data() + kRows);
    const float* const* residuals = residual ? pointers.data() + 2 * kRows : nullptr;
    const float* biases = bias ? bias_values.data() : nullptr;
    if (is_column) {
      const GemmTileColumn tiles = {pointers.data(), outs,   residuals, kStep,   kTiles, kOffset, k,
                                    b.data(),        biases, kColumn,   columns, -0.5f,  0.75f};
      (is_full ? target.full_column : target.tail_column[vectors])(tiles);
      return;
    }
    const int64_t b_row = 0;
    for (int64_t t = 0; t < kTiles; ++t) {
      GemmTile tile = {};
      tile.a = pointers.data() + t * kStep;
      tile.a_offset = kOffset;
      tile.runs = 1;
      tile.run_length = k;
      tile.b_rows = &b_row;
      tile.b = b.data();
      tile.c = outs + t * kStep;
      tile.residual = residual ? residuals + t * kStep : nullptr;
      tile.bias = biases;
      tile.column = kColumn;
      tile.columns = columns;
      tile.lower = -0.5f;
      tile.upper = 0.75f;
      SetNoPrefetch(tile);
      (is_full ? target.single[kRows] : target.tail[kRows][vectors])(tile);
    }
  };
  run(together, true);
  run(alone, false);
  EXPECT_EQ(together, alone) << target.name << " " << columns << " columns, k " << k;
  EXPECT_EQ(std::count(together.begin(), together.end(), kUntouched), kTiles * kRows * (row_size - columns));
}

TEST(GemmTileTest, AColumnIsItsTilesOneByOne) {
  ForEachCpuTarget([] {
    const GemmTarget& target = ActiveGemmTarget();
    for (int columns = 1; columns <= target.panel_width; ++columns) {
      for (int64_t k : {0, 1, 17}) {
        CheckColumn(target, columns, k, /*bias=*/true, /*residual=*/false);
        CheckColumn(target, columns, k, /*bias=*/false, /*residual=*/true);
      }
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
