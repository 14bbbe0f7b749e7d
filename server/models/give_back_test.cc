#include "server/models/give_back.h"

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(GiveBackMemoryTest, SaysWhenItIsDone) {
  absl::BlockingCounter done(3);
  GiveBackMemory({});
  GiveBackMemory({[&] { done.DecrementCount(); }, [&] { done.DecrementCount(); }});
  GiveBackMemory({[&] { done.DecrementCount(); }});
  done.Wait();
}

TEST(GiveBackMemoryTest, ACallMayFreeMore) {
  absl::Notification done;
  GiveBackMemory({[&] { GiveBackMemory({[&] { done.Notify(); }}); }});
  done.WaitForNotification();
}

}  // namespace
}  // namespace baryon
