// Steps between tiles and products are odd numbers of cache lines: powers of two would send neighbours to the same
// places of the cache.
#include "engine/kernels/tile_products.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/kernels/parts.h"

namespace baryon::kernels {
namespace {

constexpr int64_t kLine = 16;  // floats
constexpr int64_t kCachedFloats = (512 << 10) / sizeof(float);

int64_t OddLines(int64_t floats) { return (CeilDiv(floats, kLine) | 1) * kLine; }

}  // namespace

TileProducts::TileProducts(const GemmTarget& target, int64_t products, int64_t k, int64_t columns,
                           int64_t tiles_per_block)
    : target_(&target),
      kernels_(&ActiveProductTarget()),
      products_(products),
      k_(k),
      columns_(columns),
      tiles_per_block_(tiles_per_block),
      left_tile_step_(OddLines(k)),
      left_product_step_(OddLines(tiles_per_block * left_tile_step_)),
      sums_tile_step_(OddLines(products * target.panel_width)) {}

int64_t TileProducts::num_panels() const { return CeilDiv(columns_, target_->panel_width); }

int64_t TileProducts::panel_first(int64_t panel) const {
  const int64_t first = panel * target_->panel_width, left = columns_ - first;
  const int64_t vectors = target_->panel_width / target_->vector_width;
  const bool is_last_of_some = panel > 0 && panel == num_panels() - 1;
  if (!is_last_of_some || vectors < 3 || left > target_->vector_width) return first;
  return first - (vectors - 1) / 2 * target_->vector_width;
}

int TileProducts::panel_columns(int64_t panel) const {
  const int64_t end = panel == num_panels() - 1 ? columns_ : panel_first(panel + 1);
  return static_cast<int>(end - panel_first(panel));
}

int TileProducts::panel_width(int64_t panel) const {
  return static_cast<int>(CeilDiv(panel_columns(panel), target_->vector_width)) * target_->vector_width;
}

int64_t TileProducts::packed_size() const {
  if (columns_ == 0) return 0;
  const int64_t last = num_panels() - 1;
  return panel_offset(last) + products_ * k_ * panel_width(last);
}

void TileProducts::Multiply(int64_t panel, int64_t tiles, const float* left, const float* packed, float* sums) const {
  BARYON_DCHECK(tiles <= tiles_per_block_);
  if (tiles == 0) return;
  const int64_t size = k_ * panel_width(panel), vectors = panel_width(panel) / target_->vector_width;
  // Of nearly equal heights rather than a low one at the end: all run at full speed.
  const int64_t count = CeilDiv(tiles, target_->max_rows), height = tiles / count, higher = tiles % count;
  const bool cached = packed_size() <= kCachedFloats;
  const float* const begin = packed + panel_offset(panel);
  const ProductPrefetch prefetch = cached ? NoPrefetch(begin) : PrefetchOf(begin, size, k_, tiles, count);
  ProductTiles product = {};
  product.a_step = left_tile_step_;
  product.k = k_;
  product.columns = panel_columns(panel);
  product.sums_step = sums_tile_step_;
  for (int64_t p = 0; p < products_; ++p) {
    product.a = left + p * left_product_step_;
    product.b = begin + p * size;
    product.sums = sums + p * sums_product_step();
    product.prefetch = prefetch;
    if (!cached) product.prefetch.at = product.b + size;  // the next product's
    if (higher > 0) {
      product.count = higher;
      kernels_->run[height + 1][vectors](product);
      product.a += higher * (height + 1) * left_tile_step_;
      product.sums += higher * (height + 1) * sums_tile_step_;
      product.prefetch.at += higher * k_ * product.prefetch.step;
    }
    product.count = count - higher;
    kernels_->run[height][vectors](product);
  }
}

TileBlocks::TileBlocks(int64_t tiles, int64_t most, int64_t num_panels, int num_threads) : tiles(tiles) {
  if (tiles == 0) return;
  num_blocks = std::max<int64_t>((tiles + most / 2) / most, 1);
  if (num_threads > 1) {
    const bool few_tiles = tiles < 4 * kMaxTileRows * num_threads;
    if (few_tiles && num_panels >= num_threads) {
      panel_tasks = num_threads;
    } else {
      num_blocks = CeilDiv(num_blocks, num_threads) * num_threads;
    }
  }
  tiles_per_block = CeilDiv(tiles, num_blocks);
  num_blocks = CeilDiv(tiles, tiles_per_block);
}

}  // namespace baryon::kernels
