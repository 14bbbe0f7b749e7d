// The innermost step of recurrent layers: for a few sequences and a few units, the products of the previous output with
// the recurrent weight, whose sums stay in registers, and then the gates.
//
//   kRelu, kTanh   h' = f(x' + W h)
//   kLstm          i, f, g, o = x' + W h;  c' = sigmoid(f) c + sigmoid(i) tanh(g);  h' = sigmoid(o) tanh(c')
//   kGru           r, z = sigmoid(x' + W h);  n = tanh(x' + r (W h + b));  h' = (1 - z) n + z h
//
// where x' is the input's share, bias included, computed beforehand for many steps (recurrent_layer.h). Units are taken
// a vector at a time: a panel of W holds all gates of one vector of units, [K][gates][lanes], so that the gates of a
// unit meet in registers and nothing but c and h is ever stored.
//
// Each sum runs over k in ascending order, whatever the tile: results do not depend on the batch.
#ifndef BARYON_ENGINE_KERNELS_RECURRENT_TILE_H_
#define BARYON_ENGINE_KERNELS_RECURRENT_TILE_H_

#include <cstdint>

namespace baryon::kernels {

enum class Cell { kRelu, kTanh, kLstm, kGru };

constexpr int NumGates(Cell cell) { return cell == Cell::kLstm ? 4 : cell == Cell::kGru ? 3 : 1; }

constexpr int kMaxCellRows = 6;

// Operands of one tile. Rows are sequences; of each there are pointers to its first unit.
struct CellTile {
  const float* const* previous;   // h: k elements
  const float* const* projected;  // x': [panel][gates][lanes]
  float* const* cell;             // kLstm: c, replaced by c'
  float* const* out;              // h'

  const float* weight;    // the first panel, 64-byte aligned
  int64_t panel_stride;   // elements from one panel to the next
  const float* new_bias;  // kGru: b, [lanes] for each panel; of the first
  int64_t k;              // elements of h: as many as there are units, but in LSTM with projection
  int64_t panel;          // number of the first panel
  int last_units;         // of the last panel of the tile; the others are whole
  float lower, upper;     // kLstm: limits of c'
  bool limit_nan;         // kLstm: NaN becomes `lower`, too
};

using CellTileFn = void (*)(const CellTile& tile);

// The micro-kernels of one cell and one instruction set.
struct CellTarget {
  const char* name;  // "avx512 6 rows"
  int lanes;         // units of a panel
  int max_rows;      // rows of the largest tile
  // Panels that a tile of so many rows takes at once: several where one would leave the multipliers waiting.
  int panels_at_once[kMaxCellRows + 1];
  CellTileFn full[kMaxCellRows + 1];    // `panels_at_once` panels
  CellTileFn single[kMaxCellRows + 1];  // one panel
};

// Those of the active instruction set; see cpu_target.h. Lives forever.
const CellTarget& ActiveCellTarget(Cell cell);

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_RECURRENT_TILE_H_
