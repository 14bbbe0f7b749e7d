// The innermost step of depthwise convolution with 3x3 kernels, for each instruction set: one or two rows of outputs.
// depthwise_3x3.h makes whole convolutions of it.
#ifndef BARYON_ENGINE_KERNELS_DEPTHWISE_3X3_TILE_H_
#define BARYON_ENGINE_KERNELS_DEPTHWISE_3X3_TILE_H_

#include <cstdint>

namespace baryon::kernels {

// out[r][i][c] = clamp(bias[c] + residual[r][i][c] + sum over y, x of in[r s + y][i s + x][c] * weights[y, x][c]), with
// the stride s of the kernel's name.
struct Depthwise3x3Tile {
  // Pixels of the input rows that the output rows read: pixel x of row y is in[y * in_pitch + x]. Pixels beyond the
  // border are pointers to zeros.
  const float* const* in;
  int64_t in_pitch;
  const float* weights;  // [9][weight_step], 64-byte aligned, channels padded to whole vectors
  int64_t weight_step;
  const float* bias;  // or nullptr
  float* out[2];
  const float* residual[2];         // or nullptr
  int64_t out_step, residual_step;  // from one pixel to the next
  int64_t width, channels;
  float lower, upper;
};

struct Depthwise3x3Target {
  const char* name;
  int64_t vector_width;
  using Run = void (*)(const Depthwise3x3Tile& tile);
  Run run[2][2];  // [stride - 1][rows - 1]
};

// That of the active instruction set; see cpu_target.h. Lives forever.
const Depthwise3x3Target& ActiveDepthwise3x3Target();

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_DEPTHWISE_3X3_TILE_H_
