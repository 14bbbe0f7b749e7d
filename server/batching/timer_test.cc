#include "server/batching/timer.h"

#include <memory>
#include <vector>

#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/batching/clock.h"

namespace baryon {
namespace {

using testing::ElementsAre;

TEST(TimerTest, CallsInTheOrderOfTheirTimesAndNotBefore) {
  std::vector<int> order;
  absl::Notification last;
  absl::Time called_at;
  const absl::Time start = MonotonicNow();
  {
    Timer timer;
    timer.At(start + absl::Milliseconds(20), [&] {
      order.push_back(3);
      called_at = MonotonicNow();
      last.Notify();
    });
    timer.At(start + absl::Milliseconds(10), [&] { order.push_back(2); });
    timer.At(absl::InfinitePast(), [&] { order.push_back(1); });
    last.WaitForNotification();
  }
  EXPECT_THAT(order, ElementsAre(1, 2, 3));
  EXPECT_GE(called_at - start, absl::Milliseconds(20));
}

TEST(TimerTest, CallsWhatIsLeftAtTheEnd) {
  std::vector<int> order;
  {
    Timer timer;
    timer.At(absl::InfiniteFuture(), [&] { order.push_back(2); });
    timer.At(MonotonicNow() + absl::Hours(10), [&] {
      order.push_back(1);
      timer.At(MonotonicNow() + absl::Hours(10), [&] { order.push_back(3); });
    });
  }
  EXPECT_THAT(order, ElementsAre(1, 3, 2));
}

}  // namespace
}  // namespace baryon
