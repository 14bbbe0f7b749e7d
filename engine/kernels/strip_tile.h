// The innermost step of convolutions of strips, see strip_conv.h, for each instruction set: a row of outputs whose
// inputs lie at equal distances, so that a single pointer reaches the inputs of many neighbours. Only the distances of
// images of three colours have kernels, for they are part of the instructions.
#ifndef BARYON_ENGINE_KERNELS_STRIP_TILE_H_
#define BARYON_ENGINE_KERNELS_STRIP_TILE_H_

#include <cstdint>

namespace baryon::kernels {

// out[i * out_step + j] = clamp(bias[j] + sum over r, k of in[i * step + runs[r] + k] * weights[r * run_length +
// k][j]), with the step of the kernel. Each sum is one over r and k in ascending order, as those of gemm_tile.h are.
struct StripTile {
  const float* in;
  const int64_t* runs;
  int64_t num_runs, run_length;
  const float* weights;  // rows of whole vectors, 64-byte aligned, `weight_step` elements apart
  int64_t weight_step;
  const float* bias;  // or nullptr
  float* out;
  int64_t out_step;
  int64_t width;    // `min_width` or more
  int64_t columns;  // as many as the weights of `max_vectors` have, or fewer
  float lower, upper;
};

struct StripTarget {
  const char* name;
  int64_t vector_width, max_vectors, min_width;
  using Run = void (*)(const StripTile& tile);
  Run step3, step6;  // those of strides 1 and 2

  // nullptr where there is none.
  Run Find(int64_t step) const { return step == 3 ? step3 : step == 6 ? step6 : nullptr; }
};

// That of the active instruction set; see cpu_target.h. Lives forever.
const StripTarget& ActiveStripTarget();

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_STRIP_TILE_H_
