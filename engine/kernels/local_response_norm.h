// Local response normalisation across channels: y = x (knorm + alpha / size sum x²)^-beta, the sum over a window of
// `size` channels around each, cut off at the ends.
// Source: Krizhevsky, Sutskever, Hinton, ImageNet Classification with Deep Convolutional Neural Networks, 2012.
#ifndef BARYON_ENGINE_KERNELS_LOCAL_RESPONSE_NORM_H_
#define BARYON_ENGINE_KERNELS_LOCAL_RESPONSE_NORM_H_

#include <cstdint>

#include "engine/tensor/dtype.h"

namespace baryon::kernels {

struct LocalResponseNormFormula {
  int64_t size = 5;  // odd
  float alpha = 1e-4f, beta = 0.75f, knorm = 2;
};

// Over pixels [begin, end) of x, whose channels are `channel_stride` elements apart and whose pixels `pixel_stride`;
// one of the two is 1. y has the same layout and does not overlap x. `squares` holds channels + size floats of scratch
// memory. Vectorised, allocation-free, no errors.
void LocalResponseNorm(const LocalResponseNormFormula& formula, const float* x, int64_t channels,
                       int64_t channel_stride, int64_t pixel_stride, int64_t begin, int64_t end, float* squares,
                       float* y);

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_LOCAL_RESPONSE_NORM_H_
