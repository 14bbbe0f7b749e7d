// Convolution as a matrix product whose rows are pixels and whose left side is never built: each pixel's row is a list
// of pointers, one for each kernel position, to the channels of the input pixel it reads, or to zeros beyond the
// border. Any stride, dilation, padding and number of groups; transposed convolutions as one product for each remainder
// of the output coordinates by the stride.
#ifndef BARYON_ENGINE_KERNELS_INDIRECT_CONV_H_
#define BARYON_ENGINE_KERNELS_INDIRECT_CONV_H_

#include <cstdint>
#include <string>
#include <vector>

#include "engine/kernels/conv.h"
#include "engine/kernels/packed_gemm.h"
#include "engine/kernels/pixel_rows.h"

namespace baryon::kernels {

class IndirectConvPlan : public ConvPlan {
 public:
  IndirectConvPlan(const ConvGeometry& geometry, const ConvOptions& options);

  std::string ToString() const override;
  std::string PackedForm() const override;
  int64_t packed_size() const override { return packed_size_; }
  void Pack(const float* weight, const WeightStrides& strides, float* packed) const override;
  int64_t num_multiplications() const override { return geometry_.num_multiplications(); }
  int num_tasks() const override { return num_tasks_; }
  int64_t workspace_bytes() const override;
  void RunTask(int task, const ConvOperands& operands, char* workspace) const override;

 private:
  // The outputs of one phase on each axis: all of them, but for transposed convolutions.
  struct Part {
    PixelMap map;
    GemmPlan gemm;
    int64_t packed_offset;
    int first_task;
  };

  bool IsMatrixProduct() const;
  static std::vector<AxisSegment> Segments(const AxisPhase& phase, int64_t in_size, int64_t least_count);
  void AddPart(const AxisPhase& z, const AxisPhase& y, const AxisPhase& x, int num_threads);

  ConvGeometry geometry_;
  ConvOptions options_;
  std::vector<float> zeros_;  // a pixel outside of the input
  std::vector<Part> parts_;
  int64_t packed_size_ = 0;
  int num_tasks_ = 0;
};

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_INDIRECT_CONV_H_
