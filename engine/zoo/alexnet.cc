// Source: Krizhevsky, One Weird Trick for Parallelizing Convolutional Neural Networks, 2014.
#include "engine/zoo/networks.h"

namespace baryon::zoo {

absl::StatusOr<Network> AlexNet(int64_t classes) {
  constexpr PoolOptions kPool = {.size = 3, .stride = 2};
  const auto conv3x3 = [](int64_t channels) {
    return ConvOptions{.channels = channels, .kernel = {3, 3}, .padding = {1, 1}, .activation = "relu"};
  };
  NetBuilder net("alexnet0_", 224);
  Sequence features(net, "features", net.data());
  features.Conv({.channels = 64, .kernel = {11, 11}, .stride = 4, .padding = {2, 2}, .activation = "relu"});
  features.MaxPool(kPool);
  features.Conv({.channels = 192, .kernel = {5, 5}, .padding = {2, 2}, .activation = "relu"});
  features.MaxPool(kPool);
  features.Conv(conv3x3(384)).Conv(conv3x3(256)).Conv(conv3x3(256));
  features.MaxPool(kPool).Flatten();
  features.Dense(4096, "relu").Dropout(0.5).Dense(4096, "relu").Dropout(0.5);
  const Value output = net.Dense(features.value(), "output", classes);
  return std::move(net).Build(output);
}

}  // namespace baryon::zoo
