#include "server/batching/choose_batch.h"

#include <memory>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A model whose batches of 1 to 8 rows take 10 ms and another millisecond for each row.
class ChooseBatchTest : public testing::Test {
 protected:
  ChooseBatchTest() {
    policy_.join = true;
    policy_.max_rows = policy_.best_rows = 8;
    context_.now = absl::UnixEpoch();
    context_.max_rows = 8;
  }

  static CostTable Costs() {
    CostTable table;
    for (int64_t rows : {1, 8}) table.Set(1, rows, {absl::Milliseconds(10 + rows), absl::Milliseconds(10 + rows)});
    return table;
  }

  QueuedRequest& Push(int64_t rows = 1, int deadline_ms = -1, const char* key = "same",
                      Priority priority = Priority::kNormal) {
    auto queued = std::make_unique<QueuedRequest>();
    queued->rows = rows;
    queued->arrival = context_.now;
    queued->start_by = context_.now + absl::Seconds(1);
    queued->request.priority = priority;
    if (deadline_ms >= 0) {
      queued->start_by = queued->request.deadline = context_.now + absl::Milliseconds(deadline_ms);
    }
    if (key != nullptr) queued->key = key;
    QueuedRequest& pushed = *queued;
    queue_.Push(std::move(queued));
    return pushed;
  }

  BatchChoice Choose() { return ChooseBatch(queue_, policy_, costs_, context_); }

  RequestQueue queue_;
  BatchPolicy policy_;
  CostModel costs_{Costs()};
  ChoiceContext context_;
};

TEST_F(ChooseBatchTest, NobodyWaits) { EXPECT_EQ(Choose().first, nullptr); }

TEST_F(ChooseBatchTest, TakesAsManyAsFitInTheirOrder) {
  QueuedRequest& first = Push(3);
  Push(1, -1, "other");
  QueuedRequest& second = Push(3);
  Push(3);
  QueuedRequest& fourth = Push(2);
  const BatchChoice choice = Choose();
  EXPECT_EQ(choice.first, &first);
  EXPECT_THAT(choice.mates, ElementsAre(&second, &fourth)) << "the third three do not fit, the two behind them do";
  EXPECT_EQ(choice.rows, 8);
}

TEST_F(ChooseBatchTest, LowerPrioritiesFillWhatIsLeft) {
  QueuedRequest& low = Push(1, -1, "same", Priority::kLow);
  QueuedRequest& high = Push(1, -1, "same", Priority::kHigh);
  const BatchChoice choice = Choose();
  EXPECT_EQ(choice.first, &high);
  EXPECT_THAT(choice.mates, ElementsAre(&low));
}

TEST_F(ChooseBatchTest, ARequestOfMoreRowsThanABatchRunsAlone) {
  Push(9);
  Push(1);
  const BatchChoice choice = Choose();
  EXPECT_EQ(choice.rows, 9);
  EXPECT_THAT(choice.mates, IsEmpty());
}

TEST_F(ChooseBatchTest, WhatMayNotBeJoinedRunsAlone) {
  policy_.join = false;
  Push();
  Push();
  EXPECT_THAT(Choose().mates, IsEmpty());
}

TEST_F(ChooseBatchTest, LeavesTheMostUrgentItsTime) {
  Push(1, 14);
  for (int i = 0; i < 7; ++i) Push();
  const BatchChoice choice = Choose();
  EXPECT_EQ(choice.rows, 4) << "five rows take 15 ms";
  EXPECT_FALSE(choice.hopeless);
}

TEST_F(ChooseBatchTest, NoticesWhatCannotBeAnsweredInTime) {
  QueuedRequest& first = Push(1, 10);
  Push();
  const BatchChoice choice = Choose();
  EXPECT_EQ(choice.first, &first);
  EXPECT_TRUE(choice.hopeless);
}

TEST_F(ChooseBatchTest, DoesNotWaitUnlessThePolicySaysSo) {
  context_.row_gap_seconds = 0.001;
  Push();
  EXPECT_EQ(Choose().delay, absl::ZeroDuration());
}

TEST_F(ChooseBatchTest, WaitsOnlyWhereTheQueueWouldGrow) {
  policy_.max_delay = absl::Milliseconds(100);
  Push();
  context_.row_gap_seconds = 0.020;
  EXPECT_EQ(Choose().delay, absl::ZeroDuration()) << "a pass of 11 ms every 20 ms";
  context_.row_gap_seconds = 0.010;
  EXPECT_EQ(Choose().delay, absl::Milliseconds(70)) << "until the other seven have come";
  context_.row_gap_seconds = 0;
  EXPECT_EQ(Choose().delay, absl::ZeroDuration()) << "nobody knows when another comes";
}

TEST_F(ChooseBatchTest, WaitsForRowsThatAreAboutToReturnUnlessItIsFullOrUrgent) {
  Push(1, 20);
  context_.returning_until = context_.now + absl::Milliseconds(2);
  EXPECT_EQ(Choose().delay, absl::ZeroDuration()) << "nobody is to return";
  context_.returning_rows = 3;
  EXPECT_EQ(Choose().delay, absl::Milliseconds(2));
  context_.returning_rows = 7;
  context_.now += absl::Milliseconds(1);
  EXPECT_EQ(Choose().delay, absl::Milliseconds(1)) << "eight rows take 18 ms and have 19";
  context_.returning_until += absl::Milliseconds(2);
  EXPECT_EQ(Choose().delay, absl::Milliseconds(1));
  for (int i = 0; i < 7; ++i) Push();
  EXPECT_EQ(Choose().delay, absl::ZeroDuration());
}

TEST_F(ChooseBatchTest, WaitsForReturningRowsNoLongerThanTheMostUrgentOfThemCan) {
  context_.returning_rows = 6;
  context_.returning_until = context_.now + absl::Milliseconds(9);
  Push();
  Push(1, 20);
  EXPECT_EQ(Choose().delay, absl::Milliseconds(2)) << "eight rows take 18 ms";
}

TEST_F(ChooseBatchTest, AFullBatchDoesNotWait) {
  policy_.max_delay = absl::Milliseconds(100);
  context_.row_gap_seconds = 0.001;
  for (int i = 0; i < 8; ++i) Push();
  EXPECT_EQ(Choose().delay, absl::ZeroDuration());
}

TEST_F(ChooseBatchTest, TheDelayCountsFromTheArrivalAndEndsBeforeTheDeadline) {
  policy_.max_delay = absl::Milliseconds(5);
  context_.row_gap_seconds = 0.010;
  Push(1, 21);
  EXPECT_EQ(Choose().delay, absl::Milliseconds(3)) << "eight rows take 18 ms";
  context_.now += absl::Milliseconds(2);
  EXPECT_EQ(Choose().delay, absl::Milliseconds(1));
  context_.now += absl::Milliseconds(1);
  EXPECT_EQ(Choose().delay, absl::ZeroDuration());
}

}  // namespace
}  // namespace baryon
