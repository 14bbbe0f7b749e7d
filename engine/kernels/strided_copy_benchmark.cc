// Speed of the copies that networks are full of, one thread: GB/s count what is read and what is written.
//   bazel run -c opt //engine/kernels:strided_copy_benchmark
#include <benchmark/benchmark.h>

#include "engine/kernels/strided_copy.h"

namespace baryon::kernels {
namespace {

void Measure(benchmark::State& state, std::vector<CopyLoop> loops, int64_t source_size) {
  const StridedCopy copy(std::move(loops), sizeof(float));
  std::vector<float> from(source_size, 1.f), to(copy.size_bytes() / sizeof(float), 0.f);
  for (auto _ : state) {
    copy.Run(from.data(), to.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * (copy.size_bytes() + source_size * sizeof(float)));
}

void BM_Copy(benchmark::State& state) { Measure(state, {{state.range(0), 1, 1}}, state.range(0)); }
BENCHMARK(BM_Copy)->Arg(1 << 14)->Arg(3 * 224 * 224)->Arg(1 << 24);

// [channels, pixels] to [pixels, channels]
void BM_ToChannelsLast(benchmark::State& state) {
  const int64_t channels = state.range(0), pixels = state.range(1);
  Measure(state, {{pixels, 1, channels}, {channels, pixels, 1}}, channels * pixels);
}
void BM_ToChannelsFirst(benchmark::State& state) {
  const int64_t channels = state.range(0), pixels = state.range(1);
  Measure(state, {{channels, 1, pixels}, {pixels, channels, 1}}, channels * pixels);
}
void Maps(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"channels", "pixels"});
  benchmark->Args({3, 224 * 224})->Args({64, 56 * 56})->Args({256, 64 * 64})->Args({2048, 7 * 7})->Args({1000, 1});
  benchmark->Args({1024, 16384});
}
BENCHMARK(BM_ToChannelsLast)->Apply(Maps);
BENCHMARK(BM_ToChannelsFirst)->Apply(Maps);

// Attention heads: [tokens, heads, width] to [heads, tokens, width]
void BM_SplitHeads(benchmark::State& state) {
  const int64_t tokens = 384, heads = 12, width = 64;
  Measure(state, {{heads, width, tokens * width}, {tokens, heads * width, width}, {width, 1, 1}},
          tokens * heads * width);
}
BENCHMARK(BM_SplitHeads);

// Pixels of a map twice as large, [channels, h, w]
void BM_UpSample(benchmark::State& state) {
  const int64_t planes = 256 * 26, w = 26;
  Measure(state, {{planes, w, 4 * w}, {2, 0, 2 * w}, {w, 1, 2}, {2, 0, 1}}, planes * w);
}
BENCHMARK(BM_UpSample);

}  // namespace
}  // namespace baryon::kernels
