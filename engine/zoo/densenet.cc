// Every layer of a dense block reads what all layers before it computed, side by side, and adds `growth` channels.
// Source: Huang, Liu, van der Maaten, Weinberger, Densely Connected Convolutional Networks, 2016.
#include <array>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "engine/zoo/networks.h"

namespace baryon::zoo {
namespace {

struct Depth {
  int64_t channels, growth;
  std::array<int, 4> layers;  // of each dense block
};

const Depth& DepthOf(int layers) {
  static const auto* depths = new std::map<int, Depth>{{121, {64, 32, {6, 12, 24, 16}}},
                                                       {161, {96, 48, {6, 12, 36, 24}}},
                                                       {169, {64, 32, {6, 12, 32, 32}}},
                                                       {201, {64, 32, {6, 12, 48, 32}}}};
  return depths->at(layers);
}

Value DenseLayer(NetBuilder& net, const std::string& path, Value x, int64_t growth) {
  Sequence added(net, path + ".1", x);  // child 0 is the identity
  added.BatchNorm().Relu().Conv({.channels = 4 * growth, .use_bias = false});
  added.BatchNorm().Relu();
  added.Conv({.channels = growth, .kernel = {3, 3}, .padding = {1, 1}, .use_bias = false});
  return net.Concat({x, added.value()});
}

void AddDenseBlock(Sequence& features, int stage, int layers, int64_t growth) {
  features.Block([=](NetBuilder& net, const std::string& path, Value x) {
    const NetBuilder::Scope scope(net, absl::StrCat("stage", stage, "_"));
    for (int i = 0; i < layers; ++i) x = DenseLayer(net, absl::StrCat(path, ".", i), x, growth);
    return x;
  });
}

void AddTransition(Sequence& features, int64_t channels) {
  features.Block([=](NetBuilder& net, const std::string& path, Value x) {
    Sequence transition(net, path, x);
    transition.BatchNorm().Relu().Conv({.channels = channels, .use_bias = false}).AvgPool({});
    return transition.value();
  });
}

}  // namespace

absl::StatusOr<Network> DenseNet(int layers, int64_t classes) {
  const Depth& depth = DepthOf(layers);
  NetBuilder net("densenet0_", 224);
  Sequence features(net, "features", net.data());
  features.Conv({.channels = depth.channels, .kernel = {7, 7}, .stride = 2, .padding = {3, 3}, .use_bias = false});
  features.BatchNorm().Relu().MaxPool({.size = 3, .stride = 2, .padding = 1});
  int64_t channels = depth.channels;
  for (int block = 0; block < 4; ++block) {
    AddDenseBlock(features, block + 1, depth.layers[block], depth.growth);
    channels += depth.layers[block] * depth.growth;
    if (block == 3) break;
    channels /= 2;
    AddTransition(features, channels);
  }
  features.BatchNorm().Relu().AvgPool({.size = 7, .stride = 7}).Flatten();
  const Value output = net.Dense(features.value(), "output", classes);
  return std::move(net).Build(output);
}

}  // namespace baryon::zoo
