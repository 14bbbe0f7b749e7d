#include "server/batching/returning_rows.h"

#include "gtest/gtest.h"

namespace baryon {
namespace {

const absl::Duration kMs = absl::Milliseconds(1);

class ReturningRowsTest : public testing::Test {
 protected:
  // Batches of eight rows, each of which ends 10 ms after the one before; `back` rows return within a millisecond.
  void Batches(int count, int64_t back) {
    for (int i = 0; i < count; ++i) {
      now_ += 10 * kMs;
      rows_.Expect(8, now_ + kMs);
      if (back > 0) rows_.Arrive(back, now_ + kMs / 2);
      rows_.Arrive(8 - back, now_ + 2 * kMs);
    }
    now_ += 10 * kMs;
    rows_.Expect(8, now_ + kMs);
  }

  ReturningRows rows_;
  absl::Time now_ = absl::UnixEpoch() + absl::Hours(1);
};

TEST_F(ReturningRowsTest, ExpectsNobodyBeforeItHasSeenAnyComeBack) {
  EXPECT_EQ(rows_.MissingAt(now_), 0);
  Batches(1, 8);
  EXPECT_EQ(rows_.MissingAt(now_), 0);
}

TEST_F(ReturningRowsTest, ExpectsThoseWhoCameBackAfterMostBatches) {
  Batches(20, 7);
  EXPECT_EQ(rows_.MissingAt(now_), 8);
  rows_.Arrive(3, now_ + kMs / 4);
  EXPECT_EQ(rows_.MissingAt(now_ + kMs / 4), 5);
  rows_.Arrive(6, now_ + kMs / 2);
  EXPECT_EQ(rows_.MissingAt(now_ + kMs / 2), 0) << "all are back, and one more";
}

TEST_F(ReturningRowsTest, ExpectsNobodyWhenTheTimeIsOver) {
  Batches(20, 8);
  EXPECT_EQ(rows_.until(), now_ + kMs);
  EXPECT_EQ(rows_.MissingAt(now_ + kMs), 0);
}

TEST_F(ReturningRowsTest, GivesUpOnClientsThatStayAway) {
  Batches(20, 8);
  EXPECT_GT(rows_.MissingAt(now_), 0);
  Batches(10, 1);
  EXPECT_EQ(rows_.MissingAt(now_), 0);
}

TEST_F(ReturningRowsTest, NeverWaitsForClientsThatComeWhenTheyPlease) {
  Batches(100, 2);
  EXPECT_EQ(rows_.MissingAt(now_), 0);
}

}  // namespace
}  // namespace baryon
