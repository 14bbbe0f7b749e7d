// The sums before and after the products of Strassen's method, for each instruction set. strassen_gemm.h makes whole
// matrix products of them.
//
// Matrices of 2 x 2 blocks are multiplied with 7 products of blocks instead of 8 (Strassen, Gaussian Elimination is not
// Optimal, 1969):
//
//   C11 = M1 + M4 - M5 + M7    M1 = (A11 + A22) (B11 + B22)    M5 = (A11 + A12) B22
//   C12 = M3 + M5              M2 = (A21 + A22) B11            M6 = (A21 - A11) (B11 + B12)
//   C21 = M2 + M4              M3 = A11 (B12 - B22)            M7 = (A12 - A22) (B21 + B22)
//   C22 = M1 - M2 + M3 + M6    M4 = A22 (B21 - B11)
//
// With two levels the blocks are multiplied in the same way: 49 products of 4 x 4 blocks instead of 64. A is cut into n
// = 2^levels row by row, so that a tile is n neighbouring rows, and along K into n equal parts; B into parts of K and
// of columns. Product p belongs to the outer level's p / 7 and the inner one's p % 7. Rounding errors grow by a factor
// of about 1.6 with each level.
#ifndef BARYON_ENGINE_KERNELS_STRASSEN_TILE_H_
#define BARYON_ENGINE_KERNELS_STRASSEN_TILE_H_

#include <cstdint>

namespace baryon::kernels {

constexpr int kMostStrassenLevels = 2;
constexpr int64_t StrassenParts(int levels) { return int64_t{1} << levels; }
constexpr int64_t StrassenProducts(int levels) { return levels == 0 ? 1 : 7 * StrassenProducts(levels - 1); }

// The left sides of all products: that of product p, for element c of a part, goes to out[p * out_step + c].
struct StrassenInputTile {
  const float* const* rows;  // [n], each n parts of `part` elements
  int64_t part;
  float* out;
  int64_t out_step;
};

// Rows of C from the products, some columns j of each of the n parts of columns: the products are in[p * in_step + j].
// Reads whole vectors.
struct StrassenOutputTile {
  const float* in;
  int64_t in_step;
  int64_t columns;               // in each part
  int64_t part;                  // columns from one part to the next
  float* const* out;             // [n], of column 0 of part 0; nullptr: a row that is not there
  const float* const* residual;  // [n], or nullptr
  const float* bias;             // or nullptr
  float lower, upper;
};

// The right sides of all products, for one element of a part along K and `count` columns: element i of K's parts and
// part j of the columns is in[(i * n + j) * step + column], product p goes to out[p * out_step + column].
struct StrassenWeightTile {
  const float* in;
  int64_t step;
  float* out;
  int64_t out_step;
  int64_t count;  // a multiple of the vector width
};

struct StrassenTarget {
  const char* name;
  int64_t vector_width;
  // By the number of levels - 1.
  void (*input[kMostStrassenLevels])(const StrassenInputTile& tile);
  void (*output[kMostStrassenLevels])(const StrassenOutputTile& tile);
  void (*weight[kMostStrassenLevels])(const StrassenWeightTile& tile);
};

// That of the active instruction set; see cpu_target.h. Lives forever.
const StrassenTarget& ActiveStrassenTarget();

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_STRASSEN_TILE_H_
