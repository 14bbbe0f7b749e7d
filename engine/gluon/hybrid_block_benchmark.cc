// A call of the lesson's MLP (512-256-128-2) through Gluon, hybridized and not, beside its executable alone: one
// thread.
//   bazel run -c opt //engine/gluon:hybrid_block_benchmark
#include <benchmark/benchmark.h>

#include "engine/gluon/compute.h"
#include "engine/gluon/nn/dense.h"
#include "engine/gluon/np.h"
#include "engine/gluon/sequential.h"

namespace baryon {
namespace {

nn::HybridSequential MakeMlp() {
  SetNumThreads(1);
  nn::HybridSequential net;
  net.Add(nn::Dense(256, {.activation = "relu"}), nn::Dense(128, {.activation = "relu"}), nn::Dense(2));
  net.Initialize();
  return net;
}

void BM_Eager(benchmark::State& state) {
  nn::HybridSequential net = MakeMlp();
  const NDArray x = np::random::Uniform(-1, 1, {state.range(0), 512});
  for (auto _ : state) benchmark::DoNotOptimize(net(x));
}

void BM_Hybridized(benchmark::State& state) {
  nn::HybridSequential net = MakeMlp();
  net.Hybridize();
  const NDArray x = np::random::Uniform(-1, 1, {state.range(0), 512});
  for (auto _ : state) benchmark::DoNotOptimize(net(x));
}

// What is left when nothing of Gluon is in the way: outputs allocated beforehand.
void BM_Executable(benchmark::State& state) {
  nn::HybridSequential net = MakeMlp();
  net.Hybridize();
  const NDArray x = np::random::Uniform(-1, 1, {state.range(0), 512});
  const NDArray y = net(x);
  const auto executable = net.executable();
  const Tensor input = x.tensor();
  Tensor output = Tensor::Allocate(y.type());
  for (auto _ : state) {
    benchmark::DoNotOptimize(executable->Run(absl::MakeConstSpan(&input, 1), absl::MakeSpan(&output, 1)));
  }
}

// The least a call can cost: one operator on one element.
void BM_HybridizedOverhead(benchmark::State& state) {
  SetNumThreads(1);
  nn::Activation relu("relu");
  relu.Hybridize();
  const NDArray x = np::Ones({1, 1});
  for (auto _ : state) benchmark::DoNotOptimize(relu(x));
}

void BM_TraceAndCompile(benchmark::State& state) {
  nn::HybridSequential net = MakeMlp();
  const NDArray x = np::random::Uniform(-1, 1, {1, 512});
  for (auto _ : state) {
    net.Hybridize();
    benchmark::DoNotOptimize(net(x));
  }
}

BENCHMARK(BM_Eager)->Arg(1)->Arg(32);
BENCHMARK(BM_Hybridized)->Arg(1)->Arg(32);
BENCHMARK(BM_Executable)->Arg(1)->Arg(32);
BENCHMARK(BM_HybridizedOverhead);
BENCHMARK(BM_TraceAndCompile);

}  // namespace
}  // namespace baryon
