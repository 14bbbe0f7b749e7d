// A convolution and the depthwise 3x3 convolution behind it in one.
//
// Blocks of mobile networks (Howard et al., MobileNets, 2017; Sandler et al., MobileNetV2, 2018) have a map between a
// 1x1 convolution and the depthwise one that is several times as large as what goes in and comes out: megabytes, which
// no core's own cache holds. So has their first layer, of three colours. Here the map never exists. Its rows live in a
// ring of a few, and are computed right before the depthwise kernel reads them. Results are those of the two
// convolutions one after the other, to the bit.
#ifndef BARYON_ENGINE_KERNELS_CONV_DEPTHWISE_H_
#define BARYON_ENGINE_KERNELS_CONV_DEPTHWISE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "engine/kernels/activation.h"
#include "engine/kernels/conv_geometry.h"
#include "engine/kernels/conv_rows.h"
#include "engine/kernels/depthwise_3x3.h"

namespace baryon::kernels {

// Maps are float32, channels last, densely packed; but for the first one where `channels_first`.
struct ConvDepthwiseShape {
  ConvGeometry first;      // one of MakeConvRowsPlan
  ConvGeometry depthwise;  // one that Depthwise3x3Plan supports; its input is the first's output
  bool channels_first = false;
};

struct ConvDepthwiseOperands {
  struct Layer {
    const float* packed;          // as Pack... left it, 64-byte aligned
    const float* bias = nullptr;  // [channels], or nullptr
    ActivationSpec activation = {};
  };
  const float* in;
  float* out;
  Layer first, depthwise;
};

// Immutable; tasks may run in any order and on any thread, each with its own workspace.
class ConvDepthwisePlan {
 public:
  ConvDepthwisePlan(const ConvDepthwiseShape& shape, int num_threads);

  std::string ToString() const;

  // The form and size of packed weights, as ConvPlan's. Weights have the channels last: [channels, kernel[1],
  // kernel[2], channels of the input] and [channels, 3, 3, 1].
  std::string first_form() const { return first_->PackedForm(); }
  int64_t first_size() const { return first_->packed_size(); }
  void PackFirst(const float* weight, float* packed) const { first_->Pack(weight, packed); }
  std::string depthwise_form() const { return depthwise_.PackedForm(); }
  int64_t depthwise_size() const { return depthwise_.packed_size(); }
  void PackDepthwise(const float* weight, float* packed) const;

  int64_t num_multiplications() const;           // of the two convolutions
  int64_t num_executed_multiplications() const;  // that the tasks do: some rows at their borders twice
  int num_tasks() const { return num_tasks_; }
  int64_t workspace_bytes() const;  // of each task, 64-byte aligned
  void RunTask(int task, const ConvDepthwiseOperands& operands, char* workspace) const;

 private:
  struct Workspace;
  class Band;

  int64_t row_size() const { return shape_.depthwise.in[2] * shape_.depthwise.channels; }  // of the middle map
  int64_t pairs() const { return shape_.depthwise.batch * depthwise_.pairs_per_image(); }  // of output rows

  ConvDepthwiseShape shape_;
  Depthwise3x3Plan depthwise_;
  int64_t ring_rows_;  // as many as a pair of output rows reads
  std::unique_ptr<const ConvRowsPlan> first_;
  int num_tasks_;
};

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_CONV_DEPTHWISE_H_
