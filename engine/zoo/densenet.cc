// Every layer of a dense block reads what all layers before it computed, side by side, and adds `growth` channels.
// Source: Huang, Liu, van der Maaten, Weinberger, Densely Connected Convolutional Networks, 2016.
#include <array>
#include <map>

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

nn::HybridConcatenate DenseLayer(int64_t growth) {
  nn::HybridSequential added = Unnamed();
  added.Add(nn::BatchNorm(), nn::Activation("relu"), nn::Conv2D(4 * growth, 1, {.use_bias = false}));
  added.Add(nn::BatchNorm(), nn::Activation("relu"), nn::Conv2D(growth, 3, {.padding = 1, .use_bias = false}));
  nn::HybridConcatenate layer({.axis = 1, .prefix = ""});
  layer.Add(nn::Identity(), std::move(added));
  return layer;
}

nn::HybridSequential DenseBlock(int stage, int layers, int64_t growth) {
  nn::HybridSequential block({.prefix = absl::StrCat("stage", stage, "_")});
  const NameScope scope(block);
  for (int i = 0; i < layers; ++i) block.Add(DenseLayer(growth));
  return block;
}

nn::HybridSequential Transition(int64_t channels) {
  nn::HybridSequential transition = Unnamed();
  transition.Add(nn::BatchNorm(), nn::Activation("relu"), nn::Conv2D(channels, 1, {.use_bias = false}));
  transition.Add(nn::AvgPool2D());
  return transition;
}

class DenseNet : public Classifier {
 public:
  DenseNet(const Depth& depth, int64_t classes) {
    const NameScope scope(*this);
    nn::HybridSequential features = Unnamed();
    features.Add(nn::Conv2D(depth.channels, 7, {.strides = 2, .padding = 3, .use_bias = false}));
    features.Add(nn::BatchNorm(), nn::Activation("relu"));
    features.Add(nn::MaxPool2D({.pool_size = 3, .strides = 2, .padding = 1}));
    int64_t channels = depth.channels;
    for (int block = 0; block < 4; ++block) {
      features.Add(DenseBlock(block + 1, depth.layers[block], depth.growth));
      channels += depth.layers[block] * depth.growth;
      if (block == 3) break;
      channels /= 2;
      features.Add(Transition(channels));
    }
    features.Add(nn::BatchNorm(), nn::Activation("relu"), nn::AvgPool2D({.pool_size = 7}), nn::Flatten());
    SetLayers(std::move(features), nn::Dense(classes));
  }
};

}  // namespace

NetworkBlock MakeDenseNet(int layers, int64_t classes) {
  return NetworkBlock(std::make_shared<DenseNet>(DepthOf(layers), classes));
}

}  // namespace baryon::zoo
