#include "server/batching/executor.h"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "absl/synchronization/barrier.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/batching/clock.h"

namespace baryon {
namespace {

using testing::ElementsAre;

constexpr absl::Duration kCost = absl::Milliseconds(10);

TEST(ThreadExecutorTest, RunsEverythingThatWasScheduledBeforeItEnds) {
  std::atomic<int> runs{0};
  {
    const auto account = std::make_shared<Account>();
    ThreadExecutor executor(2);
    for (int i = 0; i < 100; ++i) {
      executor.Schedule(account, kCost, [&] {
        ++runs;
        executor.Schedule(account, kCost, [&] { ++runs; });
      });
    }
  }
  EXPECT_EQ(runs, 200);
}

TEST(ThreadExecutorTest, RunsWhatWaitsForItsTimeBeforeItEnds) {
  std::atomic<int> runs{0};
  {
    const auto account = std::make_shared<Account>();
    ThreadExecutor executor(1);
    const absl::Time some_day = MonotonicNow() + absl::Hours(10);
    executor.ScheduleAt(some_day, [&] {
      executor.Schedule(account, kCost, [&] {
        executor.ScheduleAt(some_day, [&] { executor.Schedule(account, kCost, [&] { ++runs; }); });
      });
    });
  }
  EXPECT_EQ(runs, 1);
}

TEST(ThreadExecutorTest, CallsAtTheTimeItWasGiven) {
  ThreadExecutor executor(1);
  absl::Notification called;
  executor.ScheduleAt(MonotonicNow() + absl::Milliseconds(1), [&] { called.Notify(); });
  called.WaitForNotification();
}

TEST(ThreadExecutorTest, RunsAsManyTasksAtOnceAsItHasThreads) {
  auto* barrier = new absl::Barrier(3);  // passed only when all three are inside
  ThreadExecutor executor(3);
  for (int i = 0; i < 3; ++i) {
    executor.Schedule(std::make_shared<Account>(), kCost, [barrier] {
      if (barrier->Block()) delete barrier;
    });
  }
}

TEST(ThreadExecutorTest, OneThreadKeepsTheOrderOfAnAccount) {
  std::vector<int> order;
  {
    const auto account = std::make_shared<Account>();
    ThreadExecutor executor(1);
    for (int i = 0; i < 5; ++i) executor.Schedule(account, kCost, [&order, i] { order.push_back(i); });
  }
  EXPECT_THAT(order, ElementsAre(0, 1, 2, 3, 4));
}

// All threads hold long tasks of one model; a short one of another model runs all the same.
TEST(ThreadExecutorTest, AShortTaskOfAnIdleModelDoesNotWaitForALongOne) {
  absl::Notification go_on, answered;
  ThreadExecutor executor(2);
  const auto hot = std::make_shared<Account>();
  for (int i = 0; i < 4; ++i) executor.Schedule(hot, absl::Milliseconds(100), [&] { go_on.WaitForNotification(); });
  executor.Schedule(std::make_shared<Account>(), absl::Milliseconds(10), [&] { answered.Notify(); });
  answered.WaitForNotification();
  go_on.Notify();
}

TEST(ThreadExecutorTest, RunsShortTasksOnTheCallersThread) {
  ThreadExecutor executor(2);
  Account account;
  std::thread::id where;
  int running = 0;
  EXPECT_TRUE(executor.RunHere(account, kCost, [&] {
    where = std::this_thread::get_id();
    running = executor.load().running;
  }));
  EXPECT_EQ(where, std::this_thread::get_id());
  EXPECT_EQ(running, 1);
  EXPECT_EQ(executor.load().running, 0);
  EXPECT_GT(executor.load().busy, absl::ZeroDuration());
}

TEST(ThreadExecutorTest, NobodysTurnIsTakenByTasksOfCallers) {
  absl::Notification started, go_on;
  ThreadExecutor executor(1);
  Account account;
  executor.Schedule(std::make_shared<Account>(), kCost, [&] {
    started.Notify();
    go_on.WaitForNotification();
  });
  started.WaitForNotification();
  EXPECT_FALSE(executor.RunHere(account, kCost, [] { FAIL() << "the core is taken"; }));
  go_on.Notify();
}

TEST(ThreadExecutorTest, ATaskOnACallersThreadKeepsNoOtherFromStarting) {
  ThreadExecutor executor(1);
  Account account;
  absl::Notification answered;
  EXPECT_TRUE(executor.RunHere(account, kCost, [&] {
    executor.Schedule(std::make_shared<Account>(), kCost, [&] { answered.Notify(); });
    answered.WaitForNotification();
  }));
}

TEST(ThreadExecutorTest, KnowsHowBusyItIs) {
  absl::Notification started, go_on;
  ThreadExecutor executor(1);
  const auto account = std::make_shared<Account>();
  EXPECT_EQ(executor.load().threads, 1);
  EXPECT_EQ(executor.load().running, 0);
  executor.Schedule(account, kCost, [&] {
    started.Notify();
    go_on.WaitForNotification();
  });
  started.WaitForNotification();
  executor.Schedule(account, kCost, [] {});
  EXPECT_EQ(executor.load().running, 1);
  EXPECT_EQ(executor.load().waiting_accounts, 1);
  go_on.Notify();
}

}  // namespace
}  // namespace baryon
