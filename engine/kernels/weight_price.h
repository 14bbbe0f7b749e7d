// What memory is worth when algorithms are compared.
#ifndef BARYON_ENGINE_KERNELS_WEIGHT_PRICE_H_
#define BARYON_ENGINE_KERNELS_WEIGHT_PRICE_H_

#include <algorithm>

namespace baryon::kernels {

// What it may cost to be without `bytes` of packed weights, in multiplications of a matrix product: where algorithms
// are nearly as fast, the smaller one is to be taken. What a core's own cache holds is free.
inline double PriceOfWeights(double bytes) {
  constexpr double kFreeBytes = 512 << 10, kPerByte = 1.3;
  return std::max(bytes - kFreeBytes, 0.0) * kPerByte;
}

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_WEIGHT_PRICE_H_
