#include "server/batching/drain_rate.h"

#include "gtest/gtest.h"

namespace baryon {
namespace {

const absl::Duration kMs = absl::Milliseconds(1);

// Passes one after the other that were measured to take 10 ms.
class DrainRateTest : public testing::Test {
 protected:
  void Drain(absl::Duration pass, absl::Duration whole) {
    for (const absl::Time end = now_ + whole; now_ < end;) {
      now_ += pass;
      rate_.Finish(now_, 10 * kMs, /*more=*/true);
    }
  }
  double Slowdown() const { return rate_.SlowdownAt(now_, 1); }

  DrainRate rate_;
  absl::Time now_ = absl::UnixEpoch() + absl::Hours(1);
};

TEST_F(DrainRateTest, BelievesWhatIsExpectedUntilAQueueWasSeen) {
  EXPECT_EQ(rate_.SlowdownAt(now_, 1), 1);
  EXPECT_DOUBLE_EQ(rate_.SlowdownAt(now_, 3), 3);
  for (int i = 0; i < 100; ++i) rate_.Finish(now_ += 100 * kMs, 10 * kMs, /*more=*/false);
  EXPECT_DOUBLE_EQ(rate_.SlowdownAt(now_, 3), 3) << "time in which nobody waited says nothing";
  EXPECT_FALSE(rate_.counts());
  rate_.Finish(now_, 10 * kMs, /*more=*/true);
  EXPECT_TRUE(rate_.counts());
}

TEST_F(DrainRateTest, SeesWhatOthersTakeOfTheMachine) {
  Drain(10 * kMs, absl::Seconds(3));
  EXPECT_NEAR(Slowdown(), 1, 0.01);
  Drain(30 * kMs, absl::Seconds(5));
  EXPECT_NEAR(Slowdown(), 3, 0.4) << "what is expected still counts a little";
  EXPECT_NEAR(rate_.SlowdownAt(now_, 3), 3, 0.05);
}

TEST_F(DrainRateTest, OnePassMoreOrLessHardlyMatters) {
  Drain(10 * kMs, absl::Seconds(3));
  rate_.Finish(now_ += 30 * kMs, 10 * kMs, true);
  EXPECT_NEAR(Slowdown(), 1, 0.03);
}

TEST_F(DrainRateTest, SlotsThatEndTogetherCountBothTheirPasses) {
  for (int i = 0; i < 300; ++i) {
    now_ += 20 * kMs;
    for (int slot = 0; slot < 2; ++slot) rate_.Finish(now_, 10 * kMs, true);
  }
  EXPECT_NEAR(Slowdown(), 1, 0.02);
}

TEST_F(DrainRateTest, ForgetsWhatWasLongAgo) {
  Drain(50 * kMs, absl::Seconds(3));
  ASSERT_GT(Slowdown(), 3);
  now_ += absl::Seconds(10);
  EXPECT_NEAR(Slowdown(), 1, 0.01);
}

}  // namespace
}  // namespace baryon
