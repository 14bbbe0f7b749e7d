#include "server/batching/batch_cap.h"

#include "gtest/gtest.h"

namespace baryon {
namespace {

constexpr absl::Duration kObjective = absl::Milliseconds(10);

void Observe(BatchCap& cap, int batches, int too_long) {
  for (int i = 0; i < batches; ++i) cap.Observe(i < too_long ? 2 * kObjective : kObjective, kObjective);
}

TEST(BatchCapTest, StaysAtTheMostWhileBatchesAreFastEnough) {
  BatchCap cap(32);
  Observe(cap, 1000, 0);
  EXPECT_EQ(cap.rows(), 32);
}

TEST(BatchCapTest, OneInTwentyMayBeLate) {
  BatchCap cap(32);
  Observe(cap, 20, 1);
  EXPECT_EQ(cap.rows(), 32);
  Observe(cap, 20, 2);
  EXPECT_EQ(cap.rows(), 28);
}

TEST(BatchCapTest, GrowsBackByOne) {
  BatchCap cap(32);
  Observe(cap, 20, 20);
  Observe(cap, 20, 0);
  EXPECT_EQ(cap.rows(), 29);
  Observe(cap, 2000, 0);
  EXPECT_EQ(cap.rows(), 32);
}

TEST(BatchCapTest, NeverBelowOne) {
  BatchCap cap(3);
  for (int i = 0; i < 10; ++i) Observe(cap, 20, 20);
  EXPECT_EQ(cap.rows(), 1);
}

}  // namespace
}  // namespace baryon
