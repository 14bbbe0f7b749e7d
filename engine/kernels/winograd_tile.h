// The transforms of Winograd's convolution with 3x3 kernels, for each instruction set. winograd_conv.h makes whole
// convolutions of them.
//
// F(m x m, 3x3) computes m x m outputs from (m + 2) x (m + 2) inputs with one product for each input instead of 9 for
// each output (Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2015):
//
//   Y = A^T [ (G g G^T) . (B^T d B) ] A
//
// m = 2 needs 2.25 times fewer multiplications than the definition and loses no more accuracy; m = 4 needs 4 times
// fewer and loses a digit.
#ifndef BARYON_ENGINE_KERNELS_WINOGRAD_TILE_H_
#define BARYON_ENGINE_KERNELS_WINOGRAD_TILE_H_

#include <cstdint>

namespace baryon::kernels {

// B^T d B of one tile, all channels: product p of channel c goes to out[p * out_step + c].
struct WinogradInputTile {
  const float* const* pixels;  // [(m + 2)^2], in row order; those beyond the border are pointers to zeros
  float* out;                  // out_step is not below channels rounded up to 16, and what is between may be written
  int64_t out_step;
  int64_t channels;
};

// A^T p A of one tile, some columns (filters): the products of column j are in[p * in_step + j]. Reads up to 16
// elements beyond the last.
struct WinogradOutputTile {
  const float* in;
  int64_t in_step;
  int64_t columns;
  float* const* out;             // [m^2]; nullptr: an output beyond the border
  const float* const* residual;  // [m^2], or nullptr
  const float* bias;             // of the first column, or nullptr
  float lower, upper;
};

// G g G^T of `count` columns: position p of column j is in[p * step + j], product p goes to out[p * out_step + j].
struct WinogradWeightTile {
  const float* in;
  int64_t step;
  float* out;
  int64_t out_step;
  int64_t count;  // a multiple of the vector width
};

struct WinogradTarget {
  const char* name;
  int64_t vector_width;
  // Index 0: m = 2; 1: m = 4.
  void (*input[2])(const WinogradInputTile& tile);
  void (*output[2])(const WinogradOutputTile& tile);
  void (*weight[2])(const WinogradWeightTile& tile);
};

// That of the active instruction set; see cpu_target.h. Lives forever.
const WinogradTarget& ActiveWinogradTarget();

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_WINOGRAD_TILE_H_
