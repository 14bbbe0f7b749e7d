#include "engine/kernels/tile_products.h"

#include <algorithm>
#include <string>
#include <vector>

#include "engine/kernels/aligned_buffer.h"
#include "engine/kernels/testing/kernel_tester.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

TEST(TileProductsTest, EveryPanelHasTheSumsOfAllProducts) {
  constexpr int64_t kProducts = 3, kK = 10, kMostTiles = 14;
  ForEachCpuTarget([] {
    const GemmTarget& target = ActiveGemmTarget();
    const int64_t columns = 2 * target.panel_width + target.vector_width / 2 + 1;  // a last panel with a cut vector
    const TileProducts products(target, kProducts, kK, columns, kMostTiles);
    EXPECT_EQ(products.num_panels(), 3);
    AlignedBuffer packed(products.packed_size()), left(products.left_size()), sums(products.sums_size());
    for (AlignedBuffer* buffer : {&packed, &left}) {
      const std::vector<float> values = RandomFloats(buffer->size(), static_cast<uint32_t>(buffer->size()));
      std::copy(values.begin(), values.end(), buffer->data());
    }
    for (int64_t tiles = 1; tiles <= kMostTiles; ++tiles) {
      for (int64_t panel = 0; panel < products.num_panels(); ++panel) {
        products.Multiply(panel, tiles, left.data(), packed.data(), sums.data());
        const int64_t width = products.panel_width(panel);
        const float* right = packed.data() + products.panel_offset(panel);
        std::vector<float> got;
        std::vector<double> want;
        for (int64_t tile = 0; tile < tiles; ++tile) {
          for (int64_t p = 0; p < kProducts; ++p) {
            for (int64_t column = 0; column < products.panel_columns(panel); ++column) {
              double sum = 0;
              for (int64_t k = 0; k < kK; ++k) {
                const float element =
                    left.data()[p * products.left_product_step() + tile * products.left_tile_step() + k];
                sum += static_cast<double>(element) * right[(p * kK + k) * width + column];
              }
              want.push_back(sum);
              got.push_back(sums.data()[tile * products.sums_tile_step() + p * products.sums_product_step() + column]);
            }
          }
        }
        ExpectClose(got, want, 1e-6, std::to_string(tiles) + " tiles, panel " + std::to_string(panel));
      }
    }
  });
}

TEST(TileProductsTest, PanelsAreWholeAndTheLastIsNoSingleVector) {
  ForEachCpuTarget([] {
    const GemmTarget& target = ActiveGemmTarget();
    for (int64_t columns = 1; columns <= 3 * target.panel_width; ++columns) {
      const TileProducts products(target, 7, 5, columns, 4);
      int64_t next = 0;
      for (int64_t panel = 0; panel < products.num_panels(); ++panel) {
        EXPECT_EQ(products.panel_first(panel), next);
        EXPECT_EQ(next % target.vector_width, 0);
        EXPECT_EQ(products.panel_offset(panel), next * 7 * 5);
        next += products.panel_columns(panel);
        EXPECT_LE(products.panel_width(panel), target.panel_width);
        const bool may_be_single = products.num_panels() == 1 || target.panel_width <= 2 * target.vector_width;
        EXPECT_TRUE(may_be_single || products.panel_width(panel) > target.vector_width) << columns;
      }
      EXPECT_EQ(next, columns);
    }
  });
}

TEST(TileBlocksTest, OneThreadTakesBlocksOfTheGivenSize) {
  const TileBlocks blocks(100, 30, 4, 1);
  EXPECT_EQ(blocks.num_blocks, 3);
  EXPECT_EQ(blocks.tiles_per_block, 34);
  EXPECT_EQ(blocks.panel_tasks, 1);
}

TEST(TileBlocksTest, ThreadsShareBlocksEvenly) {
  const TileBlocks blocks(900, 100, 4, 2);
  EXPECT_EQ(blocks.num_blocks % 2, 0);
  EXPECT_GE(blocks.num_blocks * blocks.tiles_per_block, 900);
  EXPECT_EQ(blocks.panel_tasks, 1);
}

TEST(TileBlocksTest, ThreadsSharePanelsWhereTilesAreFew) {
  const TileBlocks blocks(13, 16, 4, 2);
  EXPECT_EQ(blocks.num_blocks, 1);
  EXPECT_EQ(blocks.panel_tasks, 2);
}

TEST(TileBlocksTest, NoTilesAreNoTasks) { EXPECT_EQ(TileBlocks(0, 16, 4, 2).num_tasks(), 0); }

}  // namespace
}  // namespace baryon::kernels
