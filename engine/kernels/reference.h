// Kernels in plain loops and double precision, for tests.
#ifndef BARYON_ENGINE_KERNELS_REFERENCE_H_
#define BARYON_ENGINE_KERNELS_REFERENCE_H_

#include <cstdint>
#include <vector>

#include "engine/kernels/activation.h"
#include "engine/kernels/conv_geometry.h"

namespace baryon::reference {

double Activate(const kernels::ActivationSpec& activation, double x);

// a [m, k] * b [k, n], row-major.
std::vector<double> MatMul(const std::vector<float>& a, const std::vector<float>& b, int64_t m, int64_t k, int64_t n);

// The convolution on data [batch, pixels, channels] with weights read at `strides`: [batch, pixels, filters].
// Transposed ones scatter, as their definition says.
std::vector<double> Convolution(const kernels::ConvGeometry& geometry, const std::vector<float>& in,
                                const std::vector<float>& weight, const kernels::WeightStrides& strides);

}  // namespace baryon::reference

#endif  // BARYON_ENGINE_KERNELS_REFERENCE_H_
