// A fire module squeezes the channels with a 1x1 convolution and expands them again with a 1x1 and a 3x3 one side by
// side.
// Source: Iandola et al., SqueezeNet: AlexNet-level Accuracy with 50x Fewer Parameters, 2016.
#include <string>

#include "engine/zoo/networks.h"

namespace baryon::zoo {
namespace {

constexpr PoolOptions kPool = {.size = 3, .stride = 2, .ceil_mode = true};

void AddFire(Sequence& features, int64_t squeeze, int64_t expand) {
  features.Block([=](NetBuilder& net, const std::string& path, Value x) {
    Sequence narrow(net, path + ".0", x);
    narrow.Conv({.channels = squeeze}).Relu();
    Sequence wide1x1(net, path + ".1.0", narrow.value()), wide3x3(net, path + ".1.1", narrow.value());
    wide1x1.Conv({.channels = expand}).Relu();
    wide3x3.Conv({.channels = expand, .kernel = {3, 3}, .padding = {1, 1}}).Relu();
    return net.Concat({wide1x1.value(), wide3x3.value()});
  });
}

// Version 1.0 pools late, 1.1 early, which saves most of the work.
void AddFeatures(Sequence& features, int minor) {
  const bool late = minor == 0;
  if (late) {
    features.Conv({.channels = 96, .kernel = {7, 7}, .stride = 2});
  } else {
    features.Conv({.channels = 64, .kernel = {3, 3}, .stride = 2});
  }
  features.Relu().MaxPool(kPool);
  AddFire(features, 16, 64);
  AddFire(features, 16, 64);
  if (!late) features.MaxPool(kPool);
  AddFire(features, 32, 128);
  if (late) features.MaxPool(kPool);
  AddFire(features, 32, 128);
  if (!late) features.MaxPool(kPool);
  AddFire(features, 48, 192);
  AddFire(features, 48, 192);
  AddFire(features, 64, 256);
  if (late) features.MaxPool(kPool);
  AddFire(features, 64, 256);
}

}  // namespace

absl::StatusOr<Network> SqueezeNet(int minor, int64_t classes) {
  NetBuilder net("squeezenet0_", 224);
  Sequence features(net, "features", net.data());
  AddFeatures(features, minor);
  features.Dropout(0.5);
  Sequence output(net, "output", features.value());
  output.Conv({.channels = classes}).Relu().AvgPool({.size = 13, .stride = 13}).Flatten();
  return std::move(net).Build(output.value());
}

}  // namespace baryon::zoo
