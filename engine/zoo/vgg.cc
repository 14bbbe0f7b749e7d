// Five groups of 3x3 convolutions with a pooling after each, and three dense layers.
// Source: Simonyan, Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition, 2014.
#include <array>
#include <map>

#include "engine/zoo/networks.h"

namespace baryon::zoo {
namespace {

using Groups = std::array<int, 5>;  // convolutions of each

const Groups& GroupsOf(int layers) {
  static const auto* groups = new std::map<int, Groups>{
      {11, {1, 1, 2, 2, 2}}, {13, {2, 2, 2, 2, 2}}, {16, {2, 2, 3, 3, 3}}, {19, {2, 2, 4, 4, 4}}};
  return groups->at(layers);
}

nn::Conv2D Conv3x3(int64_t channels) {
  const init::Initializer start = init::Xavier({.rnd_type = "gaussian", .factor_type = "out", .magnitude = 2});
  return nn::Conv2D(channels, 3, {.padding = 1, .weight_initializer = start});
}

void AddDense(nn::HybridSequential& features) {
  features.Add(nn::Dense(4096, {.activation = "relu", .weight_initializer = "normal"}), nn::Dropout(0.5));
}

class VGG : public Classifier {
 public:
  VGG(const Groups& groups, bool batch_norm, int64_t classes) {
    constexpr int64_t kChannels[] = {64, 128, 256, 512, 512};
    const NameScope scope(*this);
    nn::HybridSequential features = Unnamed();
    for (size_t group = 0; group < groups.size(); ++group) {
      for (int i = 0; i < groups[group]; ++i) {
        features.Add(Conv3x3(kChannels[group]));
        if (batch_norm) features.Add(nn::BatchNorm());
        features.Add(nn::Activation("relu"));
      }
      features.Add(nn::MaxPool2D());
    }
    AddDense(features);
    AddDense(features);
    SetLayers(std::move(features), nn::Dense(classes, {.weight_initializer = "normal"}));
  }
};

}  // namespace

NetworkBlock MakeVgg(int layers, bool batch_norm, int64_t classes) {
  return NetworkBlock(std::make_shared<VGG>(GroupsOf(layers), batch_norm, classes));
}

}  // namespace baryon::zoo
