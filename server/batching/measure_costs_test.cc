#include "server/batching/measure_costs.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A model whose pass takes alpha + beta * rows ms on one thread, and half of it on two; by a clock of its own.
class MeasureCostsTest : public testing::Test {
 protected:
  absl::StatusOr<CostTable> Measure() {
    return MeasureCosts(
        options_,
        [this](int threads, int64_t rows) -> absl::StatusOr<absl::Duration> {
          passes_.push_back({threads, rows});
          if (rows > fails_beyond_) return absl::InternalError(absl::StrCat("no ", rows));
          const double disturbed = rows == disturbed_rows_ ? 5 : 1;
          const absl::Duration took =
              absl::Milliseconds(disturbed * (alpha_ + beta_ * static_cast<double>(rows)) / threads);
          now_ += took;
          return took;
        },
        [this] { return now_; });
  }

  MeasureOptions options_;
  double alpha_ = 0, beta_ = 1;
  int64_t fails_beyond_ = 1000, disturbed_rows_ = 0;
  absl::Time now_ = absl::UnixEpoch();
  std::vector<std::pair<int, int64_t>> passes_;
};

TEST(PowersUpToTest, EndWithTheLargest) {
  EXPECT_THAT(PowersUpTo(1), ElementsAre(1));
  EXPECT_THAT(PowersUpTo(8), ElementsAre(1, 2, 4, 8));
  EXPECT_THAT(PowersUpTo(12), ElementsAre(1, 2, 4, 8, 12));
}

TEST_F(MeasureCostsTest, MeasuresEverySizeWhenLargerOnesPay) {
  alpha_ = 10;
  options_.threads = {1, 2};
  options_.max_rows = 12;
  ASSERT_OK_AND_ASSIGN(const CostTable table, Measure());
  EXPECT_THAT(table.threads(), ElementsAre(1, 2));
  EXPECT_THAT(table.rows(1), ElementsAre(1, 2, 4, 8, 12));
  EXPECT_THAT(table.rows(2), ElementsAre(1, 2, 4, 8, 12));
  EXPECT_EQ(table.Find(2, 8)->p50, absl::Milliseconds(9));
  EXPECT_EQ(passes_.front().first, 1) << "in case there is no time for more";
  EXPECT_THAT(table.error, IsEmpty());
}

TEST_F(MeasureCostsTest, StopsWhenMoreRowsDoNotPay) {
  ASSERT_OK_AND_ASSIGN(const CostTable table, Measure());
  EXPECT_THAT(table.rows(1), ElementsAre(1, 2, 4));
}

TEST_F(MeasureCostsTest, KeepsToItsBudget) {
  alpha_ = 100;
  beta_ = 50;
  options_.budget = absl::Seconds(1);
  ASSERT_OK_AND_ASSIGN(const CostTable table, Measure());
  EXPECT_LT(now_ - absl::UnixEpoch(), absl::Seconds(1.5));
  EXPECT_THAT(table.rows(1), ElementsAre(1, 2)) << "no time for 4";
}

TEST_F(MeasureCostsTest, SmallSizesLeaveTimeForLargeOnes) {
  alpha_ = 20;
  beta_ = 0.5;
  options_.threads = {1, 2};
  options_.budget = absl::Seconds(2);
  options_.max_rows = 32;
  ASSERT_OK_AND_ASSIGN(const CostTable table, Measure());
  EXPECT_THAT(table.rows(1), ElementsAre(1, 2, 4, 8, 16, 32));
}

TEST_F(MeasureCostsTest, AModelSlowerThanTheBudgetIsMeasuredAllTheSame) {
  beta_ = 5000;
  ASSERT_OK_AND_ASSIGN(const CostTable table, Measure());
  EXPECT_EQ(table.Find(1, 1)->p50, absl::Seconds(5));
  EXPECT_EQ(passes_.size(), 2u) << "one to warm up, one that counts";
}

TEST_F(MeasureCostsTest, RepeatsFastPassesMoreOften) {
  beta_ = 0.01;
  options_.max_rows = 1;
  ASSERT_OK(Measure());
  EXPECT_EQ(passes_.size(), 21u);
}

TEST_F(MeasureCostsTest, FewerRowsTakeNoLongerThanMore) {
  alpha_ = 10;
  disturbed_rows_ = 2;
  ASSERT_OK_AND_ASSIGN(const CostTable table, Measure());
  EXPECT_EQ(table.Find(1, 1)->p50, absl::Milliseconds(11));
  EXPECT_EQ(table.Find(1, 2)->p50, absl::Milliseconds(14)) << "as four, not 60 ms";
  EXPECT_EQ(table.Find(1, 2)->p95, absl::Milliseconds(14));
}

TEST_F(MeasureCostsTest, RowsThatDoNotRunTogetherEndItWithAReason) {
  alpha_ = 10;
  fails_beyond_ = 2;
  ASSERT_OK_AND_ASSIGN(const CostTable table, Measure());
  EXPECT_THAT(table.rows(1), ElementsAre(1, 2));
  EXPECT_EQ(table.error, "4 rows: no 4");
}

TEST_F(MeasureCostsTest, OneRowMustRun) {
  fails_beyond_ = 0;
  EXPECT_THAT(Measure(), StatusIs(absl::StatusCode::kInternal, HasSubstr("no 1")));
}

}  // namespace
}  // namespace baryon
