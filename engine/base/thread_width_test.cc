#include "engine/base/thread_width.h"

#include <limits>
#include <thread>

#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(ThreadWidthTest, HoldsForItsScopeAndItsThread) {
  EXPECT_EQ(ThreadWidth::current(), std::numeric_limits<int>::max());
  {
    const ThreadWidth width(3);
    EXPECT_EQ(ThreadWidth::current(), 3);
    std::thread([] { EXPECT_EQ(ThreadWidth::current(), std::numeric_limits<int>::max()); }).join();
  }
  EXPECT_EQ(ThreadWidth::current(), std::numeric_limits<int>::max());
}

TEST(ThreadWidthTest, TheTighterOfNestedOnesHolds) {
  const ThreadWidth outer(2);
  const ThreadWidth wider(4);
  EXPECT_EQ(ThreadWidth::current(), 2);
  const ThreadWidth none(0);
  EXPECT_EQ(ThreadWidth::current(), 1) << "the caller always works";
}

TEST(ThreadWidthTest, TheBackgroundIsOneThreadAndStaysThat) {
  const ThreadWidth background(4, ThreadWidth::Mode::kBackground);
  const ThreadWidth inner(4);
  EXPECT_TRUE(ThreadWidth::in_background());
  EXPECT_EQ(ThreadWidth::current(), 1);
}

}  // namespace
}  // namespace baryon
