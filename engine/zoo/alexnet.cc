// Source: Krizhevsky, One Weird Trick for Parallelizing Convolutional Neural Networks, 2014.
#include "engine/zoo/networks.h"

namespace baryon::zoo {
namespace {

nn::Conv2D Conv3x3(int64_t channels) { return nn::Conv2D(channels, 3, {.padding = 1, .activation = "relu"}); }

class AlexNet : public Classifier {
 public:
  explicit AlexNet(int64_t classes) {
    const NameScope scope(*this);
    nn::HybridSequential features = Unnamed();
    features.Add(nn::Conv2D(64, 11, {.strides = 4, .padding = 2, .activation = "relu"}));
    features.Add(nn::MaxPool2D({.pool_size = 3, .strides = 2}));
    features.Add(nn::Conv2D(192, 5, {.padding = 2, .activation = "relu"}));
    features.Add(nn::MaxPool2D({.pool_size = 3, .strides = 2}));
    features.Add(Conv3x3(384), Conv3x3(256), Conv3x3(256));
    features.Add(nn::MaxPool2D({.pool_size = 3, .strides = 2}), nn::Flatten());
    features.Add(nn::Dense(4096, {.activation = "relu"}), nn::Dropout(0.5));
    features.Add(nn::Dense(4096, {.activation = "relu"}), nn::Dropout(0.5));
    SetLayers(std::move(features), nn::Dense(classes));
  }
};

}  // namespace

NetworkBlock MakeAlexNet(int64_t classes) { return NetworkBlock(std::make_shared<AlexNet>(classes)); }

}  // namespace baryon::zoo
