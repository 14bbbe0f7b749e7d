// The innermost steps of convolution over planes, for each instruction set: a vector is neighbouring pixels of one
// channel. plane_conv.h makes whole convolutions of them.
#ifndef BARYON_ENGINE_KERNELS_PLANE_TILE_H_
#define BARYON_ENGINE_KERNELS_PLANE_TILE_H_

#include <cstdint>

namespace baryon::kernels {

constexpr int kMostPlaneFilters = 8;

// out[f][i] = clamp(bias[f] + sum over t of in[taps[t] + i] * weights[t][f]) for i < count, each sum in ascending order
// of t. Of inputs and outputs whole vectors are read and written: up to PlaneTarget::slack elements beyond `count`.
struct PlaneTile {
  const float* in;
  const int64_t* taps;
  int64_t num_taps;
  const float* weights;  // [num_taps][filters]
  const float* bias;     // or nullptr
  float* out;
  int64_t out_step;  // from one filter to the next
  int64_t count;
  float lower, upper;
};

// out[y][x] = the largest, or the mean, of in[2 y][2 x], in[2 y][2 x + 1] and the two below. Rows of `in` lie `pitch`
// apart, those of `out` next to each other. Whole vectors, as above.
using PairPoolPlane = void (*)(const float* in, int64_t pitch, int64_t height, int64_t width, float* out);

struct PlaneTarget {
  const char* name;
  int max_filters;  // of a tile
  int64_t slack;
  void (*multiply[kMostPlaneFilters + 1])(const PlaneTile& tile);  // by the number of filters
  PairPoolPlane pool_max, pool_avg;
};

// That of the active instruction set; see cpu_target.h. Lives forever.
const PlaneTarget& ActivePlaneTarget();

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_PLANE_TILE_H_
