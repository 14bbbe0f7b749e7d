// Depthwise convolution with 3x3 kernels and stride 1 or 2, which is nearly all there is in networks: two rows of
// outputs at a time. Others: depthwise.h.
#ifndef BARYON_ENGINE_KERNELS_DEPTHWISE_3X3_H_
#define BARYON_ENGINE_KERNELS_DEPTHWISE_3X3_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "engine/kernels/conv.h"
#include "engine/kernels/depthwise_3x3_tile.h"
#include "engine/kernels/gemm_tile.h"

namespace baryon::kernels {

class Depthwise3x3Plan : public ConvPlan {
 public:
  static bool Supports(const ConvGeometry& geometry);

  Depthwise3x3Plan(const ConvGeometry& geometry, const ConvOptions& options);

  std::string ToString() const override;
  std::string PackedForm() const override;
  int64_t packed_size() const override { return 9 * packed_channels_; }
  void Pack(const float* weight, const WeightStrides& strides, float* packed) const override;
  int64_t num_multiplications() const override { return geometry_.num_multiplications(); }
  int num_tasks() const override { return num_tasks_; }
  int64_t workspace_bytes() const override;
  void RunTask(int task, const ConvOperands& operands, char* workspace) const override;

  // For whoever computes the input meanwhile. Output rows come in pairs; pair i of an image reads its input rows
  // [first_in_row(i), end_in_row(i)), which lie within the image.
  int64_t pairs_per_image() const { return (geometry_.out[1] + 1) / 2; }
  int64_t first_in_row(int64_t pair) const;
  int64_t end_in_row(int64_t pair) const;
  // The pair's output rows. `in_row` says where the pixels of an input row stand; `operands.in` is not read.
  // `workspace` is as RunTask's.
  void RunPair(int64_t image, int64_t pair, absl::FunctionRef<const float*(int64_t row)> in_row,
               const ConvOperands& operands, char* workspace) const;

 private:
  int64_t in_columns() const { return (geometry_.out[2] - 1) * stride_ + 3; }
  int64_t out_rows(int64_t pair) const;
  int64_t first_row(int task) const;  // over all images
  // One or two neighbouring output rows of an image.
  void RunRows(int64_t image, int64_t first, int64_t rows, absl::FunctionRef<const float*(int64_t row)> in_row,
               const ConvOperands& operands, char* workspace) const;

  ConvGeometry geometry_;
  ConvOptions options_;
  const Depthwise3x3Target& target_;
  const GemmTarget& gemm_target_;
  int64_t stride_;
  int64_t packed_channels_;   // rounded up to whole vectors
  std::vector<float> zeros_;  // a pixel outside of the input
  int num_tasks_;
};

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_DEPTHWISE_3X3_H_
