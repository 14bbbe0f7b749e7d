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
  const int64_t width = panel_width(panel), vectors = width / target_->vector_width;
  const bool is_full = width == target_->panel_width;
  const int64_t row_tiles = CeilDiv(tiles, target_->max_rows);
  const bool cached = packed_size() <= kCachedFloats;
  const int64_t b_row = 0;
  const float* rows[kMaxTileRows];
  GemmTile tile = {};
  tile.a = rows;
  tile.runs = 1;
  tile.run_length = k_;
  tile.b_rows = &b_row;
  tile.b = packed + panel_offset(panel);
  tile.columns = panel_columns(panel);
  tile.sums_stride = sums_tile_step_;
  SetNoPrefetch(tile);
  for (int64_t p = 0; p < products_; ++p, tile.b += k_ * width) {
    for (int64_t r = 0; r < row_tiles; ++r) {
      // Of nearly equal heights rather than a low one at the end: all run at full speed.
      const int64_t first = tiles * r / row_tiles, end = tiles * (r + 1) / row_tiles;
      for (int64_t i = first; i < end; ++i) rows[i - first] = left + p * left_product_step_ + i * left_tile_step_;
      tile.sums_out = sums + first * sums_tile_step_ + p * sums_product_step();
      if (!cached) SetPrefetch(tile.b + k_ * width, k_ * width, k_, r, row_tiles, tile);  // the next product's
      const GemmTileFn fn = is_full ? target_->single[end - first] : target_->tail[end - first][vectors];
      fn(tile);
    }
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
