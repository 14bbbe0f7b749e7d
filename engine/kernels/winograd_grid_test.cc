#include "engine/kernels/winograd_grid.h"

#include <algorithm>
#include <vector>

#include "engine/kernels/pixel_rows.h"
#include "engine/kernels/testing/conv_tester.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

TEST(WinogradGridTest, TilesFollowEachOtherImageAfterImage) {
  TestConv conv = TestConv::Square(4, 4, 7, 3);
  conv.geometry.in = conv.geometry.out = {1, 7, 9};
  conv.geometry.batch = 2;
  const WinogradGrid grid(conv.geometry, WithStrides({}, conv.geometry), ActiveWinogradTransforms(4, 3));
  EXPECT_EQ(grid.num_tiles(), 12);
  const WinogradGrid::Origin last = grid.OriginOf(11);
  EXPECT_EQ(last.image, 1);
  EXPECT_EQ(last.y, 4);
  EXPECT_EQ(last.x, 8);
}

TEST(WinogradGridTest, StoresNothingBeyondTheBorder) {
  ForEachCpuTarget([] {
    TestConv conv = TestConv::Square(4, 4, 5, 3).Finish();
    const WinogradTransforms& transforms = ActiveWinogradTransforms(3, 3);
    const WinogradGrid grid(conv.geometry, WithStrides({}, conv.geometry), transforms);
    const TileProducts products(ActiveGemmTarget(), transforms.products(), 4, 4, grid.num_tiles());
    AlignedBuffer sums(products.sums_size());
    std::fill(sums.begin(), sums.end(), 0.0f);
    // The product at 0, 0 alone is the sum of the first output of a tile.
    for (int64_t tile = 0; tile < grid.num_tiles(); ++tile) {
      std::fill_n(sums.data() + tile * products.sums_tile_step(), products.sums_product_step(), 3.0f);
    }
    std::vector<float> out(25 * 4 + 8, -7);
    ConvOperands operands;
    operands.out = out.data();
    for (int64_t panel = 0; panel < products.num_panels(); ++panel) {
      grid.StoreTiles(0, grid.num_tiles(), panel, products, sums.data(), operands);
    }
    std::vector<float> want(25 * 4 + 8, 0);
    std::fill(want.end() - 8, want.end(), -7.0f);
    for (int64_t pixel : {0, 3, 15, 18}) std::fill_n(want.begin() + pixel * 4, 4, 3.0f);
    EXPECT_EQ(out, want);
  });
}

}  // namespace
}  // namespace baryon::kernels
