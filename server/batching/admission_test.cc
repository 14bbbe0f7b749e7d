#include "server/batching/admission.h"

#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/refusal.h"

namespace baryon {
namespace {

using testing::HasSubstr;

// A model whose pass takes 10 ms and another millisecond for each row, on one thread of one slot.
class AdmissionTest : public testing::Test {
 protected:
  AdmissionTest() {
    policy_.join = true;
    policy_.max_rows = 8;
    policy_.threads = 1;
  }

  static CostTable Costs() {
    CostTable table;
    for (int64_t rows : {1, 8}) table.Set(1, rows, {absl::Milliseconds(10 + rows), absl::Milliseconds(12 + rows)});
    return table;
  }
  static Backlog Busy(int64_t rows) {
    Backlog backlog;
    backlog.busy_slots = 1;
    backlog.until_free = absl::Milliseconds(5);
    backlog.requests = backlog.rows = backlog.rows_ahead = rows;
    backlog.bytes = 100 * rows;
    backlog.pass_rows = 8;
    return backlog;
  }

  BatchPolicy policy_;
  QueueLimits limits_;
  CostModel costs_{Costs()};
  Admission Make() { return Admission("model \"m\"", policy_, limits_, costs_); }
};

TEST_F(AdmissionTest, NobodyWaitsForAFreeSlot) {
  EXPECT_EQ(Make().PredictWait(Backlog()), absl::ZeroDuration());
  EXPECT_OK(Make().Check(Demand(), Backlog()));
}

TEST_F(AdmissionTest, ARequestWaitsForTheSlotAndForFullBatchesAhead) {
  EXPECT_EQ(Make().PredictWait(Busy(0)), absl::Milliseconds(5));
  EXPECT_EQ(Make().PredictWait(Busy(7)), absl::Milliseconds(5)) << "it joins the seven";
  EXPECT_EQ(Make().PredictWait(Busy(16)), absl::Milliseconds(5 + 2 * 18));
}

TEST_F(AdmissionTest, ModelsThatDoNotJoinWaitForEveryRow) {
  policy_.join = false;
  policy_.slots = 2;
  Backlog backlog = Busy(10);
  backlog.busy_slots = 2;
  backlog.pass_rows = 1;
  backlog.load.threads = 2;
  EXPECT_EQ(Make().PredictWait(backlog), absl::Milliseconds(5 + 10 * 11 / 2));
}

TEST_F(AdmissionTest, OtherModelsThatWaitHaveTheirShare) {
  Backlog backlog = Busy(8);
  backlog.load.waiting_accounts = 3;
  EXPECT_EQ(Make().PredictWait(backlog), absl::Milliseconds(5 + 3 * 18));
}

TEST_F(AdmissionTest, RefusesWhatWouldWaitTooLongAndSaysWhenToComeAgain) {
  Demand demand;
  demand.max_wait = absl::Milliseconds(50);
  EXPECT_OK(Make().Check(demand, Busy(8)));
  const absl::Status status = Make().Check(demand, Busy(16));
  EXPECT_THAT(status,
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("model \"m\": would wait 41ms, limit 50ms")));
  EXPECT_EQ(RefusalOf(status), Refusal::kOverload);
  EXPECT_EQ(RetryDelayOf(status), absl::Milliseconds(41));
}

TEST_F(AdmissionTest, RefusesAtOnceWhatCannotMeetItsDeadline) {
  Demand demand;
  demand.time_left = absl::Milliseconds(10);
  EXPECT_EQ(RefusalOf(Make().Check(demand, Backlog())), Refusal::kDeadlineUnreachable) << "a pass takes 11 ms";
  demand.time_left = absl::Milliseconds(12);
  EXPECT_OK(Make().Check(demand, Backlog()));
  EXPECT_EQ(RefusalOf(Make().Check(demand, Busy(0))), Refusal::kDeadlineUnreachable) << "and 5 ms to wait";
}

TEST_F(AdmissionTest, AnIdleModelIsGivenTheBenefitOfTheDoubt) {
  for (int i = 0; i < 100; ++i) costs_.Observe(1, 1, absl::Milliseconds(110));
  Demand demand;
  demand.time_left = absl::Milliseconds(50);
  EXPECT_EQ(RefusalOf(Make().Check(demand, Busy(0))), Refusal::kDeadlineUnreachable);
  EXPECT_OK(Make().Check(demand, Backlog()));
}

TEST_F(AdmissionTest, TheQueueIsBoundedInRequestsRowsAndBytes) {
  const auto refused = [&](const Demand& demand) { return std::string(Make().Check(demand, Busy(4)).message()); };
  limits_ = {.rows = 4, .requests = 100, .bytes = 1000};
  EXPECT_EQ(refused({}), "model \"m\": 4 rows queued, limit 4");
  limits_ = {.rows = 100, .requests = 4, .bytes = 1000};
  EXPECT_EQ(refused({}), "model \"m\": 4 requests queued, limit 4");
  limits_ = {.rows = 100, .requests = 100, .bytes = 1000};
  EXPECT_EQ(refused({.bytes = 601}), "model \"m\": 400 bytes queued, limit 1000");
  EXPECT_EQ(refused({.bytes = 600}), "");
}

TEST_F(AdmissionTest, AnEmptyQueueTakesARequestOfAnySize) {
  limits_ = {.rows = 1, .requests = 1, .bytes = 1};
  EXPECT_OK(Make().Check({.rows = 1000, .bytes = 1000}, Busy(0)));
}

TEST_F(AdmissionTest, ThreadsAreSharedAmongWhatRuns) {
  policy_.threads = 4;
  const Executor::Load idle{.threads = 8, .running = 0}, busy{.threads = 8, .running = 3};
  EXPECT_EQ(Make().ThreadsFor(1, idle), 4) << "more do not help it";
  EXPECT_EQ(Make().ThreadsFor(4, idle), 2);
  EXPECT_EQ(Make().ThreadsFor(1, busy), 2);
  EXPECT_EQ(Make().ThreadsFor(100, idle), 1);
}

TEST(RetryAfterTest, IsBounded) {
  EXPECT_EQ(RetryAfter(absl::ZeroDuration()), absl::Milliseconds(1));
  EXPECT_EQ(RetryAfter(absl::Milliseconds(70)), absl::Milliseconds(70));
  EXPECT_EQ(RetryAfter(absl::InfiniteDuration()), absl::Seconds(10));
}

}  // namespace
}  // namespace baryon
