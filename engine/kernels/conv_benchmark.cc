// Speed of the convolutions of ResNet-50 v1 (224 x 224, batch 1) and of a few others, one thread.
//   bazel run -c opt //engine/kernels:conv_benchmark
//   BARYON_CPU=avx2 bazel run ...    the same without AVX-512
// Weights and activations are rotated through 64 MB, so that weights come from memory as they do within a network;
// residual and ReLU as the network has them. BM_ResNet50 is all 53 convolutions one after the other.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "engine/kernels/aligned_buffer.h"
#include "engine/kernels/conv.h"

namespace baryon::kernels {
namespace {

struct Layer {
  const char* name;
  int64_t channels, filters, size, kernel, stride;  // size: of the input
  bool residual = false;
  int count = 1;
  int64_t groups = 1;
};

constexpr Layer kResNet50[] = {
    {"stem", 3, 64, 224, 7, 2},
    {"s1 down", 64, 256, 56, 1, 1},
    {"s1 first reduce", 64, 64, 56, 1, 1},
    {"s1 3x3", 64, 64, 56, 3, 1, false, 3},
    {"s1 expand", 64, 256, 56, 1, 1, true, 3},
    {"s1 reduce", 256, 64, 56, 1, 1, false, 2},
    {"s2 down", 256, 512, 56, 1, 2},
    {"s2 first reduce", 256, 128, 56, 1, 2},
    {"s2 3x3", 128, 128, 28, 3, 1, false, 4},
    {"s2 expand", 128, 512, 28, 1, 1, true, 4},
    {"s2 reduce", 512, 128, 28, 1, 1, false, 3},
    {"s3 down", 512, 1024, 28, 1, 2},
    {"s3 first reduce", 512, 256, 28, 1, 2},
    {"s3 3x3", 256, 256, 14, 3, 1, false, 6},
    {"s3 expand", 256, 1024, 14, 1, 1, true, 6},
    {"s3 reduce", 1024, 256, 14, 1, 1, false, 5},
    {"s4 down", 1024, 2048, 14, 1, 2},
    {"s4 first reduce", 1024, 512, 14, 1, 2},
    {"s4 3x3", 512, 512, 7, 3, 1, false, 3},
    {"s4 expand", 512, 2048, 7, 1, 1, true, 3},
    {"s4 reduce", 2048, 512, 7, 1, 1, false, 2},
};

constexpr Layer kOthers[] = {
    {"v2 3x3/2", 128, 128, 56, 3, 2},
    {"vgg first", 3, 64, 224, 3, 1},
    {"vgg 512", 512, 512, 28, 3, 1},
    {"lenet first", 1, 20, 28, 5, 1},
    {"lenet second", 20, 50, 12, 5, 1},
    {"mobilenet pointwise", 32, 64, 112, 1, 1},
    {"mobilenet v2 expand", 24, 144, 56, 1, 1},
    {"depthwise 112", 32, 32, 112, 3, 1, false, 1, 32},
    {"depthwise 112/2", 64, 64, 112, 3, 2, false, 1, 64},
    {"depthwise 56", 128, 128, 56, 3, 1, false, 1, 128},
    {"depthwise 28", 256, 256, 28, 3, 1, false, 1, 256},
    {"depthwise 14", 512, 512, 14, 3, 1, false, 1, 512},
    {"depthwise 7", 1024, 1024, 7, 3, 1, false, 1, 1024},
    {"resnext 32x4", 128, 128, 56, 3, 1, false, 1, 32},
    {"resnext 32x16", 512, 512, 14, 3, 1, false, 1, 32},
};

// Weights stand behind each other as in a network; activations, which are used soon again, share their memory.
class Network {
 public:
  Network(const std::vector<Layer>& layers, int64_t batch) {
    ConvOptions options;
    options.most_winograd = 4;
    options.most_strassen = 2;
    int64_t largest = 0, packed = 0, workspace = 0;
    for (const Layer& layer : layers) {
      ConvGeometry g;
      g.batch = batch;
      g.channels = layer.channels;
      g.filters = layer.filters;
      g.groups = layer.groups;
      g.in = {1, layer.size, layer.size};
      g.kernel = {1, layer.kernel, layer.kernel};
      g.stride = {1, layer.stride, layer.stride};
      g.pad = {0, layer.kernel / 2, layer.kernel / 2};
      const int64_t out = (layer.size + layer.kernel / 2 * 2 - layer.kernel) / layer.stride + 1;
      g.out = {1, out, out};
      for (int i = 0; i < layer.count; ++i) {
        Step step;
        step.plan = layer.channels == 3 ? MakeChannelsFirstConvPlan(g, {}) : MakeConvPlan(g, options);
        step.packed = packed;
        step.residual = layer.residual;
        packed += (step.plan->packed_size() + 15) / 16 * 16;
        workspace = std::max(workspace, step.plan->workspace_bytes());
        multiplications_ += static_cast<double>(g.num_multiplications());
        steps_.push_back(std::move(step));
      }
      largest = std::max({largest, batch * g.in_pixels() * g.channels, batch * g.out_pixels() * g.filters});
    }
    // As the executable's: prefetchers stop at the ends of small pages.
    const auto pool = std::make_shared<HugePagePool>();
    packed_ = AlignedBuffer(packed, pool);
    for (AlignedBuffer& activations : activations_) activations = AlignedBuffer(largest + 1040, pool);
    bias_ = AlignedBuffer(4096);
    workspace_ = AlignedBuffer(workspace / 4 + 1, pool);
    for (AlignedBuffer* buffer : {&packed_, &activations_[0], &activations_[1], &activations_[2], &bias_}) {
      std::fill(buffer->begin(), buffer->end(), 0.001f);
    }
  }

