// The innermost step of depthwise convolution, for each instruction set: neighbouring outputs that read the same kernel
// positions. depthwise.h makes whole convolutions of it.
#ifndef BARYON_ENGINE_KERNELS_DEPTHWISE_TILE_H_
#define BARYON_ENGINE_KERNELS_DEPTHWISE_TILE_H_

#include <cstdint>

namespace baryon::kernels {

// out[i][c] = clamp(bias[c] + residual[i][c] + sum over rows r and positions p of in[r][i][p][c] * weights[r][p][c]).
// Distances are in elements.
struct DepthwiseTile {
  int64_t num_rows;               // of the kernel
  const float* const* in_rows;    // what output 0 reads of each, without the positions' offsets
  const float* const* weights;    // of each row; 64-byte aligned, channels padded to whole vectors
  int64_t num_positions;          // along a row of the kernel
  const int64_t* in_offsets;      // from a row's input to a position's
  const int64_t* weight_offsets;  // from a row's weights to a position's
  int64_t in_step;                // from one output's input to the next's

  int64_t first, count;  // outputs: i from `first` on
  float* out;
  int64_t out_step;
  const float* residual;  // or nullptr
  int64_t residual_step;
  int64_t channels;
  const float* bias;  // or nullptr
  float lower, upper;
};

struct DepthwiseTarget {
  const char* name;
  int64_t vector_width;
  void (*run)(const DepthwiseTile& tile);
};

// That of the active instruction set; see cpu_target.h. Lives forever.
const DepthwiseTarget& ActiveDepthwiseTarget();

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_DEPTHWISE_TILE_H_
