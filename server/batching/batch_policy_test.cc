#include "server/batching/batch_policy.h"

#include <functional>

#include "gtest/gtest.h"
#include "server/batching/measure_costs.h"

namespace baryon {
namespace {

// A table of 1, 2, 4, ... 32 rows on one and two threads; `ms` gives the time on one, which two cut to `of_two`.
CostTable TableOf(const std::function<double(double rows)>& ms, double of_two = 0.5) {
  CostTable table;
  for (int64_t rows : PowersUpTo(32)) {
    const absl::Duration time = absl::Milliseconds(ms(static_cast<double>(rows)));
    table.Set(1, rows, {time, time});
    table.Set(2, rows, {time * of_two, time * of_two});
  }
  return table;
}

CostTable WideMlp() {
  return TableOf([](double rows) { return 20 + 0.5 * rows; });
}
CostTable Convolutions() {
  return TableOf([](double rows) { return 1 + 60 * rows; });
}

TEST(BatchPolicyTest, JoinsWhereRowsShareTheCostOfWeights) {
  const BatchPolicy policy = DecidePolicy(WideMlp(), "", {}, 2);
  EXPECT_TRUE(policy.join);
  EXPECT_GT(policy.gain, 10);
  EXPECT_EQ(policy.max_rows, 32);
  EXPECT_EQ(policy.best_rows, 32);
  EXPECT_EQ(policy.slots, 1) << "scarce slots are what makes requests meet";
  EXPECT_EQ(policy.threads, 2);
  EXPECT_EQ(policy.why, "32 rows together come 18.22 times as fast as alone");
}

TEST(BatchPolicyTest, LeavesRequestsAloneWhereEachRowCostsTheSame) {
  const BatchPolicy policy = DecidePolicy(Convolutions(), "", {}, 2);
  EXPECT_FALSE(policy.join);
  EXPECT_EQ(policy.max_rows, 1);
  EXPECT_EQ(policy.slots, 2) << "a core for each";
  EXPECT_EQ(policy.threads, 2) << "and all of them for one that is alone";
}

TEST(BatchPolicyTest, SaysWhyNothingIsJoinedWhereOneRowIsBest) {
  const CostTable slower = TableOf([](double rows) { return 10 * rows * rows; });
  EXPECT_EQ(DecidePolicy(slower, "", {}, 2).why, "rows together come no faster than alone");
  const CostTable slow = TableOf([](double rows) { return rows == 1 ? 10 : 1000; });
  EXPECT_EQ(DecidePolicy(slow, "", {}, 2).why, "no batch was measured that takes at most 20ms");
}

TEST(BatchPolicyTest, NeedsMoreThanAFewPercent) {
  const auto gains = [](double part) {
    return TableOf([=](double rows) { return rows == 1 ? 10 : part * 10 * rows; });
  };
  EXPECT_FALSE(DecidePolicy(gains(0.9), "", {}, 1).join);
  EXPECT_TRUE(DecidePolicy(gains(0.8), "", {}, 1).join);
}

TEST(BatchPolicyTest, KeepsToItsObjective) {
  const CostTable steep = TableOf([](double rows) { return 10 + 5 * rows; });
  const BatchPolicy policy = DecidePolicy(steep, "", {}, 2);
  EXPECT_EQ(policy.objective, absl::Milliseconds(30)) << "four passes of one row on two threads";
  EXPECT_EQ(policy.max_rows, 8) << "16 rows take 45 ms";
  BatchWishes patient;
  patient.objective = absl::Seconds(1);
  EXPECT_EQ(DecidePolicy(steep, "", patient, 2).max_rows, 32);
}

TEST(BatchPolicyTest, ASlowPassWhileItWasMeasuredDoesNotDecide) {
  CostTable costs = WideMlp();
  costs.Set(2, 4, {costs.Find(2, 4)->p50, absl::Seconds(1)});
  EXPECT_EQ(DecidePolicy(costs, "", {}, 2).max_rows, 32);
}

TEST(BatchPolicyTest, ASizeThatWasMeasuredOnOneThreadOnlyCounts) {
  CostTable costs;
  const absl::Duration time = absl::Milliseconds(10);
  for (int64_t rows : {1, 2, 4, 8}) costs.Set(1, rows, {time, time});
  for (int64_t rows : {1, 2, 4}) costs.Set(2, rows, {time, time});
  EXPECT_EQ(DecidePolicy(costs, "", {}, 2).max_rows, 8);
}

TEST(BatchPolicyTest, BatchesOfATinyModelMayTakeLongerThanFourPasses) {
  const BatchPolicy policy = DecidePolicy(TableOf([](double rows) { return 0.02 + 0.01 * rows; }), "", {}, 2);
  EXPECT_EQ(policy.objective, absl::Milliseconds(2));
  EXPECT_EQ(policy.max_rows, 32);
}

TEST(BatchPolicyTest, TakesTheFewestRowsThatAreNextToBest) {
  const CostTable flat_from_8 = TableOf([](double rows) { return rows < 8 ? 8 : rows; });
  const BatchPolicy policy = DecidePolicy(flat_from_8, "", {}, 1);
  EXPECT_EQ(policy.best_rows, 8);
  EXPECT_EQ(policy.max_rows, 32) << "larger ones cost no more";
}

TEST(BatchPolicyTest, TakesNoMoreRowsThanPay) {
  const CostTable leaves_the_cache = TableOf([](double rows) { return rows <= 8 ? 8 + rows : 4 * rows; });
  BatchWishes patient;
  patient.objective = absl::Hours(1);
  EXPECT_EQ(DecidePolicy(leaves_the_cache, "", patient, 1).max_rows, 8);
}

TEST(BatchPolicyTest, AThreadThatDoesNotShortenThePassGoesToAnotherSlot) {
  const CostTable does_not_split = TableOf([](double rows) { return 0.2 + 0.01 * rows; }, 0.95);
  const BatchPolicy policy = DecidePolicy(does_not_split, "", {}, 2);
  EXPECT_EQ(policy.threads, 1);
  EXPECT_EQ(policy.slots, 2);
}

// Passes of 9 us on one thread and, by chance, of 7 us on two.
CostTable Tiny() {
  return TableOf([](double rows) { return 0.005 + 0.004 * rows; }, 0.8);
}

TEST(BatchPolicyTest, ATinyPassNeedsNoOtherThread) {
  const BatchPolicy policy = DecidePolicy(Tiny(), "", {}, 2);
  EXPECT_EQ(policy.threads, 1);
  EXPECT_EQ(policy.slots, 2);
  EXPECT_EQ(policy.run_here, absl::Microseconds(50));
  EXPECT_EQ(DecidePolicy(Tiny(), "rows see each other", {}, 2).run_here, absl::Microseconds(50));
}

TEST(BatchPolicyTest, RequestsThatGainFromCompanyWaitForItOnOtherThreads) {
  const CostTable shared = TableOf([](double rows) { return 0.04 + 0.0001 * rows; });
  EXPECT_EQ(DecidePolicy(shared, "", {}, 1).run_here, absl::ZeroDuration()) << "together they save 39 of 40 us";
  BatchWishes delay;
  delay.join = true;
  delay.max_delay = absl::Milliseconds(1);
  EXPECT_EQ(DecidePolicy(Tiny(), "", delay, 2).run_here, absl::ZeroDuration());
  EXPECT_EQ(DecidePolicy(CostTable(), "", {}, 2).run_here, absl::ZeroDuration()) << "nobody knows how long it takes";
}

TEST(BatchPolicyTest, DependentRowsAreNeverJoined) {
  BatchWishes wishes;
  wishes.join = true;
  const BatchPolicy policy = DecidePolicy(WideMlp(), "rows see each other", wishes, 2);
  EXPECT_FALSE(policy.join);
  EXPECT_EQ(policy.why, "rows see each other");
}

TEST(BatchPolicyTest, DoesAsItIsTold) {
  BatchWishes never, always, small, single, wide;
  BatchWishes preferred;
  preferred.preferred_rows = 6;
  EXPECT_EQ(DecidePolicy(WideMlp(), "", preferred, 2).best_rows, 6);
  preferred.preferred_rows = 64;
  EXPECT_EQ(DecidePolicy(WideMlp(), "", preferred, 2).best_rows, 32);
  never.join = false;
  EXPECT_FALSE(DecidePolicy(WideMlp(), "", never, 2).join);
  always.join = true;
  always.max_delay = absl::Milliseconds(1);
  EXPECT_TRUE(DecidePolicy(Convolutions(), "", always, 2).join);
  EXPECT_EQ(DecidePolicy(Convolutions(), "", always, 2).max_delay, absl::Milliseconds(1));
  small.max_rows = 4;
  EXPECT_EQ(DecidePolicy(WideMlp(), "", small, 2).max_rows, 4);
  single.max_rows = 1;
  EXPECT_FALSE(DecidePolicy(WideMlp(), "", single, 2).join);
  wide.threads = 1;
  EXPECT_EQ(DecidePolicy(WideMlp(), "", wide, 2).threads, 1);
  EXPECT_EQ(DecidePolicy(WideMlp(), "", wide, 2).slots, 2);
  wide.slots = 5;
  EXPECT_EQ(DecidePolicy(WideMlp(), "", wide, 2).slots, 5);
  wide.threads = 64;
  EXPECT_EQ(DecidePolicy(WideMlp(), "", wide, 2).threads, 2) << "there are no more";
}

TEST(BatchPolicyTest, WithoutMeasurementsJoinsWhatMayBeJoined) {
  const BatchPolicy policy = DecidePolicy(CostTable(), "", {}, 4);
  EXPECT_TRUE(policy.join);
  EXPECT_EQ(policy.slots, 1);
  EXPECT_EQ(policy.threads, 4);
  EXPECT_FALSE(DecidePolicy(CostTable(), "rows see each other", {}, 4).join);
}

TEST(BatchPolicyTest, OneMeasuredSizeIsEnough) {
  CostTable table;
  table.Set(1, 1, {absl::Milliseconds(1), absl::Milliseconds(1)});
  EXPECT_FALSE(DecidePolicy(table, "", {}, 1).join);
}

}  // namespace
}  // namespace baryon