  double multiplications() const { return multiplications_; }
  size_t num_steps() const { return steps_.size(); }
  std::string algorithm(size_t i) const { return steps_[i].plan->ToString(); }

  void Run(size_t i) {
    const Step& step = steps_[i];
    ConvOperands operands;
    operands.in = activations_[i % 2].data();
    operands.out = activations_[(i + 1) % 2].data();
    operands.packed = packed_.data() + step.packed;
    operands.bias = bias_.data();
    operands.residual = step.residual ? activations_[2].data() : nullptr;
    operands.activation.kind = Activation::kRelu;
    for (int task = 0; task < step.plan->num_tasks(); ++task) {
      step.plan->RunTask(task, operands, reinterpret_cast<char*>(workspace_.data()));
    }
  }

 private:
  struct Step {
    std::unique_ptr<ConvPlan> plan;
    int64_t packed;
    bool residual;
  };
  std::vector<Step> steps_;
  AlignedBuffer packed_, activations_[3], bias_, workspace_;
  double multiplications_ = 0;
};

void Report(benchmark::State& state, double multiplications) {
  state.counters["GFLOP/s"] = benchmark::Counter(2e-9 * multiplications, benchmark::Counter::kIsIterationInvariantRate);
}

void BM_Conv(benchmark::State& state, Layer layer) {
  constexpr double kRotatedFloats = 64 << 18;
  const double weights = static_cast<double>(layer.channels) * layer.filters * layer.kernel * layer.kernel;
  layer.count = static_cast<int>(std::min(200.0, 1 + kRotatedFloats / weights));
  Network network({layer}, 1);
  size_t i = 0;
  for (auto _ : state) {
    network.Run(i);
    i = (i + 1) % network.num_steps();
  }
  state.SetLabel(network.algorithm(0));
  Report(state, network.multiplications() / network.num_steps());
}

void BM_ResNet50(benchmark::State& state) {
  Network network(std::vector<Layer>(std::begin(kResNet50), std::end(kResNet50)), state.range(0));
  for (auto _ : state) {
    for (size_t i = 0; i < network.num_steps(); ++i) network.Run(i);
  }
  Report(state, network.multiplications());
}
BENCHMARK(BM_ResNet50)->Arg(1)->Arg(8)->Unit(benchmark::kMillisecond);

const bool kRegistered = [] {
  const auto add = [](const Layer& layer) {
    benchmark::RegisterBenchmark((std::string("BM_Conv/") + layer.name).c_str(), BM_Conv, layer)
        ->Unit(benchmark::kMicrosecond);
  };
  for (const Layer& layer : kResNet50) add(layer);
  for (const Layer& layer : kOthers) add(layer);
  return true;
}();

}  // namespace
}  // namespace baryon::kernels
