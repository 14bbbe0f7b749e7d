// Positions are computed in float, as MXNet does.
#include "engine/kernels/resize_bilinear.h"

#include <algorithm>

namespace baryon::kernels {

std::vector<Interpolation> BilinearAxis(int64_t in, int64_t out, bool align_corners) {
  const int64_t steps = align_corners ? out - 1 : out;
  const float ratio = out > 1 ? static_cast<float>(align_corners ? in - 1 : in) / steps : 0.0f;
  std::vector<Interpolation> result;
  for (int64_t i = 0; i < out; ++i) {
    const float position = align_corners ? ratio * i : std::max(0.0f, ratio * (i + 0.5f) - 0.5f);
    const int64_t first = std::min(static_cast<int64_t>(position), in - 1);
    result.push_back({first, std::min(first + 1, in - 1), position - first});
  }
  return result;
}

}  // namespace baryon::kernels
