#include "engine/base/brief_loop.h"

#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace baryon {
namespace {

// Threads that help from beginning to end.
class Helpers {
 public:
  Helpers(BriefLoop& loop, int count) {
    for (int helper = 1; helper <= count; ++helper) {
      threads_.emplace_back([this, &loop, helper] {
        while (!stopping_) loop.Help(helper);
      });
    }
  }
  ~Helpers() {
    stopping_ = true;
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> threads_;
};

TEST(BriefLoopTest, RunsEveryTaskOnceForAnyNumberOfTasksAndHelpers) {
  for (int helpers : {0, 1, 3}) {
    BriefLoop loop;
    const Helpers threads(loop, helpers);
    for (int round = 0; round < 2000; ++round) {
      const int tasks = round % 7;
      std::vector<int> counts(tasks);
      EXPECT_TRUE(loop.Run(tasks, helpers, [&](int task, int) { ++counts[task]; }));
      EXPECT_EQ(counts, std::vector<int>(tasks, 1));
    }
  }
}

TEST(BriefLoopTest, TheCallerDoesWhatNobodyHasBegun) {
  BriefLoop loop;  // nobody helps
  std::vector<int> order, workers;
  EXPECT_TRUE(loop.Run(4, 2, [&](int task, int worker) {
    order.push_back(task);
    workers.push_back(worker);
  }));
  EXPECT_EQ(order, (std::vector<int>{0, 3, 1, 2}));
  EXPECT_EQ(workers, std::vector<int>(4, 0));
  EXPECT_FALSE(loop.is_open());
}

TEST(BriefLoopTest, AHelperTakesItsOwnTaskBeforeOthers) {
  BriefLoop loop;
  std::vector<int> worker_of(4, -1);
  EXPECT_TRUE(loop.Run(4, 3, [&](int task, int worker) {
    worker_of[task] = worker;
    if (task != 0) return;  // while the caller is at its first task, the helpers come
    EXPECT_TRUE(loop.Help(2));
    EXPECT_TRUE(loop.Help(2));
  }));
  EXPECT_EQ(worker_of, (std::vector<int>{0, 2, 2, 0}));
}

TEST(BriefLoopTest, HelpsNobodyWhenNothingIsOffered) {
  BriefLoop loop;
  EXPECT_FALSE(loop.Help(1));
  EXPECT_TRUE(loop.Run(2, 0, [&](int, int) { EXPECT_FALSE(loop.Help(1)); }));
  EXPECT_FALSE(loop.Help(1));
}

TEST(BriefLoopTest, ASecondCallerIsTurnedAway) {
  BriefLoop loop;
  EXPECT_TRUE(loop.Run(1, 0, [&](int, int) { EXPECT_FALSE(loop.Run(1, 0, [](int, int) { FAIL(); })); }));
  EXPECT_TRUE(loop.Run(1, 0, [](int, int) {}));
}

TEST(BriefLoopTest, ReturnsOnlyWhenItsHelpersAreDone) {
  BriefLoop loop;
  const Helpers threads(loop, 2);
  for (int round = 0; round < 2000; ++round) {
    std::atomic<int> running{0};
    EXPECT_TRUE(loop.Run(3, 2, [&](int, int) {
      ++running;
      for (int i = 0; i < 20; ++i) std::atomic_signal_fence(std::memory_order_seq_cst);
      --running;
    }));
    EXPECT_EQ(running.load(), 0);
  }
}

}  // namespace
}  // namespace baryon
