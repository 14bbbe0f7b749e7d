// The innermost step of dense layers and convolutions: a tile of C = A * B whose sums stay in registers, for each
// instruction set. packed_gemm.h makes whole products of it.
//
// B is packed in panels of `panel_width` columns, [K][panel_width], the last panel only as wide as whole vectors need.
// A is read where it lies: row i of a tile is a list of runs, each a pointer to `run` neighbouring elements. One run of
// K elements is an ordinary matrix; a run per kernel position is a convolution over channels-last data without copying
// its windows (Dukhan, The Indirect Convolution Algorithm, 2019), with any stride, dilation and padding.
//
// Each result is one sum over k in ascending order, whatever the tile's shape, the instruction set with FMA or the cut
// of K into pieces: results do not depend on the batch or on the number of threads.
#ifndef BARYON_ENGINE_KERNELS_GEMM_TILE_H_
#define BARYON_ENGINE_KERNELS_GEMM_TILE_H_

#include <cstdint>

#include "engine/kernels/activation.h"

namespace baryon::kernels {

constexpr int kMaxTileRows = 6;
constexpr int kMaxPanelVectors = 4;

// Operands of one tile.
struct GemmTile {
  // Run r of row i is a[r * rows + i][a_offset ... a_offset + run_length), to be multiplied with the rows of B from
  // b_rows[r] on.
  const float* const* a;
  int64_t a_offset;
  int64_t runs;
  int64_t run_length;
  const int64_t* b_rows;

  const float* b;        // the panel, 64-byte aligned
  int64_t panel_stride;  // elements from one panel to the next, for kernels that take several

  // When K is multiplied in pieces: the sums of the pieces before, or nullptr, and where to leave the sums for the next
  // piece, or nullptr after the last. Rows of `panel_width` columns, 64-byte aligned, `sums_stride` elements apart.
  const float* sums_in;
  float* sums_out;
  int64_t sums_stride;

  // After the last piece: c[i][column + j] = clamp(sum + bias[j] + residual[i][column + j]) for j < columns.
  float* const* c;
  const float* const* residual;  // or nullptr
  const float* bias;             // of the tile's first column, or nullptr
  int64_t column;
  int columns;
  float lower, upper;

  // Brought into the second level of the cache meanwhile, for each k: the lines at prefetch + k * prefetch_step and
  // prefetch_second behind it. See SetPrefetch.
  const float* prefetch;
  int64_t prefetch_step;
  int64_t prefetch_second;
};

// Makes `tile`, the index-th of `count` that multiply the same piece of a panel, prefetch its share of `size` floats at
// `next`, what is needed after the piece. All of them: a few lines that come from memory unprefetched cost as much as
// they would all. Its runs, of `k` elements together, are set already.
void SetPrefetch(const float* next, int64_t size, int64_t k, int64_t index, int64_t count, GemmTile& tile);
// Makes it prefetch nothing.
void SetNoPrefetch(GemmTile& tile);

using GemmTileFn = void (*)(const GemmTile& tile);

// Operands of `count` tiles of kMaxTileRows rows each that multiply the same panel one after the other, each row a
// single run of `k` elements: what is left of a tile's fixed cost is a third, which counts where k is small. Results
// are those of the tiles alone.
struct GemmTileColumn {
  // Of the first tile; those of the next are `step` pointers behind them.
  const float* const* a;
  float* const* c;
  const float* const* residual;  // or nullptr
  int64_t step, count;
  int64_t a_offset, k;

  const float* b;  // the rest as in GemmTile
  const float* bias;
  int64_t column;
  int columns;
  float lower, upper;
};

using GemmTileColumnFn = void (*)(const GemmTileColumn& tiles);

// The micro-kernels of one instruction set.
struct GemmTarget {
  const char* name;  // "avx512 6x64"
  int vector_width;  // elements of a vector
  int panel_width;   // columns of a full panel
  int max_rows;      // rows of the largest tile
  // Panels that a tile of so many rows takes at once: several where one would leave the multipliers waiting.
  int panels_at_once[kMaxTileRows + 1];
  GemmTileFn full[kMaxTileRows + 1];                        // `panels_at_once` full panels
  GemmTileFn single[kMaxTileRows + 1];                      // one full panel
  GemmTileFn tail[kMaxTileRows + 1][kMaxPanelVectors + 1];  // a last panel of so many vectors, any `columns`
  // Applies an activation other than a clamp to row[0 ... count).
  void (*activate)(const ActivationSpec& activation, float* row, int64_t count);
  GemmTileColumnFn full_column;                        // of one full panel
  GemmTileColumnFn tail_column[kMaxPanelVectors + 1];  // of a last panel of so many vectors, any `columns`
};

// Those of the active instruction set; see cpu_target.h. Lives forever.
const GemmTarget& ActiveGemmTarget();

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_GEMM_TILE_H_
