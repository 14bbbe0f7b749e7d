// Reductions of float32: global pooling in both layouts, sums of rows, maxima; one thread.
#include <benchmark/benchmark.h>

#include <vector>

#include "engine/kernels/reduce.h"

namespace baryon::kernels {
namespace {

// x[outer, size, inner] over the middle axis.
void BM_Reduce(benchmark::State& state) {
  const int64_t dims[] = {state.range(1), state.range(2), state.range(3)};
  const bool reduced[] = {false, true, false};
  const Reduction reduction = state.range(0) == 0 ? Reduction::kSum : Reduction::kMax;
  const ReduceGeometry geometry = MakeReduceGeometry(dims, reduced, 3);
  std::vector<float> x(dims[0] * dims[1] * dims[2], 0.5f), y(geometry.num_outputs);
  for (auto _ : state) {
    Reduce(reduction, Finish::kNone, geometry, DType::kFloat32, x.data(), DType::kFloat32, y.data(), 0,
           geometry.num_units);
    benchmark::DoNotOptimize(y.data());
  }
  state.SetBytesProcessed(state.iterations() * x.size() * sizeof(float));
}
BENCHMARK(BM_Reduce)
    ->ArgNames({"max", "outer", "size", "inner"})
    ->ArgsProduct({{0, 1}, {2048}, {49}, {1}})  // [C, H * W]
    ->ArgsProduct({{0, 1}, {1}, {49}, {2048}})  // [H * W, C]
    ->ArgsProduct({{0, 1}, {1}, {56 * 56}, {64}})
    ->ArgsProduct({{0, 1}, {128}, {768}, {1}})
    ->ArgsProduct({{0, 1}, {1}, {1 << 20}, {1}});

}  // namespace
}  // namespace baryon::kernels
