#include "server/models/give_back.h"

#include <sys/resource.h>

#include <thread>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"
#include "server/models/loader_pool.h"

namespace baryon {
namespace {

TEST(GiveBackMemoryTest, SaysWhenItIsDone) {
  absl::BlockingCounter done(3);
  GiveBackMemory({});
  GiveBackMemory({[&] { done.DecrementCount(); }, [&] { done.DecrementCount(); }});
  GiveBackMemory({[&] { done.DecrementCount(); }});
  done.Wait();
}

TEST(GiveBackMemoryTest, HasThePriorityOfWhoCalledItFirst) {
  GiveBackMemory({});
  absl::Notification done;
  int priority = -100;
  std::thread loader([&] {
    LowerPriority(Beside::kRequests);
    GiveBackMemory({[&] {
      priority = getpriority(PRIO_PROCESS, 0);
      done.Notify();
    }});
  });
  done.WaitForNotification();
  loader.join();
  EXPECT_EQ(priority, getpriority(PRIO_PROCESS, 0));
}

TEST(GiveBackMemoryTest, ACallMayFreeMore) {
  absl::Notification done;
  GiveBackMemory({[&] { GiveBackMemory({[&] { done.Notify(); }}); }});
  done.WaitForNotification();
}

}  // namespace
}  // namespace baryon
