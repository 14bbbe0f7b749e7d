// A fire module squeezes the channels with a 1x1 convolution and expands them again with a 1x1 and a 3x3 one side by
// side.
// Source: Iandola et al., SqueezeNet: AlexNet-level Accuracy with 50x Fewer Parameters, 2016.
#include "engine/zoo/networks.h"

namespace baryon::zoo {
namespace {

nn::MaxPool2D Pool() { return nn::MaxPool2D({.pool_size = 3, .strides = 2, .ceil_mode = true}); }

nn::HybridSequential Rectified(int64_t channels, int64_t kernel, int64_t padding = 0) {
  nn::HybridSequential row = Unnamed();
  row.Add(nn::Conv2D(channels, kernel, {.padding = padding}), nn::Activation("relu"));
  return row;
}

nn::HybridSequential Fire(int64_t squeeze, int64_t expand) {
  nn::HybridConcatenate wide({.axis = 1, .prefix = ""});
  wide.Add(Rectified(expand, 1), Rectified(expand, 3, 1));
  nn::HybridSequential fire = Unnamed();
  fire.Add(Rectified(squeeze, 1), std::move(wide));
  return fire;
}

// Version 1.0 pools late, 1.1 early, which saves most of the work.
nn::HybridSequential Features(int minor) {
  const bool late = minor == 0;
  nn::HybridSequential features = Unnamed();
  features.Add(late ? nn::Conv2D(96, 7, {.strides = 2}) : nn::Conv2D(64, 3, {.strides = 2}));
  features.Add(nn::Activation("relu"), Pool(), Fire(16, 64), Fire(16, 64));
  if (!late) features.Add(Pool());
  features.Add(Fire(32, 128));
  if (late) features.Add(Pool());
  features.Add(Fire(32, 128));
  if (!late) features.Add(Pool());
  features.Add(Fire(48, 192), Fire(48, 192), Fire(64, 256));
  if (late) features.Add(Pool());
  features.Add(Fire(64, 256), nn::Dropout(0.5));
  return features;
}

class SqueezeNet : public Classifier {
 public:
  SqueezeNet(int minor, int64_t classes) {
    const NameScope scope(*this);
    nn::HybridSequential output = Unnamed();
    output.Add(nn::Conv2D(classes, 1), nn::Activation("relu"), nn::AvgPool2D({.pool_size = 13}), nn::Flatten());
    SetLayers(Features(minor), std::move(output));
  }
};

}  // namespace

NetworkBlock MakeSqueezeNet(int minor, int64_t classes) {
  return NetworkBlock(std::make_shared<SqueezeNet>(minor, classes));
}

}  // namespace baryon::zoo
