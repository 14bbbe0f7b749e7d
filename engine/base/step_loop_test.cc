#include "engine/base/step_loop.h"

#include <numeric>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace baryon {
namespace {

// Each part adds up what all parts of the step before left: wrong as soon as a step begins too early.
std::vector<int64_t> RunOnThreads(int num_threads, int num_parts, int64_t num_steps) {
  StepLoop loop(num_parts);
  std::vector<int64_t> values[2] = {std::vector<int64_t>(num_parts, 1), std::vector<int64_t>(num_parts)};
  const auto work = [&](int64_t step, int part) {
    const std::vector<int64_t>& before = values[step % 2];
    values[1 - step % 2][part] = std::accumulate(before.begin(), before.end(), int64_t{part}) % 1000003;
  };
  std::vector<std::thread> threads;
  for (int t = 1; t < num_threads; ++t) threads.emplace_back([&, t] { loop.Run(num_steps, t % num_parts, work); });
  loop.Run(num_steps, 0, work);
  for (std::thread& thread : threads) thread.join();
  return values[num_steps % 2];
}

TEST(StepLoopTest, EveryStepSeesAllPartsOfTheOneBefore) {
  for (int parts : {1, 2, 5}) {
    const std::vector<int64_t> want = RunOnThreads(1, parts, 2000);
    for (int threads : {2, 3}) EXPECT_EQ(RunOnThreads(threads, parts, 2000), want) << parts << " parts";
  }
}

TEST(StepLoopTest, OneThreadDoesAllPartsItsPreferredOneFirst) {
  StepLoop loop(3);
  std::vector<std::pair<int64_t, int>> done;
  loop.Run(2, 1, [&](int64_t step, int part) { done.emplace_back(step, part); });
  EXPECT_EQ(done, (std::vector<std::pair<int64_t, int>>{{0, 1}, {0, 2}, {0, 0}, {1, 1}, {1, 2}, {1, 0}}));
}

TEST(StepLoopTest, WhoComesLateFindsNothingToDo) {
  StepLoop loop(2);
  int calls = 0;
  loop.Run(3, 0, [&](int64_t, int) { ++calls; });
  loop.Run(3, 1, [&](int64_t, int) { ++calls; });
  EXPECT_EQ(calls, 6);
}

TEST(StepLoopTest, NoStepsAreNoWork) {
  StepLoop loop(2);
  loop.Run(0, 0, [&](int64_t, int) { FAIL(); });
}

}  // namespace
}  // namespace baryon
