// Sums of float32 arrays as residual networks, squeeze-and-excitation and input normalisation have them.
#include <benchmark/benchmark.h>

#include <vector>

#include "engine/kernels/broadcast_binary.h"

namespace baryon::kernels {
namespace {

using Dims = std::vector<int64_t>;

void RunSum(benchmark::State& state, const Dims& a_dims, const Dims& b_dims) {
  constexpr DType kFloat = DType::kFloat32;
  const BroadcastBinary add({BinaryFn::kAdd, kFloat, kFloat, kFloat, kFloat}, a_dims, b_dims, a_dims);
  const int64_t n = add.num_elements();
  std::vector<float> a(n, 1), b(n, 2), y(n);
  for (auto _ : state) {
    add.Run(a.data(), b.data(), y.data(), 0, n);
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * n * 12);
}

void SameShape(benchmark::State& state) { RunSum(state, {state.range(0)}, {state.range(0)}); }
void PerChannelFirst(benchmark::State& state) { RunSum(state, {1, 256, 28, 28}, {1, 256, 1, 1}); }
void PerChannelLast(benchmark::State& state) { RunSum(state, {1, 28, 28, 256}, {256}); }
void ThreeChannelsLast(benchmark::State& state) { RunSum(state, {1, 224, 224, 3}, {3}); }

BENCHMARK(SameShape)->Arg(1 << 10)->Arg(1 << 14)->Arg(1 << 18)->Arg(1 << 22);
BENCHMARK(PerChannelFirst);
BENCHMARK(PerChannelLast);
BENCHMARK(ThreeChannelsLast);

}  // namespace
}  // namespace baryon::kernels
