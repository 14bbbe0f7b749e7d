#include "engine/base/thread_cpu_time.h"

#include <thread>

#include "gtest/gtest.h"

namespace baryon {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

TEST(ThreadCpuTimeTest, GrowsWithTheWorkOfItsThread) {
  const nanoseconds start = ThreadCpuTime();
  while (ThreadCpuTime() - start < milliseconds(20)) {
  }
  nanoseconds of_another = nanoseconds::max();
  std::thread([&] { of_another = ThreadCpuTime(); }).join();
  EXPECT_LT(of_another, ThreadCpuTime() - start);
}

TEST(ThreadCpuTimeTest, StandsStillWhileItSleeps) {
  const nanoseconds start = ThreadCpuTime();
  std::this_thread::sleep_for(milliseconds(20));
  EXPECT_LT(ThreadCpuTime() - start, milliseconds(20));
}

}  // namespace
}  // namespace baryon
