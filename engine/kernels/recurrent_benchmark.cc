// Speed of a recurrent layer, one thread: all steps, input products included.
//   bazel run -c opt //engine/kernels:recurrent_benchmark
// With one sequence a step is bound by reading the weight: bytes/s is what matters, with more of them GFLOP/s.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <vector>

#include "engine/kernels/aligned_buffer.h"
#include "engine/kernels/recurrent_layer.h"

namespace baryon::kernels {
namespace {

// cell, units (as many inputs), batch, steps
void BM_RecurrentLayer(benchmark::State& state) {
  RecurrentShape shape;
  shape.cell = static_cast<Cell>(state.range(0));
  shape.units = shape.inputs = state.range(1);
  shape.batch = state.range(2);
  shape.steps = state.range(3);
  const RecurrentLayer layer(shape, 1);
  AlignedBuffer packed(layer.packed_size()), shared(layer.shared_bytes() / 4), scratch(layer.workspace_bytes() / 4);
  AlignedBuffer in(shape.steps * shape.batch * shape.inputs), out(shape.steps * shape.batch * shape.units);
  AlignedBuffer begin(shape.batch * shape.units);
  for (AlignedBuffer* buffer : {&packed, &in, &begin}) std::fill(buffer->begin(), buffer->end(), 0.01f);
  const RecurrentOperands<float> operands = {in.data(),   begin.data(), begin.data(), out.data(),
                                             shape.units, nullptr,      nullptr,      nullptr};
  char *shared_bytes = reinterpret_cast<char*>(shared.data()), *workspace = reinterpret_cast<char*>(scratch.data());
  for (auto _ : state) {
    layer.Begin(operands, shared_bytes);
    for (int64_t chunk = 0; chunk < layer.num_chunks(); ++chunk) {
      layer.RunProduct(chunk, 0, packed.data(), operands, shared_bytes, workspace);
      for (int64_t phase = 0; phase < layer.num_phases(chunk); ++phase) {
        layer.RunPhase(chunk, phase, 0, packed.data(), operands, shared_bytes, workspace);
      }
    }
    benchmark::ClobberMemory();
  }
  state.SetLabel(layer.ToString());
  state.counters["GFLOP/s"] =
      benchmark::Counter(2e-9 * layer.num_multiplications(), benchmark::Counter::kIsIterationInvariantRate);
  state.counters["us/step"] = benchmark::Counter(
      1e-6 * shape.steps, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void Shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"cell", "units", "batch", "steps"});
  for (Cell cell : {Cell::kLstm, Cell::kGru}) {
    for (int64_t units : {128, 256, 512, 1024}) {
      for (int64_t batch : {1, 8}) {
        for (int64_t steps : {1, 32, 128}) benchmark->Args({static_cast<int64_t>(cell), units, batch, steps});
      }
    }
  }
  benchmark->Args({static_cast<int64_t>(Cell::kTanh), 256, 1, 32});
}
BENCHMARK(BM_RecurrentLayer)->Apply(Shapes);

}  // namespace
}  // namespace baryon::kernels
