// Convolution of few channels into few filters at stride 1, all there is in LeNet and its kin: vectors are neighbouring
// pixels of a plane, not channels, of which there are fewer than lanes. Where a 2 x 2 pooling follows, it happens while
// the results are in the first level of the cache.
#ifndef BARYON_ENGINE_KERNELS_PLANE_CONV_H_
#define BARYON_ENGINE_KERNELS_PLANE_CONV_H_

#include <cstdint>
#include <string>
#include <vector>

#include "engine/kernels/conv.h"
#include "engine/kernels/gemm_tile.h"
#include "engine/kernels/parts.h"
#include "engine/kernels/plane_tile.h"

namespace baryon::kernels {

class PlaneConvPlan : public ConvPlan {
 public:
  // One or two axes, stride 1, no groups.
  static bool Supports(const ConvGeometry& geometry);
  // Whether it beats the product over channels, whose few columns leave much of each vector and tile unused.
  static bool IsBest(const ConvGeometry& geometry, const ConvOptions& options);

  // `geometry` is of the convolution alone; the output has the pixels that options.pool leaves. No residual.
  PlaneConvPlan(const ConvGeometry& geometry, const ConvOptions& options, bool channels_first);

  std::string ToString() const override;
  std::string PackedForm() const override;
  int64_t packed_size() const override { return num_taps() * geometry_.filters; }
  void Pack(const float* weight, const WeightStrides& strides, float* packed) const override;
  int64_t num_multiplications() const override { return geometry_.num_multiplications(); }
  int num_tasks() const override;
  int64_t workspace_bytes() const override;
  void RunTask(int task, const ConvOperands& operands, char* workspace) const override;

 private:
  // Rows [first, first + count) of the convolution's output of one image.
  struct Strip {
    int64_t image, first, count;
  };
  // Scratch of a task: the input's planes with a border, one block's results, and what pooling leaves of them.
  struct Scratch {
    float *in, *sums, *pooled;
  };

  bool pools() const { return options_.pool != PairPool::kNone; }
  int64_t num_taps() const { return geometry_.num_positions() * geometry_.channels; }
  int64_t num_strips() const { return geometry_.batch * strips_per_image_; }
  int64_t rows() const { return pools() ? geometry_.out[1] / 2 * 2 : geometry_.out[1]; }  // that are computed
  int64_t in_rows(int64_t out_rows) const;
  int64_t first_filter(int64_t block) const { return PartBegin(geometry_.filters, num_blocks_, block); }
  int64_t plane_size() const { return rows_per_strip_ * pitch_ + target_.slack; }  // of one filter's results
  int64_t in_size() const;

  Scratch ScratchIn(char* workspace) const;
  void CopyIn(const Strip& strip, const float* in, float* planes) const;
  int64_t in_step() const { return channels_first_ ? 1 : options_.in_stride; }  // from one pixel to the next
  void CopyLongRow(const float* from, int64_t count, float* planes) const;
  void CopyRows(const float* image, int64_t first, int64_t count, float* planes) const;
  void MultiplyBlock(const Strip& strip, int64_t block, const ConvOperands& operands, const Scratch& scratch) const;
  void StoreBlock(const Strip& strip, int64_t block, const float* planes, int64_t pitch, float* out) const;
  void PoolBlock(const Strip& strip, int64_t filters, const Scratch& scratch) const;

  ConvGeometry geometry_;
  ConvOptions options_;
  bool channels_first_;
  const PlaneTarget& target_;
  const GemmTarget& gemm_target_;
  int64_t num_blocks_;  // of filters
  int64_t pitch_;       // pixels of a row of the planes, of input and results alike
  int64_t rows_per_strip_, strips_per_image_, strips_per_task_;
  std::vector<int64_t> taps_;  // in the order of the weights: positions, then channels
};

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_PLANE_CONV_H_
