// Convolution as a matrix product whose rows are pixels and whose left side is never built: each pixel's row is a list
// of pointers, one for each kernel position, to the channels of the input pixel it reads, or to zeros beyond the
// border. Any stride, dilation, padding and number of groups; transposed convolutions as one product for each remainder
// of the output coordinates by the stride.
#ifndef BARYON_ENGINE_KERNELS_INDIRECT_CONV_H_
#define BARYON_ENGINE_KERNELS_INDIRECT_CONV_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/kernels/conv.h"
#include "engine/kernels/packed_gemm.h"

namespace baryon::kernels {

class IndirectConvPlan : public ConvPlan {
 public:
  IndirectConvPlan(const ConvGeometry& geometry, const ConvOptions& options);

  std::string ToString() const override;
  std::string PackedForm() const override;
  int64_t packed_size() const override { return packed_size_; }
  void Pack(const float* weight, const WeightStrides& strides, float* packed) const override;
  int num_tasks() const override { return num_tasks_; }
  int64_t workspace_bytes() const override;
  void RunTask(int task, const ConvOperands& operands, char* workspace) const override;

 private:
  // Outputs [begin, end) along an axis, whose positions outside of [first, last) are outside of the input.
  struct Segment {
    int64_t begin, end;
    int64_t first, last;

    int64_t count() const { return end - begin; }
    int64_t positions() const { return last - first; }
  };
  using Box = std::array<Segment, 3>;  // a row set
  // The outputs of one phase on each axis: all of them, but for transposed convolutions.
  struct Part {
    std::array<AxisPhase, 3> axes;
    std::vector<Box> boxes;
    GemmPlan gemm;
    int64_t packed_offset;
    int first_task;
  };
  class PixelRows;

  bool IsMatrixProduct() const;
  static std::vector<Segment> Segments(const AxisPhase& phase, int64_t in_size, int64_t least_count);
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
