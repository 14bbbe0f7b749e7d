// The kernel of Convolution and Deconvolution: chooses a plan (see kernels/conv.h), packs the weight and runs the plan.
#ifndef BARYON_ENGINE_OPS_CONV_KERNEL_H_
#define BARYON_ENGINE_OPS_CONV_KERNEL_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/activation.h"
#include "engine/kernels/conv_geometry.h"
#include "engine/ops/conv_rules.h"
#include "engine/ops/fused_activation.h"

namespace baryon {

// What a node computes, beside its types.
struct ConvNode {
  kernels::ConvGeometry geometry;
  bool data_channels_last, channels_last;  // the latter of output, residual and weight
  bool has_bias, has_residual;             // inputs 2 and the last
  kernels::ActivationSpec activation;
  kernels::PairPool pool = kernels::PairPool::kNone;  // the geometry is that before it
  std::string algorithm;                              // the one to take, or ""
};

// Errors: those of reading the weight; RESOURCE_EXHAUSTED, no memory for packing it.
absl::StatusOr<std::unique_ptr<Kernel>> MakeConvKernel(const ConvNode& node, PrepareContext& context);

// OpSpec::prepare of both operators.
template <typename A>
absl::StatusOr<std::unique_ptr<Kernel>> PrepareConv(const A& attrs, PrepareContext& context) {
  ConvNode node;
  node.geometry = ConvGeometryOf(attrs, context.inputs()[0], context.outputs()[0]);
  node.data_channels_last = attrs.data_channels_last();
  node.channels_last = attrs.channels_last();
  node.has_bias = !attrs.no_bias;
  node.has_residual = attrs.residual;
  node.pool = attrs.pool;
  node.algorithm = attrs.algorithm;
  BARYON_ASSIGN_OR_RETURN(node.activation, ToActivationSpec(attrs.activation, attrs.act_alpha, attrs.act_beta));
  return MakeConvKernel(node, context);
}

}  // namespace baryon

#endif  // BARYON_ENGINE_OPS_CONV_KERNEL_H_
