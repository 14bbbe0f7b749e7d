// Convolution of data with few channels, the first layer of most networks: the kernel positions along a row of the
// input and their channels together are one run of neighbouring elements, long enough to multiply at full speed where
// the channels of a single position (three colours) are not. The run must not leave the input, so each task first
// copies the rows it needs into a strip with zeros around; the copy also turns channels-first images into
// channels-last.
#ifndef BARYON_ENGINE_KERNELS_STRIP_CONV_H_
#define BARYON_ENGINE_KERNELS_STRIP_CONV_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "engine/kernels/conv.h"
#include "engine/kernels/packed_gemm.h"
#include "engine/kernels/strip_tile.h"

namespace baryon::kernels {

class StripConvPlan : public ConvPlan {
 public:
  // For ordinary convolutions without groups. `channels_first`: of the input.
  StripConvPlan(const ConvGeometry& geometry, const ConvOptions& options, bool channels_first);

  std::string ToString() const override;
  std::string PackedForm() const override;
  int64_t packed_size() const override { return full_.packed_size(); }
  void Pack(const float* weight, const WeightStrides& strides, float* packed) const override;
  int64_t num_multiplications() const override { return geometry_.num_multiplications(); }
  int num_tasks() const override { return static_cast<int>(geometry_.batch * geometry_.out[0] * strips_per_plane_); }
  int64_t workspace_bytes() const override;
  void RunTask(int task, const ConvOperands& operands, char* workspace) const override;

  // For whoever wants the results elsewhere: rows [first, first + rows.size()) of an image's output, of a convolution
  // over two axes, each at an address of its own, its pixels out_stride apart. `operands.out` and `residual` are not
  // looked at. `workspace` is as RunTask's.
  void RunRows(int64_t image, int64_t first, absl::Span<float* const> rows, const ConvOperands& operands,
               char* workspace) const;
  std::string KernelName() const;  // "avx512 14x32"

 private:
  int64_t StripRows(int64_t out_rows) const;
  int64_t StripSize(int64_t out_rows) const;
  void CopyStrip(const float* image, int64_t z, int64_t first_y, int64_t out_rows, float* strip) const;
  void CopyRow(const float* image, int64_t z, int64_t y, float* row) const;
  int64_t image_size() const;  // of the input
  int64_t strip_bytes() const { return StripSize(rows_per_strip_) * static_cast<int64_t>(sizeof(float)); }
  // In the strip, from what one output row reads to what the next does.
  int64_t row_step() const { return geometry_.stride[1] * strip_width_ * geometry_.channels; }
  void MultiplyRow(const float* in, const ConvOperands& operands, float* out) const;
  void MultiplyPixels(const GemmPlan& gemm, const float* strip, const ConvOperands& operands, float* out,
                      const float* residual, char* workspace) const;

  ConvGeometry geometry_;
  ConvOptions options_;
  bool channels_first_;
  int64_t strip_width_;     // pixels of a row of the strip
  int64_t rows_per_strip_;  // of the output
  int64_t strips_per_plane_;
  int64_t run_length_ = 0;
  std::vector<int64_t> position_offsets_;  // of each run, in elements of a strip whose height is that of a full one
  GemmPlan full_, last_, row_;             // the product of a full strip, the last strip of a plane, a single row
  const StripTarget* strip_target_;
  StripTarget::Run run_row_ = nullptr;  // or nullptr when only those products suit
};

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_STRIP_CONV_H_
