// Residual networks. A stage halves the picture (but for the first) and is a row of blocks, each adding a short stack
// of convolutions to what it reads. In the first version the rectifier comes after the addition, in the second before
// the convolutions.
// Sources: He, Zhang, Ren, Sun, Deep Residual Learning for Image Recognition, 2015; Identity Mappings in Deep Residual
// Networks, 2016.
#include <map>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/gluon/npx.h"
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
  int64_t channels, stride, in_channels;
  bool downsample;  // the shape changes, so what is added has to change too
};

nn::Conv2D Conv3x3(int64_t channels, int64_t stride, int64_t in_channels) {
  return nn::Conv2D(channels, 3, {.strides = stride, .padding = 1, .use_bias = false, .in_channels = in_channels});
}

nn::Conv2D Conv1x1(int64_t channels, int64_t stride = 1, int64_t in_channels = 0) {
  return nn::Conv2D(channels, 1, {.strides = stride, .use_bias = false, .in_channels = in_channels});
}

// Blocks have no names of their own: layers are counted through the stage.
class BlockV1 : public nn::HybridBlock {
 protected:
  BlockV1() : HybridBlock({.prefix = ""}) {}

  void SetLayers(nn::HybridSequential body, const BlockSpec& spec) {
    body_ = Register("body", std::move(body));
    if (!spec.downsample) return;
    nn::HybridSequential downsample = Unnamed();
    downsample.Add(Conv1x1(spec.channels, spec.stride, spec.in_channels), nn::BatchNorm());
    downsample_ = Register("downsample", std::move(downsample));
  }
  NDArray Body(const NDArray& x) { return body_(x); }
  NDArray Residual(const NDArray& x) { return downsample_.has_value() ? (*downsample_)(x) : x; }

 private:
  Child<nn::HybridSequential> body_;
  std::optional<Child<nn::HybridSequential>> downsample_;
};

class BasicBlockV1 : public BlockV1 {
 public:
  explicit BasicBlockV1(const BlockSpec& spec) {
    nn::HybridSequential body = Unnamed();
    body.Add(Conv3x3(spec.channels, spec.stride, spec.in_channels), nn::BatchNorm(), nn::Activation("relu"));
    body.Add(Conv3x3(spec.channels, 1, spec.channels), nn::BatchNorm());
    SetLayers(std::move(body), spec);
  }
  NDArray Forward(const NDArray& x) override {
    const NDArray y = Body(x);
    return npx::Activation(Residual(x) + y, "relu");
  }
};

class BottleneckV1 : public BlockV1 {
 public:
  // The first and the last convolution keep their bias, although a batch norm follows.
  explicit BottleneckV1(const BlockSpec& spec) {
    const int64_t narrow = spec.channels / 4;
    nn::HybridSequential body = Unnamed();
    body.Add(nn::Conv2D(narrow, 1, {.strides = spec.stride}), nn::BatchNorm(), nn::Activation("relu"));
    body.Add(Conv3x3(narrow, 1, narrow), nn::BatchNorm(), nn::Activation("relu"));
    body.Add(nn::Conv2D(spec.channels, 1), nn::BatchNorm());
    SetLayers(std::move(body), spec);
  }
  NDArray Forward(const NDArray& x) override {
    const NDArray y = Body(x);
    return npx::Activation(y + Residual(x), "relu");
  }
};

// Each convolution reads what a batch norm and a rectifier make of its input.
class BlockV2 : public nn::HybridBlock {
 public:
  NDArray Forward(const NDArray& x) override {
    NDArray y = x, residual = x;
    for (size_t i = 0; i < convs_.size(); ++i) {
      y = npx::Activation(norms_[i](y), "relu");
      if (i == 0 && downsample_.has_value()) residual = (*downsample_)(y);
      y = convs_[i](y);
    }
    return y + residual;
  }

 protected:
  BlockV2() : HybridBlock({.prefix = ""}) {}

