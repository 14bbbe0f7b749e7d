#include "engine/base/thread_pool.h"

#include <atomic>
#include <barrier>
#include <limits>
#include <thread>
#include <vector>

#include "engine/base/testing/looks_for_others.h"
#include "engine/base/thread_width.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(ThreadPoolTest, RunsEveryTaskOnceForAnyNumberOfThreadsAndTasks) {
  for (int threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.num_threads(), threads);
    for (int tasks : {0, 1, 2, 7, 1000}) {
      std::vector<std::atomic<int>> counts(tasks);
      pool.ParallelFor(tasks, [&](int task, int) { counts[task].fetch_add(1); });
      for (int task = 0; task < tasks; ++task) EXPECT_EQ(counts[task].load(), 1) << threads << " " << tasks;
    }
  }
}

TEST(ThreadPoolTest, NoTwoThreadsOfOneCallShareAWorkerIndex) {
  ThreadPool pool(4);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::atomic<int>> inside(4);
    std::atomic<bool> clash{false};
    pool.ParallelFor(64, [&](int, int worker) {
      if (inside[worker].fetch_add(1) != 0) clash = true;
      inside[worker].fetch_sub(1);
    });
    EXPECT_FALSE(clash);
  }
}

TEST(ThreadPoolTest, EachThreadBeginsWithItsOwnRangeOfTasks) {
  ThreadPool pool(3);
  std::vector<int> worker_of(9, -1);
  std::barrier all_have_begun(3);
  pool.ParallelFor(9, [&](int task, int worker) {
    worker_of[task] = worker;
    if (task % 3 == 0) all_have_begun.arrive_and_wait();  // so that no thread takes the first task of another
  });
  EXPECT_EQ(worker_of[0], 0);
  EXPECT_EQ(worker_of[3], 1);
  EXPECT_EQ(worker_of[6], 2);
}

TEST(ThreadPoolTest, AThreadThatIsThroughHelpsTheOthers) {
  ThreadPool pool(2);
  std::atomic<int> done{0};
  std::atomic<bool> helped{false};
  pool.ParallelFor(8, [&](int task, int worker) {
    // The first task of the caller lasts until the worker has done all others.
    while (task == 0 && done.load() < 7) std::this_thread::yield();
    if (task == 3 && worker == 1) helped = true;
    done.fetch_add(1);
  });
  EXPECT_TRUE(helped);
}

TEST(ThreadPoolTest, AThreadInTheBackgroundGivesWayBetweenItsTasks) {
  ThreadPool pool(3);
  const ThreadWidth background(3, ThreadWidth::Mode::kBackground);
  const LooksForOthers looks;
  pool.ParallelFor(8, [](int, int) {});
  EXPECT_EQ(looks.count(), 8);
}

TEST(ThreadPoolTest, ABriefLoopRunsEveryTaskOnce) {
  for (int threads : {1, 2, 3}) {
    ThreadPool pool(threads);
    for (int round = 0; round < 500; ++round) {
      std::vector<std::atomic<int>> counts(round % 5);
      const auto count = [&](int task, int) { counts[task].fetch_add(1); };
      pool.BriefParallelFor(round % 5, count);
      for (const std::atomic<int>& runs : counts) EXPECT_EQ(runs.load(), 1);
    }
  }
}

TEST(ThreadPoolTest, AStreamOfBriefLoopsGetsAHelperThatSlept) {
  ThreadPool pool(2);
  ThreadPool::ComputeScope scope(pool);
  std::atomic<bool> helped{false};
  while (!helped) {  // for ever, if nobody wakes the worker
    const auto help = [&](int, int worker) { helped = helped || worker == 1; };
    pool.BriefParallelFor(2, help);
  }
}

