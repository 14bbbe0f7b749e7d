// Pooling that a convolution does to its results before they leave it.
#ifndef BARYON_ENGINE_KERNELS_PAIR_POOL_H_
#define BARYON_ENGINE_KERNELS_PAIR_POOL_H_

namespace baryon::kernels {

// Windows of 2 x 2 with stride 2 and without padding; the last row or column of an odd number is dropped.
enum class PairPool { kNone, kMax, kAvg };

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_PAIR_POOL_H_
