// Depthwise convolutions, which see one channel each, between 1x1 convolutions, which mix the channels.
// Sources: Howard et al., MobileNets, 2017; Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks,
// 2018.
#include <string>

#include "engine/zoo/networks.h"

namespace baryon::zoo {
namespace {

int64_t Scaled(int64_t channels, double multiplier) {
  return static_cast<int64_t>(static_cast<double>(channels) * multiplier);
}

ConvOptions Conv1x1(int64_t channels) { return {.channels = channels, .use_bias = false}; }

ConvOptions Conv3x3(int64_t channels, int64_t stride, int64_t groups = 1) {
  return {
      .channels = channels, .kernel = {3, 3}, .stride = stride, .padding = {1, 1}, .groups = groups, .use_bias = false};
}

struct Separable {
  int64_t depthwise, channels, stride;
};

constexpr Separable kSeparable[] = {{32, 64, 1},   {64, 128, 2},   {128, 128, 1},  {128, 256, 2}, {256, 256, 1},
                                    {256, 512, 2}, {512, 512, 1},  {512, 512, 1},  {512, 512, 1}, {512, 512, 1},
                                    {512, 512, 1}, {512, 1024, 2}, {1024, 1024, 1}};

struct Bottleneck {
  int64_t in, out, expansion, stride;
};

constexpr Bottleneck kBottlenecks[] = {
    {32, 16, 1, 1}, {16, 24, 6, 2},  {24, 24, 6, 1},   {24, 32, 6, 2},   {32, 32, 6, 1},  {32, 32, 6, 1},
    {32, 64, 6, 2}, {64, 64, 6, 1},  {64, 64, 6, 1},   {64, 64, 6, 1},   {64, 96, 6, 1},  {96, 96, 6, 1},
    {96, 96, 6, 1}, {96, 160, 6, 2}, {160, 160, 6, 1}, {160, 160, 6, 1}, {160, 320, 6, 1}};

Value LinearBottleneck(NetBuilder& net, const std::string& path, Value x, const Bottleneck& spec) {
  const NetBuilder::Scope scope(net, net.NextName("linearbottleneck") + "_");
  const int64_t wide = spec.in * spec.expansion;
  Sequence out(net, path + ".out", x);
  out.Conv(Conv1x1(wide)).BatchNorm().Relu6();
  out.Conv(Conv3x3(wide, spec.stride, wide)).BatchNorm().Relu6();
  out.Conv(Conv1x1(spec.out)).BatchNorm();
  if (spec.stride != 1 || spec.in != spec.out) return out.value();
  return net.Add(out.value(), x, "elemwise_add");
}

Value FeaturesV2(NetBuilder& net, double multiplier) {
  const NetBuilder::Scope scope(net, "features_");
  Sequence features(net, "features", net.data());
  features.Conv(Conv3x3(Scaled(32, multiplier), 2)).BatchNorm().Relu6();
  for (Bottleneck spec : kBottlenecks) {
    spec.in = Scaled(spec.in, multiplier);
    spec.out = Scaled(spec.out, multiplier);
    features.Block(
        [&](NetBuilder& inner, const std::string& path, Value x) { return LinearBottleneck(inner, path, x, spec); });
  }
  const int64_t last = multiplier > 1 ? Scaled(1280, multiplier) : 1280;
  features.Conv(Conv1x1(last)).BatchNorm().Relu6().GlobalAvgPool();
  return features.value();
}

}  // namespace

absl::StatusOr<Network> MobileNet(double multiplier, int64_t classes) {
  NetBuilder net("mobilenet0_", 224);
  Sequence features(net, "features", net.data());
  features.Conv(Conv3x3(Scaled(32, multiplier), 2)).BatchNorm().Relu();
  for (const Separable& spec : kSeparable) {
    const int64_t depthwise = Scaled(spec.depthwise, multiplier);
    features.Conv(Conv3x3(depthwise, spec.stride, depthwise)).BatchNorm().Relu();
    features.Conv(Conv1x1(Scaled(spec.channels, multiplier))).BatchNorm().Relu();
  }
  features.GlobalAvgPool().Flatten();
  const Value output = net.Dense(features.value(), "output", classes);
  return std::move(net).Build(output);
}

absl::StatusOr<Network> MobileNetV2(double multiplier, int64_t classes) {
  NetBuilder net("mobilenetv20_", 224);
  const Value features = FeaturesV2(net, multiplier);
  const NetBuilder::Scope scope(net, "output_");
  Sequence output(net, "output", features);
  output.Conv(Conv1x1(classes), "pred").Flatten();
  return std::move(net).Build(output.value());
}

}  // namespace baryon::zoo
