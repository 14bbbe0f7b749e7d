// Depthwise convolutions, which see one channel each, between 1x1 convolutions, which mix the channels.
// Sources: Howard et al., MobileNets, 2017; Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks,
// 2018.
#include "engine/gluon/invoke.h"
#include "engine/zoo/networks.h"

namespace baryon::zoo {
namespace {

int64_t Scaled(int64_t channels, double multiplier) {
  return static_cast<int64_t>(static_cast<double>(channels) * multiplier);
}

// Gluon's own class: it prints and names its operator so.
class RELU6 : public nn::HybridBlock {  // NOLINT: Gluon's name
 public:
  NDArray Forward(const NDArray& x) override {
    return InvokeOne("clip", {{"a_min", "0"}, {"a_max", "6"}}, {x}, {.name = "relu6"});
  }
};

nn::Conv2D Conv1x1(int64_t channels) { return nn::Conv2D(channels, 1, {.use_bias = false}); }

nn::Conv2D Conv3x3(int64_t channels, int64_t stride, int64_t groups = 1) {
  return nn::Conv2D(channels, 3, {.strides = stride, .padding = 1, .groups = groups, .use_bias = false});
}

void Add(nn::HybridSequential& net, nn::Conv2D conv) {
  net.Add(std::move(conv), nn::BatchNorm(), nn::Activation("relu"));
}

void Add6(nn::HybridSequential& net, nn::Conv2D conv) { net.Add(std::move(conv), nn::BatchNorm(), RELU6()); }

struct Separable {
  int64_t depthwise, channels, stride;
};

constexpr Separable kSeparable[] = {{32, 64, 1},   {64, 128, 2},   {128, 128, 1},  {128, 256, 2}, {256, 256, 1},
                                    {256, 512, 2}, {512, 512, 1},  {512, 512, 1},  {512, 512, 1}, {512, 512, 1},
                                    {512, 512, 1}, {512, 1024, 2}, {1024, 1024, 1}};

class MobileNet : public Classifier {
 public:
  MobileNet(double multiplier, int64_t classes) {
    const NameScope scope(*this);
    nn::HybridSequential features = Unnamed();
    Add(features, Conv3x3(Scaled(32, multiplier), 2));
    for (const Separable& spec : kSeparable) {
      const int64_t depthwise = Scaled(spec.depthwise, multiplier);
      Add(features, Conv3x3(depthwise, spec.stride, depthwise));
      Add(features, Conv1x1(Scaled(spec.channels, multiplier)));
    }
    features.Add(nn::GlobalAvgPool2D(), nn::Flatten());
    SetLayers(std::move(features), nn::Dense(classes));
  }
};

struct Bottleneck {
  int64_t in, out, expansion, stride;
};

constexpr Bottleneck kBottlenecks[] = {
    {32, 16, 1, 1}, {16, 24, 6, 2},  {24, 24, 6, 1},   {24, 32, 6, 2},   {32, 32, 6, 1},  {32, 32, 6, 1},
    {32, 64, 6, 2}, {64, 64, 6, 1},  {64, 64, 6, 1},   {64, 64, 6, 1},   {64, 96, 6, 1},  {96, 96, 6, 1},
    {96, 96, 6, 1}, {96, 160, 6, 2}, {160, 160, 6, 1}, {160, 160, 6, 1}, {160, 320, 6, 1}};

class LinearBottleneck : public nn::HybridBlock {
 public:
  explicit LinearBottleneck(const Bottleneck& spec) : shortcut_(spec.stride == 1 && spec.in == spec.out) {
    const NameScope scope(*this);
    const int64_t wide = spec.in * spec.expansion;
    nn::HybridSequential out;
    Add6(out, Conv1x1(wide));
    Add6(out, Conv3x3(wide, spec.stride, wide));
    out.Add(Conv1x1(spec.out), nn::BatchNorm());
    out_ = Register("out", std::move(out));
  }

  NDArray Forward(const NDArray& x) override {
    const NDArray y = out_(x);
    return shortcut_ ? InvokeOne("elemwise_add", {}, {y, x}) : y;
  }

 private:
  bool shortcut_;
  Child<nn::HybridSequential> out_;
};

nn::HybridSequential FeaturesV2(double multiplier) {
  nn::HybridSequential features({.prefix = "features_"});
  const NameScope scope(features);
  Add6(features, Conv3x3(Scaled(32, multiplier), 2));
  for (Bottleneck spec : kBottlenecks) {
    spec.in = Scaled(spec.in, multiplier);
    spec.out = Scaled(spec.out, multiplier);
    features.Add(LinearBottleneck(spec));
  }
  Add6(features, Conv1x1(multiplier > 1 ? Scaled(1280, multiplier) : 1280));
  features.Add(nn::GlobalAvgPool2D());
  return features;
}

nn::HybridSequential OutputV2(int64_t classes) {
  nn::HybridSequential output({.prefix = "output_"});
  const NameScope scope(output);
  output.Add(nn::Conv2D(classes, 1, {.use_bias = false, .prefix = "pred_"}), nn::Flatten());
  return output;
}

class MobileNetV2 : public Classifier {
 public:
  MobileNetV2(double multiplier, int64_t classes) {
    const NameScope scope(*this);
    SetLayers(FeaturesV2(multiplier), OutputV2(classes));
  }
};

}  // namespace

NetworkBlock MakeMobileNet(double multiplier, int64_t classes) {
  return NetworkBlock(std::make_shared<MobileNet>(multiplier, classes));
}

NetworkBlock MakeMobileNetV2(double multiplier, int64_t classes) {
  return NetworkBlock(std::make_shared<MobileNetV2>(multiplier, classes));
}

}  // namespace baryon::zoo
