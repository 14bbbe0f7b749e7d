// Modules of branches side by side, each a row of convolutions; long kernels are taken apart into 1x7 and 7x1.
// Source: Szegedy, Vanhoucke, Ioffe, Shlens, Wojna, Rethinking the Inception Architecture, 2015.
#include <optional>
#include <string>
#include <vector>

#include "engine/zoo/networks.h"

namespace baryon::zoo {
namespace {

struct Conv {
  int64_t channels;
  nn::Extents kernel, padding = 0;
  int64_t stride = 1;
};
Conv Conv1x1(int64_t channels) { return {channels, 1}; }
Conv Conv3x3(int64_t channels) { return {channels, 3, 1}; }
Conv Halving(int64_t channels) { return {channels, 3, 0, 2}; }
Conv Conv1x7(int64_t channels) { return {channels, {1, 7}, {0, 3}}; }
Conv Conv7x1(int64_t channels) { return {channels, {7, 1}, {3, 0}}; }

// A convolution as this network has them.
nn::HybridSequential Normalized(const Conv& conv) {
  nn::HybridSequential row = Unnamed();
  row.Add(nn::Conv2D(conv.channels, conv.kernel, {.strides = conv.stride, .padding = conv.padding, .use_bias = false}));
  row.Add(nn::BatchNorm({.epsilon = 1e-3}), nn::Activation("relu"));
  return row;
}

enum class PoolKind { kNone, kAvg, kMax };

struct Branch {
  PoolKind pool = PoolKind::kNone;
  std::vector<Conv> convs = {};
  std::vector<Conv> split = {};  // at the end, side by side
};

using Branches = std::vector<Branch>;

nn::HybridSequential Row(const Branch& branch) {
  nn::HybridSequential row = Unnamed();
  if (branch.pool == PoolKind::kAvg) row.Add(nn::AvgPool2D({.pool_size = 3, .strides = 1, .padding = 1}));
  if (branch.pool == PoolKind::kMax) row.Add(nn::MaxPool2D({.pool_size = 3, .strides = 2}));
  for (const Conv& conv : branch.convs) row.Add(Normalized(conv));
  return row;
}

// A branch that splits is a block of two: its convolutions, then the ends side by side.
nn::HybridSequential Splitting(const Branch& branch) {
  nn::HybridConcatenate ends({.axis = 1, .prefix = ""});
  for (const Conv& conv : branch.split) ends.Add(Row({.convs = {conv}}));
  nn::HybridSequential block = Unnamed();
  block.Add(Row(branch), std::move(ends));
  return block;
}

nn::HybridConcatenate Module(const std::string& prefix, const Branches& branches) {
  nn::HybridConcatenate module({.axis = 1, .prefix = prefix});
  const NameScope scope(module);
  for (const Branch& branch : branches) module.Add(branch.split.empty() ? Row(branch) : Splitting(branch));
  return module;
}

// The modules are called A to E, as in the file names of everybody's parameters.
Branches ModuleA(int64_t pooled) {
  return {{.convs = {Conv1x1(64)}},
          {.convs = {Conv1x1(48), {64, 5, 2}}},
          {.convs = {Conv1x1(64), Conv3x3(96), Conv3x3(96)}},
          {.pool = PoolKind::kAvg, .convs = {Conv1x1(pooled)}}};
}

Branches ModuleB() {
  return {{.convs = {Halving(384)}}, {.convs = {Conv1x1(64), Conv3x3(96), Halving(96)}}, {.pool = PoolKind::kMax}};
}

Branches ModuleC(int64_t inner) {
  return {{.convs = {Conv1x1(192)}},
          {.convs = {Conv1x1(inner), Conv1x7(inner), Conv7x1(192)}},
          {.convs = {Conv1x1(inner), Conv7x1(inner), Conv1x7(inner), Conv7x1(inner), Conv1x7(192)}},
          {.pool = PoolKind::kAvg, .convs = {Conv1x1(192)}}};
}

Branches ModuleD() {
  return {{.convs = {Conv1x1(192), Halving(320)}},
          {.convs = {Conv1x1(192), Conv1x7(192), Conv7x1(192), Halving(192)}},
          {.pool = PoolKind::kMax}};
}

Branches ModuleE() {
  const std::vector<Conv> pair = {{384, {1, 3}, {0, 1}}, {384, {3, 1}, {1, 0}}};
  return {{.convs = {Conv1x1(320)}},
          {.convs = {Conv1x1(384)}, .split = pair},
          {.convs = {Conv1x1(448), Conv3x3(384)}, .split = pair},
          {.pool = PoolKind::kAvg, .convs = {Conv1x1(192)}}};
}

void AddStem(nn::HybridSequential& features) {
  features.Add(Normalized(Halving(32)), Normalized({32, 3}), Normalized(Conv3x3(64)));
  features.Add(nn::MaxPool2D({.pool_size = 3, .strides = 2}));
  features.Add(Normalized(Conv1x1(80)), Normalized({192, 3}));
  features.Add(nn::MaxPool2D({.pool_size = 3, .strides = 2}));
}

class Inception3 : public Classifier {
 public:
  explicit Inception3(int64_t classes) {
    const NameScope scope(*this);
    nn::HybridSequential features = Unnamed();
    AddStem(features);
    features.Add(Module("A1_", ModuleA(32)), Module("A2_", ModuleA(64)), Module("A3_", ModuleA(64)));
    features.Add(Module("B_", ModuleB()));
    features.Add(Module("C1_", ModuleC(128)), Module("C2_", ModuleC(160)), Module("C3_", ModuleC(160)));
    features.Add(Module("C4_", ModuleC(192)));
    features.Add(Module("D_", ModuleD()));
    features.Add(Module("E1_", ModuleE()), Module("E2_", ModuleE()));
    features.Add(nn::AvgPool2D({.pool_size = 8}), nn::Dropout(0.5));
    SetLayers(std::move(features), nn::Dense(classes));
  }
};

}  // namespace

NetworkBlock MakeInceptionV3(int64_t classes) { return NetworkBlock(std::make_shared<Inception3>(classes)); }

}  // namespace baryon::zoo
