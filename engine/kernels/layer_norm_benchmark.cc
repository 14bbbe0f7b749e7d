// Layer normalisation of the rows of transformers, and batch normalisation in both layouts; one thread.
#include <benchmark/benchmark.h>

#include <vector>

#include "engine/kernels/normalize.h"

namespace baryon::kernels {
namespace {

void BM_LayerNorm(benchmark::State& state) {
  const int64_t rows = state.range(0), size = state.range(1);
  std::vector<float> x(rows * size, 0.5f), y(rows * size), gamma(size, 1.0f), beta(size, 0.1f);
  for (auto _ : state) {
    for (int64_t row = 0; row < rows; ++row) {
      LayerNormRow(x.data() + row * size, size, 1e-5, gamma.data(), beta.data(), y.data() + row * size);
    }
    benchmark::DoNotOptimize(y.data());
  }
  state.SetBytesProcessed(state.iterations() * rows * size * 2 * sizeof(float));
}
BENCHMARK(BM_LayerNorm)->ArgNames({"rows", "size"})->Args({1, 64})->Args({128, 768})->Args({384, 1024});

void BM_NormalizeColumns(benchmark::State& state) {
  const int64_t rows = state.range(0), columns = state.range(1);
  std::vector<float> x(rows * columns, 0.5f), y(rows * columns), vector(columns, 1.0f);
  for (auto _ : state) {
    NormalizeColumns(x.data(), rows, columns, columns, vector.data(), vector.data(), vector.data(), true, y.data(),
                     columns);
    benchmark::DoNotOptimize(y.data());
  }
  state.SetBytesProcessed(state.iterations() * rows * columns * 2 * sizeof(float));
}
BENCHMARK(BM_NormalizeColumns)->ArgNames({"rows", "columns"})->Args({56 * 56, 64})->Args({49, 2048});

}  // namespace
}  // namespace baryon::kernels
