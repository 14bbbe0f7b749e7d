// The micro-kernels of tile_products.h: rows of a left side against one panel of a right side,
//
//   sums[i][column] = sum over k of a[i][k] * b[k][column]
//
// for many tiles in one call. What a call and the choice of what to prefetch cost is paid once for all rows of a
// product, which counts where k is small.
#ifndef BARYON_ENGINE_KERNELS_PRODUCT_TILE_H_
#define BARYON_ENGINE_KERNELS_PRODUCT_TILE_H_

#include <cstdint>

#include "engine/kernels/gemm_tile.h"

namespace baryon::kernels {

// What is brought nearer while a product is multiplied. For each k of each tile the line at `at`, which then moves on
// by `step` elements: into the first level of the cache, or where that is too much for it into the second, with the
// line `second` elements behind it.
struct ProductPrefetch {
  const float* at;
  int64_t step;
  int64_t second;
  bool to_l1;
};

// For `count` tiles of `rows` rows together, which prefetch the `size` floats at `next` in count * k steps. All of
// them, or as many as two lines for each step reach: a few lines that come from memory unprefetched cost as much as
// they would all.
ProductPrefetch PrefetchOf(const float* next, int64_t size, int64_t k, int64_t rows, int64_t count);
// Of nothing: the line at `hot`, which is near.
ProductPrefetch NoPrefetch(const float* hot);

// Operands of `count` tiles of one height, one after the other.
struct ProductTiles {
  const float* a;  // row i at a + i * a_step
  int64_t a_step;
  int64_t count;
  int64_t k;
  const float* b;  // the panel, [k][vectors of columns], 64-byte aligned
  int columns;
  float* sums;  // row i at sums + i * sums_step, whole vectors; 64-byte aligned
  int64_t sums_step;
  ProductPrefetch prefetch;
};

using ProductTilesFn = void (*)(const ProductTiles& tiles);

// The micro-kernels of one instruction set, of tiles of so many rows and a panel of so many vectors.
struct ProductTarget {
  ProductTilesFn run[kMaxTileRows + 1][kMaxPanelVectors + 1];
};

// Those of the active instruction set; see cpu_target.h. Lives forever.
const ProductTarget& ActiveProductTarget();

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_PRODUCT_TILE_H_
