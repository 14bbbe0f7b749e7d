// Which algorithm for which geometry.
//   depthwise 3x3  as many groups and filters as channels, the usual kernel
//   depthwise      the same with other kernels
//   planes         few channels and few filters at stride 1, or with a pooling behind: LeNet
//   phases         7x7 at stride 2 on few channels: the first layer of residual networks, by Winograd's method
//   strip          few channels, so that the run of one kernel position would be short: the first layer of a network
//   winograd       3x3 at stride 1, where its fewer multiplications outweigh its transforms and larger weights
//   strassen       many channels and filters, where a quarter fewer multiplications outweigh the sums around them
//   indirect gemm  everything else
#include "engine/kernels/conv.h"

#include "engine/kernels/depthwise.h"
#include "engine/kernels/depthwise_3x3.h"
#include "engine/kernels/depthwise_weights.h"
#include "engine/kernels/indirect_conv.h"
#include "engine/kernels/phase_conv.h"
#include "engine/kernels/plane_conv.h"
#include "engine/kernels/strassen_conv.h"
#include "engine/kernels/strip_conv.h"
#include "engine/kernels/winograd_conv.h"

namespace baryon::kernels {
namespace {

// Below this many channels, loading a position's pointers takes longer than its multiplications.
constexpr int64_t kFewChannels = 16;

bool SuitsStrips(const ConvGeometry& geometry) {
  return geometry.groups == 1 && !geometry.transposed && geometry.channels < kFewChannels;
}

bool SuitsPlanes(const ConvGeometry& geometry, const ConvOptions& options) {
  return options.pool != PairPool::kNone ||
         (geometry.channels < kFewChannels && PlaneConvPlan::IsBest(geometry, options));
}

// Winograd's and Strassen's methods round differently and want packed weights: only as far as the options allow them.
bool SuitsPhases(const ConvGeometry& geometry, const ConvOptions& options) {
  return options.most_winograd >= 4 && PhaseConvPlan::Pays(geometry);
}

struct Algorithm {
  const char* name;
  int size;  // outputs of a tile, levels
};
constexpr Algorithm kWinograd[] = {{"winograd2", 2}, {"winograd3", 3}, {"winograd4", 4}};
constexpr Algorithm kStrassen[] = {{"strassen1", 1}, {"strassen2", 2}};
constexpr char kIndirect[] = "indirect";

// The plan of the algorithm that the options name, or nullptr where it cannot be taken.
std::unique_ptr<ConvPlan> MakeNamedPlan(const ConvGeometry& geometry, const ConvOptions& options) {
  if (options.algorithm.empty() || IsDepthwise(geometry)) return nullptr;
  for (const Algorithm& winograd : kWinograd) {
    if (options.algorithm != winograd.name || winograd.size > options.most_winograd) continue;
    if (WinogradConvPlan::Supports(geometry)) {
      return std::make_unique<WinogradConvPlan>(geometry, options, winograd.size);
    }
  }
  for (const Algorithm& strassen : kStrassen) {
    if (options.algorithm != strassen.name || strassen.size > options.most_strassen) continue;
    if (StrassenConvPlan::Supports(geometry, strassen.size)) {
      return std::make_unique<StrassenConvPlan>(geometry, options, strassen.size);
    }
  }
  if (options.algorithm == kIndirect) return std::make_unique<IndirectConvPlan>(geometry, options);
  return nullptr;
}

}  // namespace

std::unique_ptr<ConvPlan> MakeConvPlan(const ConvGeometry& geometry, const ConvOptions& options) {
  if (SuitsPlanes(geometry, options)) {
    return std::make_unique<PlaneConvPlan>(geometry, options, /*channels_first=*/false);
  }
  if (std::unique_ptr<ConvPlan> plan = MakeNamedPlan(geometry, options)) return plan;
  if (Depthwise3x3Plan::Supports(geometry)) return std::make_unique<Depthwise3x3Plan>(geometry, options);
  if (IsDepthwise(geometry)) return std::make_unique<DepthwisePlan>(geometry, options);
  if (SuitsPhases(geometry, options)) {
    return std::make_unique<PhaseConvPlan>(geometry, options, /*channels_first=*/false);
  }
  if (SuitsStrips(geometry) && geometry.kernel[2] > 1) {
    return std::make_unique<StripConvPlan>(geometry, options, /*channels_first=*/false);
  }
  if (const int m = WinogradConvPlan::BestTile(geometry, options.most_winograd); m > 0) {
    return std::make_unique<WinogradConvPlan>(geometry, options, m);
  }
  if (const int levels = StrassenConvPlan::BestLevels(geometry, options.most_strassen); levels > 0) {
    return std::make_unique<StrassenConvPlan>(geometry, options, levels);
  }
  return std::make_unique<IndirectConvPlan>(geometry, options);
}

std::unique_ptr<ConvPlan> MakeChannelsFirstConvPlan(const ConvGeometry& geometry, const ConvOptions& options) {
  if (SuitsPlanes(geometry, options)) {
    return std::make_unique<PlaneConvPlan>(geometry, options, /*channels_first=*/true);
  }
  if (!SuitsStrips(geometry)) return nullptr;
  if (SuitsPhases(geometry, options)) {
    return std::make_unique<PhaseConvPlan>(geometry, options, /*channels_first=*/true);
  }
  return std::make_unique<StripConvPlan>(geometry, options, /*channels_first=*/true);
}

}  // namespace baryon::kernels
