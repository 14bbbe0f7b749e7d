// A 1x1 convolution and the depthwise 3x3 convolution behind it in one.
//
// Blocks of mobile networks (Howard et al., MobileNets, 2017; Sandler et al., MobileNetV2, 2018) have a map between the
// two that is several times as large as what goes in and comes out: megabytes, which no core's own cache holds. Here it
// never exists. Its rows live in a ring of a few, and are computed right before the depthwise kernel reads them.
// Results are those of the two convolutions one after the other, to the bit.
#ifndef BARYON_ENGINE_KERNELS_POINTWISE_DEPTHWISE_H_
#define BARYON_ENGINE_KERNELS_POINTWISE_DEPTHWISE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "engine/kernels/activation.h"
#include "engine/kernels/conv_geometry.h"
#include "engine/kernels/depthwise_3x3.h"
#include "engine/kernels/packed_gemm.h"

namespace baryon::kernels {

// Maps are float32, channels last, densely packed. The middle one is [batch, in[1], in[2], channels] of `depthwise`.
struct PointwiseDepthwiseShape {
  ConvGeometry depthwise;  // one that Depthwise3x3Plan supports
  int64_t in_channels;     // of the 1x1 convolution
};

struct PointwiseDepthwiseOperands {
  struct Layer {
    const float* packed;          // as Pack... left it, 64-byte aligned
    const float* bias = nullptr;  // [channels], or nullptr
    ActivationSpec activation = {};
  };
  const float* in;  // [batch, in[1], in[2], in_channels]
  float* out;       // [batch, out[1], out[2], channels]
  Layer pointwise, depthwise;
};

// Immutable; tasks may run in any order and on any thread, each with its own workspace.
class PointwiseDepthwisePlan {
 public:
  PointwiseDepthwisePlan(const PointwiseDepthwiseShape& shape, int num_threads);

  std::string ToString() const;

  // The form and size of packed weights, as ConvPlan's. Weights are [channels, in_channels] and [channels, 9].
  std::string pointwise_form() const;
  int64_t pointwise_size() const { return pointwise_[0].packed_size(); }
  void PackPointwise(const float* weight, float* packed) const;
  std::string depthwise_form() const { return depthwise_.PackedForm(); }
  int64_t depthwise_size() const { return depthwise_.packed_size(); }
  void PackDepthwise(const float* weight, float* packed) const;

  int64_t num_multiplications() const;           // of the two convolutions
  int64_t num_executed_multiplications() const;  // that the tasks do: some rows at their borders twice
  int num_tasks() const { return num_tasks_; }
  int64_t workspace_bytes() const;  // of each task, 64-byte aligned
  void RunTask(int task, const PointwiseDepthwiseOperands& operands, char* workspace) const;

 private:
  struct Workspace;
  class Band;

  int64_t row_size() const { return shape_.depthwise.in[2] * shape_.depthwise.channels; }  // of the middle map
  int64_t pairs() const { return shape_.depthwise.batch * depthwise_.pairs_per_image(); }  // of output rows

  PointwiseDepthwiseShape shape_;
  Depthwise3x3Plan depthwise_;
  int64_t ring_rows_;                // as many as a pair of output rows reads
  std::vector<GemmPlan> pointwise_;  // for 1 row of the middle map, 2, ... ring_rows_
  int num_tasks_;
};

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_POINTWISE_DEPTHWISE_H_
