// Which algorithm for which geometry.
//   depthwise 3x3  as many groups and filters as channels, the usual kernel
//   depthwise      the same with other kernels
//   strip gemm     few channels, so that the run of one kernel position would be short: the first layer of a network
//   indirect gemm  everything else
#include "engine/kernels/conv.h"

#include "engine/kernels/depthwise.h"
#include "engine/kernels/depthwise_3x3.h"
#include "engine/kernels/depthwise_weights.h"
#include "engine/kernels/indirect_conv.h"
#include "engine/kernels/strip_conv.h"

namespace baryon::kernels {
namespace {

// Below this many channels, loading a position's pointers takes longer than its multiplications.
constexpr int64_t kFewChannels = 16;

bool SuitsStrips(const ConvGeometry& geometry) {
  return geometry.groups == 1 && !geometry.transposed && geometry.channels < kFewChannels;
}

}  // namespace

std::unique_ptr<ConvPlan> MakeConvPlan(const ConvGeometry& geometry, const ConvOptions& options) {
  if (Depthwise3x3Plan::Supports(geometry)) return std::make_unique<Depthwise3x3Plan>(geometry, options);
  if (IsDepthwise(geometry)) return std::make_unique<DepthwisePlan>(geometry, options);
  if (SuitsStrips(geometry) && geometry.kernel[2] > 1) {
    return std::make_unique<StripConvPlan>(geometry, options, /*channels_first=*/false);
  }
  return std::make_unique<IndirectConvPlan>(geometry, options);
}

std::unique_ptr<ConvPlan> MakeChannelsFirstConvPlan(const ConvGeometry& geometry, const ConvOptions& options) {
  if (!SuitsStrips(geometry)) return nullptr;
  return std::make_unique<StripConvPlan>(geometry, options, /*channels_first=*/true);
}

}  // namespace baryon::kernels
