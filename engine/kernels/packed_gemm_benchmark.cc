// Speed of the packed product on the pointwise layers of ResNet-50 and on dense layers, one thread.
//   bazel run -c opt //engine/kernels:packed_gemm_benchmark
//   BARYON_CPU=avx2 bazel run ...    the same without AVX-512
// `cold` rows take another copy of the weights each time, 64 MB of them, as they come from memory within a network.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "engine/kernels/aligned_buffer.h"
#include "engine/kernels/packed_gemm.h"

namespace baryon::kernels {
namespace {

// m, n, k, residual, cold
void BM_PackedGemm(benchmark::State& state) {
  const int64_t m = state.range(0), n = state.range(1), k = state.range(2);
  const bool residual = state.range(3) != 0, cold = state.range(4) != 0;
  const GemmPlan plan(GemmShape::Matrix(m, k, n), ActiveGemmTarget(), 1);
  const int64_t size = plan.packed_size();
  const int64_t copies = cold ? std::max<int64_t>((64 << 20) / 4 / size, 1) : 1;
  AlignedBuffer packed(size * copies), a(m * k), c(m * n), r(m * n), bias(n);
  for (AlignedBuffer* buffer : {&packed, &a, &r, &bias}) std::fill(buffer->begin(), buffer->end(), 0.01f);
  AlignedBuffer workspace(plan.workspace_bytes() / 4 + 16);
  const Epilogue epilogue = {bias.data(), residual, {Activation::kRelu}};
  const MatrixRows rows = {a.data(), k, c.data(), n, r.data(), n};
  int64_t copy = 0;
  for (auto _ : state) {
    plan.RunTask(0, packed.data() + copy * size, epilogue, rows, reinterpret_cast<char*>(workspace.data()));
    copy = (copy + 1) % copies;
    benchmark::ClobberMemory();
  }
  state.SetLabel(ActiveGemmTarget().name);
  state.counters["GFLOP/s"] = benchmark::Counter(2.0 * m * n * k * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

void Shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"m", "n", "k", "residual", "cold"});
  constexpr int64_t kShapes[][4] = {{192, 256, 64, 0},   {192, 256, 64, 1},   {192, 64, 64, 0},    {3136, 64, 64, 0},
                                    {3136, 256, 64, 0},  {3136, 256, 64, 1},  {3136, 64, 256, 0},  {784, 512, 256, 0},
                                    {784, 512, 128, 1},  {784, 128, 512, 0},  {196, 1024, 512, 0}, {196, 1024, 256, 1},
                                    {196, 256, 1024, 0}, {49, 2048, 1024, 0}, {49, 2048, 512, 1},  {49, 512, 2048, 0},
                                    {128, 768, 768, 0},  {128, 3072, 768, 0}, {128, 768, 3072, 1}, {8, 1000, 2048, 0},
                                    {1, 1000, 2048, 0},  {2, 1000, 2048, 0},  {3, 1000, 2048, 0},  {1, 256, 512, 0},
                                    {1, 128, 256, 0},    {1, 2, 128, 0},      {1, 4096, 9216, 0}};
  for (const auto& shape : kShapes) {
    for (int64_t cold : {0, 1}) benchmark->Args({shape[0], shape[1], shape[2], shape[3], cold});
  }
}
BENCHMARK(BM_PackedGemm)->Apply(Shapes);

}  // namespace
}  // namespace baryon::kernels
