// Five groups of 3x3 convolutions with a pooling after each, and three dense layers.
// Source: Simonyan, Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition, 2014.
#include <array>
#include <map>

#include "engine/zoo/networks.h"

namespace baryon::zoo {

absl::StatusOr<Network> Vgg(int layers, bool batch_norm, int64_t classes) {
  static const auto* depths = new std::map<int, std::array<int, 5>>{
      {11, {1, 1, 2, 2, 2}}, {13, {2, 2, 2, 2, 2}}, {16, {2, 2, 3, 3, 3}}, {19, {2, 2, 4, 4, 4}}};
  constexpr int64_t kChannels[] = {64, 128, 256, 512, 512};
  NetBuilder net("vgg0_", 224);
  Sequence features(net, "features", net.data());
  for (int group = 0; group < 5; ++group) {
    for (int i = 0; i < depths->at(layers)[group]; ++i) {
      features.Conv({.channels = kChannels[group], .kernel = {3, 3}, .padding = {1, 1}});
      if (batch_norm) features.BatchNorm();
      features.Relu();
    }
    features.MaxPool({});
  }
  features.Dense(4096, "relu").Dropout(0.5).Dense(4096, "relu").Dropout(0.5);
  const Value output = net.Dense(features.value(), "output", classes);
  return std::move(net).Build(output);
}

}  // namespace baryon::zoo
