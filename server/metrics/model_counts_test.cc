#include "server/metrics/model_counts.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using testing::ElementsAre;

TEST(TallyTest, CountsAValueWithTheFirstBoundThatIsNotBelowIt) {
  constexpr std::array<int64_t, 2> kBounds = {10, 20};
  Tally<2> tally;
  for (int64_t value : {0, 10, 11, 20, 21, 1000}) tally.Add(kBounds, value);
  EXPECT_THAT(tally.counts, ElementsAre(2, 2, 2));
  EXPECT_EQ(tally.sum, 1062);
  EXPECT_EQ(tally.count(), 6);
}

TEST(ModelCountsTest, KeepsOutcomesApartAndPhasesOfSuccess) {
  ModelCounts counts;
  const RequestTimes times = {absl::Milliseconds(9), absl::Milliseconds(1), absl::Milliseconds(2),
                              absl::Milliseconds(3), absl::Milliseconds(1)};
  const ModelCounts::Outcome good(Protocol::kMms, Transport::kRest, absl::StatusCode::kOk),
      bad(Protocol::kMms, Transport::kRest, absl::StatusCode::kInternal);
  for (const ModelCounts::Outcome& outcome : {good, bad, good}) counts.AddAnswer(outcome, times);
  ASSERT_EQ(counts.answers.size(), 2u);
  EXPECT_EQ(counts.TotalOf(good).sum, 18'000'000);
  EXPECT_EQ(counts.TotalOf(bad).sum, 9'000'000);
  EXPECT_EQ(counts.overhead.sum, 10'000'000);
  EXPECT_EQ(counts.queued.count(), 2);
}

}  // namespace
}  // namespace baryon