  // bn1, conv1, bn2, conv2, ...
  void AddConv(nn::Conv2D conv) {
    const size_t number = convs_.size() + 1;
    norms_.push_back(Register(absl::StrCat("bn", number), nn::BatchNorm()));
    convs_.push_back(Register(absl::StrCat("conv", number), std::move(conv)));
  }
  void AddDownsample(const BlockSpec& spec) {
    if (!spec.downsample) return;
    downsample_ = Register("downsample", Conv1x1(spec.channels, spec.stride, spec.in_channels));
  }

 private:
  std::vector<Child<nn::BatchNorm>> norms_;
  std::vector<Child<nn::Conv2D>> convs_;
  std::optional<Child<nn::Conv2D>> downsample_;
};

class BasicBlockV2 : public BlockV2 {
 public:
  explicit BasicBlockV2(const BlockSpec& spec) {
    AddConv(Conv3x3(spec.channels, spec.stride, spec.in_channels));
    AddConv(Conv3x3(spec.channels, 1, spec.channels));
    AddDownsample(spec);
  }
};

class BottleneckV2 : public BlockV2 {
 public:
  explicit BottleneckV2(const BlockSpec& spec) {
    const int64_t narrow = spec.channels / 4;
    AddConv(Conv1x1(narrow));
    AddConv(Conv3x3(narrow, spec.stride, narrow));
    AddConv(Conv1x1(spec.channels));
    AddDownsample(spec);
  }
};

constexpr int64_t kStemChannels = 64;

void AddStem(nn::HybridSequential& features) {
  features.Add(nn::Conv2D(kStemChannels, 7, {.strides = 2, .padding = 3, .use_bias = false}));
  features.Add(nn::BatchNorm(), nn::Activation("relu"));
  features.Add(nn::MaxPool2D({.pool_size = 3, .strides = 2, .padding = 1}));
}

template <typename ResidualBlock>
nn::HybridSequential Stage(int number, int blocks, BlockSpec spec) {
  nn::HybridSequential stage({.prefix = absl::StrCat("stage", number, "_")});
  const NameScope scope(stage);
  for (int i = 0; i < blocks; ++i) {
    stage.Add(ResidualBlock(spec));
    spec = {spec.channels, 1, spec.channels, false};
  }
  return stage;
}

template <typename BasicBlock, typename Bottleneck>
void AddStages(nn::HybridSequential& features, const Depth& depth) {
  const auto stage = depth.bottleneck ? Stage<Bottleneck> : Stage<BasicBlock>;
  int64_t in_channels = kStemChannels;
  for (size_t i = 0; i < depth.blocks.size(); ++i) {
    const int64_t channels = depth.channels[i];
    features.Add(stage(static_cast<int>(i) + 1, depth.blocks[i],
                       {channels, i == 0 ? 1 : 2, in_channels, channels != in_channels}));
    in_channels = channels;
  }
}

class ResNetV1 : public Classifier {
 public:
  ResNetV1(const Depth& depth, int64_t classes) {
    const NameScope scope(*this);
    nn::HybridSequential features = Unnamed();
    AddStem(features);
    AddStages<BasicBlockV1, BottleneckV1>(features, depth);
    features.Add(nn::GlobalAvgPool2D());
    SetLayers(std::move(features), nn::Dense(classes, {.in_units = depth.channels.back()}));
  }
};

class ResNetV2 : public Classifier {
 public:
  ResNetV2(const Depth& depth, int64_t classes) {
    const NameScope scope(*this);
    nn::HybridSequential features = Unnamed();
    features.Add(nn::BatchNorm({.center = false, .scale = false}));
    AddStem(features);
    AddStages<BasicBlockV2, BottleneckV2>(features, depth);
    features.Add(nn::BatchNorm(), nn::Activation("relu"), nn::GlobalAvgPool2D(), nn::Flatten());
    SetLayers(std::move(features), nn::Dense(classes, {.in_units = depth.channels.back()}));
  }
};

}  // namespace

NetworkBlock MakeResNetV1(int layers, int64_t classes) {
  return NetworkBlock(std::make_shared<ResNetV1>(DepthOf(layers), classes));
}

NetworkBlock MakeResNetV2(int layers, int64_t classes) {
  return NetworkBlock(std::make_shared<ResNetV2>(DepthOf(layers), classes));
}

}  // namespace baryon::zoo
