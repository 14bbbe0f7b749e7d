#include "server/batching/clock.h"

#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(MonotonicNowTest, NeverGoesBack) {
  absl::Time last = MonotonicNow();
  for (int i = 0; i < 1000; ++i) {
    const absl::Time now = MonotonicNow();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(MonotonicNowTest, IsNearTheWallTime) {
  EXPECT_LT(absl::AbsDuration(MonotonicNow() - absl::Now()), absl::Hours(1));
}

}  // namespace
}  // namespace baryon
