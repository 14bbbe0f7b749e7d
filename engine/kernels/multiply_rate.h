// How fast this processor multiplies: the yardstick of profiles.
#ifndef BARYON_ENGINE_KERNELS_MULTIPLY_RATE_H_
#define BARYON_ENGINE_KERNELS_MULTIPLY_RATE_H_

namespace baryon::kernels {

// Multiplications with additions of float32 numbers that one core does in a second with the active instruction set,
// operands in registers: the most that any kernel can reach. Measured in some three milliseconds, the best of several
// attempts.
double MeasureMultiplyRate();

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_MULTIPLY_RATE_H_
