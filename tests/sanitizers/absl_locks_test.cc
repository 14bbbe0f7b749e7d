// Plain values that only Abseil's locks put in order. Under ThreadSanitizer each test fails when a lock is not told of.
#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

// Analysis of locks at compile time does not follow the ways in which these tests lock.
struct Guarded {
  absl::Mutex mutex;
  absl::CondVar changed;
  int value = 0;
  bool ready = false;

  absl::Condition IsReady() { return absl::Condition(&ready); }
  void Publish(int next) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    mutex.Lock();
    value = next;
    ready = true;
    changed.SignalAll();
    mutex.Unlock();
  }
  void Withdraw() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    mutex.Lock();
    ready = false;
    mutex.Unlock();
  }
};

// What `read`, which awaits `ready`, finds of a value that another thread publishes.
int Published(const std::function<int(Guarded&)>& read) {
  Guarded guarded;
  std::jthread writer([&] { guarded.Publish(7); });
  return read(guarded);
}

TEST(AbslLocksTest, OrderWhatAMutexGuards) {
  Guarded guarded;
  const auto count = [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    for (int i = 0; i < 1000; ++i) {
      if (!guarded.mutex.TryLock()) guarded.mutex.Lock();
      ++guarded.value;
      guarded.mutex.Unlock();
    }
  };
  {
    std::jthread first(count);
    std::jthread second(count);
  }
  EXPECT_EQ(guarded.value, 2000);
}

TEST(AbslLocksTest, OrderReadersAfterWritersAndBefore) {
  Guarded guarded;
  int seen = 0;
  {
    std::jthread writer([&] { guarded.Publish(7); });
    std::jthread reader([&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
      guarded.mutex.ReaderLockWhen(guarded.IsReady());
      seen = guarded.value;
      guarded.mutex.ReaderUnlock();
      if (!guarded.mutex.ReaderTryLock()) guarded.mutex.ReaderLock();
      seen += guarded.value;
      guarded.mutex.ReaderUnlock();
      guarded.Withdraw();
    });
    std::jthread next([&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
      guarded.mutex.LockWhen(absl::Condition(
          +[](Guarded* all) { return all->value == 7 && !all->ready; }, &guarded));
      guarded.value = 8;
      guarded.mutex.Unlock();
    });
  }
  EXPECT_EQ(seen, 14);
  EXPECT_EQ(guarded.value, 8);
}

TEST(AbslLocksTest, OrderWhatAConditionAwaits) {
  EXPECT_EQ(Published([](Guarded& guarded) ABSL_NO_THREAD_SAFETY_ANALYSIS {
              guarded.mutex.LockWhen(guarded.IsReady());
              const int value = guarded.value;
              guarded.mutex.Unlock();
              return value;
            }),
            7);
  EXPECT_EQ(Published([](Guarded& guarded) {
              absl::MutexLock lock(&guarded.mutex);
              guarded.mutex.Await(guarded.IsReady());
              return guarded.value;
            }),
            7);
  EXPECT_EQ(Published([](Guarded& guarded) {
              absl::MutexLock lock(&guarded.mutex);
              EXPECT_TRUE(guarded.mutex.AwaitWithTimeout(guarded.IsReady(), absl::Hours(1)));
              return guarded.value;
            }),
            7);
  EXPECT_EQ(Published([](Guarded& guarded) {
              absl::MutexLock lock(&guarded.mutex);
              EXPECT_TRUE(guarded.mutex.AwaitWithDeadline(guarded.IsReady(), absl::InfiniteFuture()));
              return guarded.value;
            }),
            7);
}

TEST(AbslLocksTest, OrderWhatACondVarSignals) {
  EXPECT_EQ(Published([](Guarded& guarded) {
              absl::MutexLock lock(&guarded.mutex);
              while (!guarded.ready) guarded.changed.Wait(&guarded.mutex);
              return guarded.value;
            }),
            7);
  EXPECT_EQ(Published([](Guarded& guarded) {
              absl::MutexLock lock(&guarded.mutex);
              while (!guarded.ready) guarded.changed.WaitWithTimeout(&guarded.mutex, absl::Hours(1));
              return guarded.value;
            }),
            7);
  EXPECT_EQ(Published([](Guarded& guarded) {
              absl::MutexLock lock(&guarded.mutex);
              while (!guarded.ready) guarded.changed.WaitWithDeadline(&guarded.mutex, absl::InfiniteFuture());
              return guarded.value;
            }),
            7);
}

TEST(AbslLocksTest, HoldTheMutexWhenAWaitHasEnded) {
  Guarded guarded;
  const absl::Time past = absl::Now() - absl::Seconds(1);
  EXPECT_FALSE(guarded.mutex.LockWhenWithDeadline(guarded.IsReady(), past));
  EXPECT_FALSE(guarded.mutex.AwaitWithDeadline(guarded.IsReady(), past));
  EXPECT_TRUE(guarded.changed.WaitWithDeadline(&guarded.mutex, past));
  guarded.mutex.AssertHeld();
  guarded.mutex.Unlock();
  EXPECT_FALSE(guarded.mutex.ReaderLockWhenWithTimeout(guarded.IsReady(), absl::ZeroDuration()));
  guarded.mutex.AssertReaderHeld();
  guarded.mutex.ReaderUnlock();
}

TEST(AbslLocksTest, OrderWhatANotificationPublishes) {
  int value = 0;
  absl::Notification published;
  std::jthread writer([&] {
    value = 7;
    published.Notify();
  });
  const auto poll = [&] {
    while (!published.HasBeenNotified()) std::this_thread::yield();
    EXPECT_EQ(value, 7);
  };
  const auto wait = [&] {
    published.WaitForNotification();
    EXPECT_EQ(value, 7);
  };
  const auto wait_long = [&] {
    EXPECT_TRUE(published.WaitForNotificationWithTimeout(absl::Hours(1)));
    EXPECT_EQ(value, 7);
  };
  std::jthread first(poll);
  std::jthread second(wait);
  std::jthread third(wait_long);
}

TEST(AbslLocksTest, OrderWhatABlockingCounterCounts) {
  int values[2] = {};
  absl::BlockingCounter counter(2);
  const auto write = [&](int i) {
    values[i] = 7;
    counter.DecrementCount();
  };
  std::jthread first(write, 0);
  std::jthread second(write, 1);
  counter.Wait();
  EXPECT_EQ(values[0] + values[1], 14);
}

}  // namespace
}  // namespace baryon