TEST(ThreadPoolTest, ManyCallersAtOnceEachSeeTheirOwnTasksDone) {
  ThreadPool pool(3);
  std::vector<std::thread> callers;
  std::atomic<int> wrong{0};
  for (int caller = 0; caller < 8; ++caller) {
    callers.emplace_back([&] {
      for (int round = 0; round < 500; ++round) {
        std::atomic<int> sum{0};
        pool.ParallelFor(20, [&](int task, int) { sum.fetch_add(task); });
        if (sum.load() != 190) wrong.fetch_add(1);
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong.load(), 0);
}

TEST(ThreadPoolTest, MoreCallersThanSlotsStillFinish) {
  ThreadPool pool(2);
  std::vector<std::thread> callers;
  std::atomic<int> done{0};
  for (int caller = 0; caller < 80; ++caller) {
    callers.emplace_back([&] { pool.ParallelFor(10, [&](int, int) { done.fetch_add(1); }); });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(done.load(), 800);
}

TEST(ThreadPoolTest, NestedCallsFinish) {
  ThreadPool pool(2);
  std::atomic<int> count{0};
  pool.ParallelFor(4, [&](int, int) { pool.ParallelFor(5, [&](int, int) { count.fetch_add(1); }); });
  EXPECT_EQ(count.load(), 20);
}

TEST(ThreadPoolTest, CallersThatFillThePoolRunAlone) {
  ThreadPool pool(2);
  ThreadPool::ComputeScope mine(pool);
  std::thread other([&] {
    ThreadPool::ComputeScope theirs(pool);
    const std::thread::id self = std::this_thread::get_id();
    bool alone = true;
    pool.ParallelFor(100, [&](int, int worker) { alone = alone && worker == 0 && std::this_thread::get_id() == self; });
    EXPECT_TRUE(alone);
  });
  other.join();
}

TEST(ThreadPoolTest, AvailableCoresIsAtLeastOne) { EXPECT_GE(AvailableCores(), 1); }

TEST(ScopedFlushDenormalsTest, SubnormalsAreZeroInsideAndBackOutside) {
  volatile float tiny = std::numeric_limits<float>::min();
  {
    ScopedFlushDenormals flush;
    volatile float half = tiny * 0.5f;
    EXPECT_EQ(half, 0.0f);
  }
  volatile float half = tiny * 0.5f;
  EXPECT_GT(half, 0.0f);
}

TEST(ThreadPoolTest, AWidthBoundsTheThreadsOfALoop) {
  ThreadPool pool(4);
  for (int width : {1, 2, 3}) {
    const ThreadWidth scope(width);
    std::atomic<int> inside{0}, most{0};
    for (int round = 0; round < 50; ++round) {
      pool.ParallelFor(64, [&](int, int) {
        const int now = inside.fetch_add(1) + 1;
        for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
        }
        inside.fetch_sub(1);
      });
    }
    EXPECT_LE(most, width);
    EXPECT_GE(most, 1);
  }
}

TEST(ThreadPoolTest, TheTighterOfNestedWidthsHolds) {
  ThreadPool pool(2);
  const std::thread::id self = std::this_thread::get_id();
  const ThreadWidth outer(1);
  const ThreadWidth inner(2);
  pool.ParallelFor(100, [&](int, int) { EXPECT_EQ(std::this_thread::get_id(), self); });
}

// One caller computes and one in the background: with two threads the first may still be helped, which it shows by
// handing a task to the worker and waiting for it.
TEST(ThreadPoolTest, ACallerInTheBackgroundTakesNoCoreFromOthers) {
  ThreadPool pool(2);
  std::atomic<bool> in_background{false}, stop{false};
  std::thread background([&] {
    const ThreadWidth scope(2, ThreadWidth::Mode::kBackground);
    pool.ParallelFor(2, [&](int, int) {
      in_background = true;
      while (!stop) std::this_thread::yield();
    });
  });
  while (!in_background) std::this_thread::yield();
  std::atomic<int> arrived{0};
  pool.ParallelFor(2, [&](int, int) {
    ++arrived;
    while (arrived < 2) std::this_thread::yield();
  });
  stop = true;
  background.join();
}

}  // namespace
}  // namespace baryon
