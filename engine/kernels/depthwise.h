// Convolution of each channel with its own kernel (as many groups and filters as channels), ordinary or transposed, for
// any size, stride, dilation and padding. Vectors run over channels; the kernel positions of a block of neighbouring
// outputs are summed in registers. Its speed is that of loading each input once for each position.
#ifndef BARYON_ENGINE_KERNELS_DEPTHWISE_H_
#define BARYON_ENGINE_KERNELS_DEPTHWISE_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/kernels/conv.h"
#include "engine/kernels/depthwise_tile.h"
#include "engine/kernels/gemm_tile.h"

namespace baryon::kernels {

class DepthwisePlan : public ConvPlan {
 public:
  // For geometries that IsDepthwise() says are.
  DepthwisePlan(const ConvGeometry& geometry, const ConvOptions& options);

  std::string ToString() const override;
  std::string PackedForm() const override;
  int64_t packed_size() const override { return geometry_.num_positions() * packed_channels_; }
  void Pack(const float* weight, const WeightStrides& strides, float* packed) const override;
  int64_t num_multiplications() const override { return geometry_.num_multiplications(); }
  int num_tasks() const override { return num_tasks_; }
  int64_t workspace_bytes() const override;
  void RunTask(int task, const ConvOperands& operands, char* workspace) const override;

 private:
  // Those of a phase along the rows, in elements.
  struct Offsets {
    std::vector<int64_t> in, weight;
  };

  int64_t num_rows() const { return geometry_.batch * geometry_.out[0] * geometry_.out[1]; }
  void RunRow(int64_t row, const ConvOperands& operands, char* workspace) const;
  void RunPhase(const AxisPhase& phase, const Offsets& offsets, const DepthwiseTile& row) const;

  ConvGeometry geometry_;
  ConvOptions options_;
  const DepthwiseTarget& target_;
  const GemmTarget& gemm_target_;
  int64_t packed_channels_;  // rounded up to whole vectors
  std::array<std::vector<AxisPhase>, 3> phases_;
  std::vector<Offsets> offsets_;  // of each phase along the rows
  int num_tasks_;
};

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_DEPTHWISE_H_
