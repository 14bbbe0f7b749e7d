#include "server/batching/executor.h"

#include <atomic>
#include <memory>

#include "absl/synchronization/barrier.h"
#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(ThreadExecutorTest, RunsEverythingThatWasScheduledBeforeItEnds) {
  std::atomic<int> runs{0};
  {
    ThreadExecutor executor(2);
    for (int i = 0; i < 100; ++i) {
      executor.Schedule([&] {
        ++runs;
        executor.Schedule([&] { ++runs; });
      });
    }
  }
  EXPECT_EQ(runs, 200);
}

TEST(ThreadExecutorTest, RunsAsManyTasksAtOnceAsItHasThreads) {
  auto* barrier = new absl::Barrier(3);  // passed only when all three are inside
  {
    ThreadExecutor executor(3);
    for (int i = 0; i < 3; ++i) {
      executor.Schedule([barrier] {
        if (barrier->Block()) delete barrier;
      });
    }
  }
}

TEST(ThreadExecutorTest, OneThreadKeepsTheOrder) {
  std::vector<int> order;
  {
    ThreadExecutor executor(1);
    for (int i = 0; i < 10; ++i) executor.Schedule([&order, i] { order.push_back(i); });
  }
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

}  // namespace
}  // namespace baryon
