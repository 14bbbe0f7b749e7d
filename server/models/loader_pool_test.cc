#include "server/models/loader_pool.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "absl/synchronization/barrier.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(LoaderPoolTest, RunsWhatIsLeftBeforeItEnds) {
  std::atomic<int> runs{0};
  {
    LoaderPool pool(2);
    for (int i = 0; i < 100; ++i) {
      pool.Run([&] {
        ++runs;
        pool.Run([&] { ++runs; });
      });
    }
  }
  EXPECT_EQ(runs, 200);
}

TEST(LoaderPoolTest, LoadsSeveralModelsAtOnce) {
  auto* barrier = new absl::Barrier(2);  // passed only when both are inside
  LoaderPool pool(2);
  for (int i = 0; i < 2; ++i) {
    pool.Run([barrier] {
      if (barrier->Block()) delete barrier;
    });
  }
}

int NiceOfThisThread() { return getpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid))); }

TEST(LoaderPoolTest, ItsThreadsComeAfterThoseThatServe) {
  int nice = 0, beside_requests = 0, policy = 0;
  {
    LoaderPool pool(1);
    pool.Run([&] {
      nice = NiceOfThisThread();
      pool.YieldToRequests();
      beside_requests = NiceOfThisThread();
      policy = sched_getscheduler(0);
    });
  }
  EXPECT_EQ(nice, std::min(NiceOfThisThread() + 10, 19)) << "whatever the process has";
  EXPECT_EQ(beside_requests, 19);
  EXPECT_EQ(policy, SCHED_BATCH);
}

}  // namespace
}  // namespace baryon
