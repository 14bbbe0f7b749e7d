// Softmax of classifiers, of attention (rows) and of segmentation or detection maps (columns); one thread.
#include <benchmark/benchmark.h>

#include <vector>

#include "engine/kernels/softmax.h"

namespace baryon::kernels {
namespace {

void CountBytes(benchmark::State& state, int64_t elements) {
  state.SetItemsProcessed(state.iterations() * elements);
  state.SetBytesProcessed(state.iterations() * elements * 2 * sizeof(float));
}

void BM_SoftmaxRows(benchmark::State& state) {
  const int64_t rows = state.range(0), size = state.range(1);
  std::vector<float> x(rows * size, 0.5f), y(rows * size);
  for (auto _ : state) {
    SoftmaxRows({1, state.range(2) != 0}, x.data(), rows, size, y.data());
    benchmark::DoNotOptimize(y.data());
  }
  CountBytes(state, rows * size);
}
BENCHMARK(BM_SoftmaxRows)->ArgNames({"rows", "size", "log"})->ArgsProduct({{1}, {10, 1000}, {0, 1}});
BENCHMARK(BM_SoftmaxRows)->ArgNames({"rows", "size", "log"})->Args({12 * 128, 128, 0})->Args({12 * 384, 384, 0});

void BM_SoftmaxColumns(benchmark::State& state) {
  const int64_t size = state.range(0), columns = state.range(1);
  std::vector<float> x(size * columns, 0.5f), y(size * columns);
  for (auto _ : state) {
    SoftmaxColumns({1, false}, x.data(), size, columns, columns, y.data());
    benchmark::DoNotOptimize(y.data());
  }
  CountBytes(state, size * columns);
}
BENCHMARK(BM_SoftmaxColumns)->ArgNames({"size", "columns"})->Args({21, 64 * 64})->Args({21, 8732})->Args({80, 49});

}  // namespace
}  // namespace baryon::kernels
