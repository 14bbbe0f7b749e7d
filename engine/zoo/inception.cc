// Modules of branches side by side, each a row of convolutions; long kernels are taken apart into 1x7 and 7x1.
// Source: Szegedy, Vanhoucke, Ioffe, Shlens, Wojna, Rethinking the Inception Architecture, 2015.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/zoo/networks.h"

namespace baryon::zoo {
namespace {

ConvOptions Conv(int64_t channels, IntTuple kernel, IntTuple padding = {0, 0}, int64_t stride = 1) {
  return {.channels = channels, .kernel = kernel, .stride = stride, .padding = padding, .use_bias = false};
}
ConvOptions Conv1x1(int64_t channels) { return Conv(channels, {1, 1}); }
ConvOptions Conv3x3(int64_t channels) { return Conv(channels, {3, 3}, {1, 1}); }
ConvOptions Halving(int64_t channels) { return Conv(channels, {3, 3}, {0, 0}, 2); }
ConvOptions Conv1x7(int64_t channels) { return Conv(channels, {1, 7}, {0, 3}); }
ConvOptions Conv7x1(int64_t channels) { return Conv(channels, {7, 1}, {3, 0}); }

void AddConv(Sequence& sequence, const ConvOptions& options) {
  sequence.Block([&](NetBuilder& net, const std::string& path, Value x) {
    Sequence conv(net, path, x);
    conv.Conv(options).BatchNorm({.epsilon = 1e-3}).Relu();
    return conv.value();
  });
}

enum class PoolKind { kNone, kAvg, kMax };

struct Branch {
  PoolKind pool = PoolKind::kNone;
  std::vector<ConvOptions> convs = {};
  std::vector<ConvOptions> split = {};  // at the end, side by side
};

using Branches = std::vector<Branch>;

Value AddBranch(NetBuilder& net, const std::string& path, Value x, const Branch& branch) {
  Sequence sequence(net, path, x);
  if (branch.pool == PoolKind::kAvg) sequence.AvgPool({.size = 3, .stride = 1, .padding = 1});
  if (branch.pool == PoolKind::kMax) sequence.MaxPool({.size = 3, .stride = 2});
  for (const ConvOptions& conv : branch.convs) AddConv(sequence, conv);
  return sequence.value();
}

Value AddBranches(NetBuilder& net, const std::string& path, Value x, const Branches& branches);

// A branch that splits is a block of two: its convolutions, then the pair.
Value AddSplitBranch(NetBuilder& net, const std::string& path, Value x, const Branch& branch) {
  x = AddBranch(net, path + ".0", x, branch);
  Branches ends;
  for (const ConvOptions& conv : branch.split) ends.push_back({.convs = {conv}});
  return AddBranches(net, path + ".1", x, ends);
}

Value AddBranches(NetBuilder& net, const std::string& path, Value x, const Branches& branches) {
  std::vector<Value> values;
  for (size_t i = 0; i < branches.size(); ++i) {
    const auto add = branches[i].split.empty() ? AddBranch : AddSplitBranch;
    values.push_back(add(net, absl::StrCat(path, ".", i), x, branches[i]));
  }
  return net.Concat(std::move(values));
}

void AddModule(Sequence& features, const std::string& prefix, const Branches& branches) {
  features.Block([&](NetBuilder& net, const std::string& path, Value x) {
    const NetBuilder::Scope scope(net, prefix);
    return AddBranches(net, path, x, branches);
  });
}

// The modules are called A to E, as in the file names of everybody's parameters.
Branches ModuleA(int64_t pooled) {
  return {{.convs = {Conv1x1(64)}},
          {.convs = {Conv1x1(48), Conv(64, {5, 5}, {2, 2})}},
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
  const std::vector<ConvOptions> pair = {Conv(384, {1, 3}, {0, 1}), Conv(384, {3, 1}, {1, 0})};
  return {{.convs = {Conv1x1(320)}},
          {.convs = {Conv1x1(384)}, .split = pair},
          {.convs = {Conv1x1(448), Conv3x3(384)}, .split = pair},
          {.pool = PoolKind::kAvg, .convs = {Conv1x1(192)}}};
}

void AddStem(Sequence& features) {
  AddConv(features, Halving(32));
  AddConv(features, Conv(32, {3, 3}));
  AddConv(features, Conv3x3(64));
  features.MaxPool({.size = 3, .stride = 2});
  AddConv(features, Conv1x1(80));
  AddConv(features, Conv(192, {3, 3}));
  features.MaxPool({.size = 3, .stride = 2});
}

void AddModules(Sequence& features) {
  AddModule(features, "A1_", ModuleA(32));
  AddModule(features, "A2_", ModuleA(64));
  AddModule(features, "A3_", ModuleA(64));
  AddModule(features, "B_", ModuleB());
  AddModule(features, "C1_", ModuleC(128));
  AddModule(features, "C2_", ModuleC(160));
  AddModule(features, "C3_", ModuleC(160));
  AddModule(features, "C4_", ModuleC(192));
  AddModule(features, "D_", ModuleD());
  AddModule(features, "E1_", ModuleE());
  AddModule(features, "E2_", ModuleE());
}

}  // namespace

absl::StatusOr<Network> InceptionV3(int64_t classes) {
  NetBuilder net("inception30_", 299);
  Sequence features(net, "features", net.data());
  AddStem(features);
  AddModules(features);
  features.AvgPool({.size = 8, .stride = 8}).Dropout(0.5);
  const Value output = net.Dense(features.value(), "output", classes);
  return std::move(net).Build(output);
}

}  // namespace baryon::zoo
