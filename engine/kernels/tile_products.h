// What the methods of Winograd and Strassen have in common between their transforms: for tiles of a matrix or map, some
// number of products of one shape.
//
//   sums[tile][p][column] = sum over k of left[p][tile][k] * right[p][k][column]        for each product p
//
// The right sides, made of the weight once, stand in panels of columns as in gemm_tile.h: panel after panel, and within
// a panel product after product, [p][k][panel width], the last panel only as wide as the vectors it needs. Where a
// single vector would be left for it, it gets a share of its neighbour's: a core multiplies one at half its speed.
// Tiles are worked off in blocks whose left sides and sums of one panel stay near the core. Immutable; holds no
// operand.
#ifndef BARYON_ENGINE_KERNELS_TILE_PRODUCTS_H_
#define BARYON_ENGINE_KERNELS_TILE_PRODUCTS_H_

#include <cstdint>

#include "engine/kernels/gemm_tile.h"
#include "engine/kernels/product_tile.h"

namespace baryon::kernels {

class TileProducts {
 public:
  // For blocks of at most `tiles_per_block` tiles.
  TileProducts(const GemmTarget& target, int64_t products, int64_t k, int64_t columns, int64_t tiles_per_block);

  int64_t products() const { return products_; }
  int64_t k() const { return k_; }
  int64_t num_panels() const;
  int64_t panel_first(int64_t panel) const;  // its first column
  int panel_columns(int64_t panel) const;    // without the padding
  int panel_width(int64_t panel) const;      // with it
  int64_t panel_offset(int64_t panel) const { return panel_first(panel) * products_ * k_; }
  int64_t packed_size() const;  // floats of all right sides, 64-byte aligned

  // left[p * left_product_step() + tile * left_tile_step() + k].
  int64_t left_tile_step() const { return left_tile_step_; }
  int64_t left_product_step() const { return left_product_step_; }
  int64_t left_size() const { return products_ * left_product_step_; }  // floats of a block
  // sums[tile * sums_tile_step() + p * sums_product_step() + column], whole vectors; 64-byte aligned.
  int64_t sums_tile_step() const { return sums_tile_step_; }
  int64_t sums_product_step() const { return target_->panel_width; }
  int64_t sums_size() const { return tiles_per_block_ * sums_tile_step_; }

  // The sums of `tiles` tiles, at most tiles_per_block, for one panel. `packed` is the start of all right sides.
  void Multiply(int64_t panel, int64_t tiles, const float* left, const float* packed, float* sums) const;

 private:
  const GemmTarget* target_;
  const ProductTarget* kernels_;
  int64_t products_, k_, columns_, tiles_per_block_;
  int64_t left_tile_step_, left_product_step_, sums_tile_step_;
};

// How `tiles` tiles are cut into blocks of about `most` and shared among threads: by blocks, or where tiles are few
// by panels, so that each thread reads its own part of the weights only.
struct TileBlocks {
  TileBlocks(int64_t tiles, int64_t most, int64_t num_panels, int num_threads);

  int64_t num_tasks() const { return num_blocks * panel_tasks; }

  int64_t tiles;
  int64_t tiles_per_block = 1, num_blocks = 0, panel_tasks = 1;
};

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_TILE_PRODUCTS_H_
