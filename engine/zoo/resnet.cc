// Residual networks. A stage halves the picture (but for the first) and is a row of blocks, each adding a short stack
// of convolutions to what it reads. In the first version the rectifier comes after the addition, in the second before
// the convolutions.
// Sources: He, Zhang, Ren, Sun, Deep Residual Learning for Image Recognition, 2015; Identity Mappings in Deep Residual
// Networks, 2016.
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/zoo/networks.h"

namespace baryon::zoo {
namespace {

struct Depth {
  bool bottleneck;
  std::vector<int> blocks;        // of each stage
  std::vector<int64_t> channels;  // of each stage
};

const Depth& DepthOf(int layers) {
  static const auto* depths = new std::map<int, Depth>{
      {18, {false, {2, 2, 2, 2}, {64, 128, 256, 512}}},     {34, {false, {3, 4, 6, 3}, {64, 128, 256, 512}}},
      {50, {true, {3, 4, 6, 3}, {256, 512, 1024, 2048}}},   {101, {true, {3, 4, 23, 3}, {256, 512, 1024, 2048}}},
      {152, {true, {3, 8, 36, 3}, {256, 512, 1024, 2048}}},
  };
  return depths->at(layers);
}

struct BlockSpec {
  bool bottleneck;
  int64_t channels, stride;
  bool downsample;  // the shape changes, so what is added has to change too
};

using ResidualBlock = Value (*)(NetBuilder& net, const std::string& path, Value x, const BlockSpec& spec);

ConvOptions Conv3x3(int64_t channels, int64_t stride) {
  return {.channels = channels, .kernel = {3, 3}, .stride = stride, .padding = {1, 1}, .use_bias = false};
}

ConvOptions Conv1x1(int64_t channels, int64_t stride = 1) {
  return {.channels = channels, .stride = stride, .use_bias = false};
}

Value BlockV1(NetBuilder& net, const std::string& path, Value x, const BlockSpec& spec) {
  Sequence body(net, path + ".body", x);
  if (spec.bottleneck) {
    // These two keep their bias, although a batch norm follows.
    body.Conv({.channels = spec.channels / 4, .stride = spec.stride}).BatchNorm().Relu();
    body.Conv(Conv3x3(spec.channels / 4, 1)).BatchNorm().Relu();
    body.Conv({.channels = spec.channels}).BatchNorm();
  } else {
    body.Conv(Conv3x3(spec.channels, spec.stride)).BatchNorm().Relu();
    body.Conv(Conv3x3(spec.channels, 1)).BatchNorm();
  }
  Sequence residual(net, path + ".downsample", x);
  if (spec.downsample) residual.Conv(Conv1x1(spec.channels, spec.stride)).BatchNorm();
  const Value sum = spec.bottleneck ? net.Add(body.value(), residual.value(), "_plus")
                                    : net.Add(residual.value(), body.value(), "_plus");
  return net.Operator("Activation", "activation", {{"act_type", "relu"}}, {sum});
}

Value BlockV2(NetBuilder& net, const std::string& path, Value x, const BlockSpec& spec) {
  const auto normalize = [&](Value value, const char* name) {
    return net.Operator("Activation", "activation", {{"act_type", "relu"}}, {net.BatchNorm(value, path + name)});
  };
  const Value start = normalize(x, ".bn1");
  Value y;
  if (spec.bottleneck) {
    y = net.Conv(start, path + ".conv1", Conv1x1(spec.channels / 4));
    y = net.Conv(normalize(y, ".bn2"), path + ".conv2", Conv3x3(spec.channels / 4, spec.stride));
    y = net.Conv(normalize(y, ".bn3"), path + ".conv3", Conv1x1(spec.channels));
  } else {
    y = net.Conv(start, path + ".conv1", Conv3x3(spec.channels, spec.stride));
    y = net.Conv(normalize(y, ".bn2"), path + ".conv2", Conv3x3(spec.channels, 1));
  }
  const Value residual =
      spec.downsample ? net.Conv(start, path + ".downsample", Conv1x1(spec.channels, spec.stride)) : x;
  return net.Add(y, residual, "_plus");
}

void AddStem(Sequence& features) {
  features.Conv({.channels = 64, .kernel = {7, 7}, .stride = 2, .padding = {3, 3}, .use_bias = false});
  features.BatchNorm().Relu().MaxPool({.size = 3, .stride = 2, .padding = 1});
}

void AddStages(Sequence& features, const Depth& depth, ResidualBlock block) {
  int64_t channels_before = 64;
  for (size_t stage = 0; stage < depth.blocks.size(); ++stage) {
    features.Block([&](NetBuilder& net, const std::string& path, Value x) {
      const NetBuilder::Scope scope(net, absl::StrCat("stage", stage + 1, "_"));
      BlockSpec spec = {depth.bottleneck, depth.channels[stage], stage == 0 ? 1 : 2,
                        depth.channels[stage] != channels_before};
      for (int i = 0; i < depth.blocks[stage]; ++i) {
        x = block(net, absl::StrCat(path, ".", i), x, spec);
        spec.stride = 1;
        spec.downsample = false;
      }
      return x;
    });
    channels_before = depth.channels[stage];
  }
}

}  // namespace

absl::StatusOr<Network> ResNetV1(int layers, int64_t classes) {
  NetBuilder net("resnetv10_", 224);
  Sequence features(net, "features", net.data());
  AddStem(features);
  AddStages(features, DepthOf(layers), BlockV1);
  features.GlobalAvgPool();
  const Value output = net.Dense(features.value(), "output", classes);
  return std::move(net).Build(output);
}

absl::StatusOr<Network> ResNetV2(int layers, int64_t classes) {
  NetBuilder net("resnetv20_", 224);
  Sequence features(net, "features", net.data());
  features.BatchNorm({.scale = false});
  AddStem(features);
  AddStages(features, DepthOf(layers), BlockV2);
  features.BatchNorm().Relu().GlobalAvgPool().Flatten();
  const Value output = net.Dense(features.value(), "output", classes);
  return std::move(net).Build(output);
}

}  // namespace baryon::zoo
