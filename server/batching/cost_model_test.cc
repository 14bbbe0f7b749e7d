#include "server/batching/cost_model.h"

#include "gtest/gtest.h"

namespace baryon {
namespace {

CostTable TenMs() {
  CostTable table;
  table.Set(1, 1, {absl::Milliseconds(10), absl::Milliseconds(12)});
  table.Set(1, 8, {absl::Milliseconds(40), absl::Milliseconds(44)});
  return table;
}

TEST(CostModelTest, StartsWithWhatWasMeasured) {
  const CostModel model(TenMs());
  EXPECT_EQ(model.Predict(1, 1).p50, absl::Milliseconds(10));
  EXPECT_EQ(model.Predict(1, 8).p95, absl::Milliseconds(44));
}

TEST(CostModelTest, AThrottledProcessorIsNoticedWithinFiftyBatches) {
  CostModel model(TenMs());
  for (int i = 0; i < 50; ++i) model.Observe(1, 8, absl::Milliseconds(200));
  EXPECT_NEAR(absl::ToDoubleMilliseconds(model.Predict(1, 1).p50), 50, 1) << "all sizes are five times slower";
  EXPECT_EQ(model.Median(1, 1), model.Predict(1, 1).p50);
  for (int i = 0; i < 50; ++i) model.Observe(1, 8, absl::Milliseconds(40));
  EXPECT_NEAR(absl::ToDoubleMilliseconds(model.Predict(1, 1).p50), 10, 0.3);
}

TEST(CostModelTest, LearnsSizesThatWereNotMeasured) {
  CostModel model(TenMs());
  model.Observe(1, 32, absl::Milliseconds(100));
  EXPECT_EQ(model.Predict(1, 32).p50, absl::Milliseconds(100));
  EXPECT_EQ(model.correction(), 1) << "it says nothing about the others";
}

TEST(CostModelTest, LearnsEverythingWhenNothingWasMeasured) {
  CostModel model((CostTable()));
  EXPECT_EQ(model.Predict(1, 1).p50, absl::ZeroDuration());
  model.Observe(1, 1, absl::Milliseconds(3));
  EXPECT_EQ(model.Predict(1, 2).p50, absl::Milliseconds(6));
}

// One bad minute must not make it refuse for ever what would run in time now.
TEST(CostModelTest, RemembersHowFastItCanBe) {
  CostModel model(TenMs());
  for (int i = 0; i < 50; ++i) model.Observe(1, 1, absl::Milliseconds(100));
  EXPECT_EQ(model.AtLeast(1, 1), absl::Milliseconds(10));
  for (int i = 0; i < 100; ++i) model.Observe(1, 1, absl::Milliseconds(5));
  EXPECT_LT(model.AtLeast(1, 1), absl::Milliseconds(6));
  CostModel learnt((CostTable()));
  learnt.Observe(1, 1, absl::Milliseconds(500));
  EXPECT_EQ(learnt.AtLeast(1, 1), absl::ZeroDuration()) << "the first pass may have been slow";
}

TEST(CostModelTest, LearnsABoundedNumberOfSizes) {
  CostModel model((CostTable()));
  for (int64_t rows = 1; rows <= 10000; ++rows) model.Observe(1, rows, absl::Milliseconds(rows));
  EXPECT_LE(model.table().rows(1).size(), 64u);
}

TEST(CostModelTest, OneAbsurdObservationDoesNotRuinIt) {
  CostModel model(TenMs());
  model.Observe(1, 1, absl::Hours(24 * 365));
  EXPECT_LT(model.Predict(1, 1).p50, absl::Milliseconds(120));
  model.Observe(1, 1, absl::ZeroDuration());
  EXPECT_GT(model.Predict(1, 1).p50, absl::ZeroDuration());
}

}  // namespace
}  // namespace baryon
