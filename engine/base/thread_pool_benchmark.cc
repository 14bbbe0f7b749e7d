// What a parallel loop costs: its beginning and end when the worker is awake, and after work on one thread alone,
// during which the worker may have gone to sleep.
//   bazel run //engine/base:thread_pool_benchmark
// Under `taskset -c 0` it tells how the two threads of a pool share a core: as fast as one is right.
#include <benchmark/benchmark.h>

#include <chrono>

#include "engine/base/thread_pool.h"

namespace baryon {
namespace {

using Clock = std::chrono::steady_clock;

void WorkFor(std::chrono::microseconds time) {
  for (const Clock::time_point end = Clock::now() + time; Clock::now() < end;) benchmark::ClobberMemory();
}

void BM_EmptyLoop(benchmark::State& state) {
  ThreadPool pool(static_cast<int>(state.range(0)));
  ThreadPool::ComputeScope scope(pool);
  for (auto _ : state) {
    pool.ParallelFor(static_cast<int>(state.range(1)), [](int task, int) { benchmark::DoNotOptimize(task); });
  }
}
BENCHMARK(BM_EmptyLoop)->ArgNames({"threads", "tasks"})->Args({1, 8})->Args({2, 2})->Args({2, 8})->UseRealTime();

// A step on one thread, then one of 40 microseconds on two: 20 at best.
void BM_LoopAfterWorkOnOneThread(benchmark::State& state) {
  ThreadPool pool(2);
  ThreadPool::ComputeScope scope(pool);
  for (auto _ : state) {
    WorkFor(std::chrono::microseconds(state.range(0)));
    const Clock::time_point start = Clock::now();
    pool.ParallelFor(4, [](int, int) { WorkFor(std::chrono::microseconds(10)); });
    state.SetIterationTime(std::chrono::duration<double>(Clock::now() - start).count());
  }
}
BENCHMARK(BM_LoopAfterWorkOnOneThread)->ArgName("us")->Arg(0)->Arg(30)->Arg(100)->Arg(1000)->UseManualTime();

// Brief loops behind each other, of two tasks of 2 microseconds: 2 at best.
void BM_BriefLoop(benchmark::State& state) {
  ThreadPool pool(static_cast<int>(state.range(0)));
  int64_t helped = 0;
  for (auto _ : state) {
    const auto work = [&](int, int worker) {
      if (worker == 1) ++helped;
      double spent = worker;
      for (int i = 0; i < 300; ++i) benchmark::DoNotOptimize(spent = spent * 1.0000001 + 1e-9);
    };
    pool.BriefParallelFor(2, work);
  }
  state.counters["helped"] = static_cast<double>(helped) / static_cast<double>(state.iterations());
}
BENCHMARK(BM_BriefLoop)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime();

}  // namespace
}  // namespace baryon
