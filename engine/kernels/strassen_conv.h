// Convolution as a matrix product by Strassen's method: for many channels and filters. See strassen_gemm.h and, for the
// rows, pixel_rows.h.
#ifndef BARYON_ENGINE_KERNELS_STRASSEN_CONV_H_
#define BARYON_ENGINE_KERNELS_STRASSEN_CONV_H_

#include <cstdint>
#include <string>
#include <vector>

#include "engine/kernels/conv.h"
#include "engine/kernels/pixel_rows.h"
#include "engine/kernels/strassen_gemm.h"

namespace baryon::kernels {

class StrassenConvPlan : public ConvPlan {
 public:
  // Whether it is an ordinary convolution without groups whose channels and filters can be cut.
  static bool Supports(const ConvGeometry& geometry, int levels);
  // The levels with which an image is computed fastest, 0: by another plan. Depends on neither batch nor threads.
  static int BestLevels(const ConvGeometry& geometry, int most);

  // `levels`: 1 or 2.
  StrassenConvPlan(const ConvGeometry& geometry, const ConvOptions& options, int levels);

  std::string ToString() const override { return gemm_.ToString(); }
  std::string PackedForm() const override { return gemm_.PackedForm(); }
  int64_t packed_size() const override { return gemm_.packed_size(); }
  void Pack(const float* weight, const WeightStrides& strides, float* packed) const override;
  int64_t num_multiplications() const override { return gemm_.num_multiplications(); }
  int num_tasks() const override { return gemm_.num_tasks(); }
  int64_t workspace_bytes() const override { return gemm_.workspace_bytes(); }
  void RunTask(int task, const ConvOperands& operands, char* workspace) const override;

 private:
  PixelMap map_;
  std::vector<float> zeros_;  // a pixel outside of the input
  StrassenGemmPlan gemm_;
};

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_STRASSEN_CONV_H_
