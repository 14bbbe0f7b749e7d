#include "server/models/loader_pool.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

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

TEST(LoaderPoolTest, ItsThreadsComeAfterThoseThatServe) {
  int nice = 0;
  {
    LoaderPool(1).Run([&] { nice = getpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid))); });
  }
  EXPECT_GT(nice, getpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid))));
}

}  // namespace
}  // namespace baryon
