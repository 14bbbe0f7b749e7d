// The transforms of Winograd's convolution, for each instruction set. winograd_conv.h and phase_conv.h make whole
// convolutions of them.
//
// F(m x m, r x r) computes m x m outputs of an r x r kernel from e x e inputs, e = m + r - 1, with one product for each
// input instead of r^2 for each output (Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2015):
//
//   Y = A^T [ (G g G^T) . (B^T d B) ] A
//
// For 3x3 kernels m = 2 needs 2.25 times fewer multiplications than the definition and loses no more accuracy; m = 3
// needs 3.24 times fewer and loses two bits, m = 4 needs 4 times fewer and loses a digit. F(3x3, 4x4) is like the last.
#ifndef BARYON_ENGINE_KERNELS_WINOGRAD_TILE_H_
#define BARYON_ENGINE_KERNELS_WINOGRAD_TILE_H_

#include <cstdint>

namespace baryon::kernels {

// B^T d B of one tile, all channels: product p of channel c goes to out[p * out_step + c].
struct WinogradInputTile {
  const float* const* pixels;  // [e^2], in row order; those beyond the border are pointers to zeros
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

struct WinogradTransforms {
  int m, r;
  void (*input)(const WinogradInputTile& tile);
  void (*output)(const WinogradOutputTile& tile);
  void (*weight)(const WinogradWeightTile& tile);

  int edge() const { return m + r - 1; }
  int products() const { return edge() * edge(); }
};

constexpr int kMostWinogradEdge = 6, kMostWinogradOutputs = 16;

// Those of F(m x m, r x r) and the active instruction set; see cpu_target.h. (m, r): (2, 3), (3, 3), (4, 3) or (3, 4).
// Live forever.
const WinogradTransforms& ActiveWinogradTransforms(int m, int r);

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_WINOGRAD_TILE_H_
