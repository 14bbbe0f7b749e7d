#include "engine/runtime/memory_plan.h"

#include <cstdlib>
#include <random>
#include <vector>

#include "engine/tensor/tensor.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

void ExpectDisjoint(const std::vector<BufferLifetime>& buffers, const MemoryPlan& plan) {
  for (size_t i = 0; i < buffers.size(); ++i) {
    EXPECT_EQ(plan.offsets[i] % kTensorAlignment, 0);
    EXPECT_LE(plan.offsets[i] + buffers[i].size_bytes, plan.arena_bytes);
    for (size_t j = 0; j < i; ++j) {
      if (buffers[i].last < buffers[j].first || buffers[j].last < buffers[i].first) continue;
      const bool apart = plan.offsets[i] + buffers[i].size_bytes <= plan.offsets[j] ||
                         plan.offsets[j] + buffers[j].size_bytes <= plan.offsets[i];
      EXPECT_TRUE(apart) << i << " and " << j;
    }
  }
}

TEST(MemoryPlanTest, AChainUsesTwoBuffersOnly) {
  std::vector<BufferLifetime> chain;
  for (int step = 0; step < 20; ++step) chain.push_back({1000, step, step + 1});
  const MemoryPlan plan = PlanMemory(chain);
  ExpectDisjoint(chain, plan);
  EXPECT_EQ(plan.arena_bytes, 2 * 1024);
}

TEST(MemoryPlanTest, SmallBuffersFillGaps) {
  const std::vector<BufferLifetime> buffers = {{4000, 0, 1}, {8000, 0, 3}, {1000, 2, 3}, {2000, 2, 3}};
  const MemoryPlan plan = PlanMemory(buffers);
  ExpectDisjoint(buffers, plan);
  EXPECT_LE(plan.arena_bytes, 12100);
}

TEST(MemoryPlanTest, WhatIsReadAndWhatIsWrittenLieApartWithinAPage) {
  for (int64_t size : {4096, 4160, 4500, 40960, 41024}) {
    const std::vector<BufferLifetime> buffers = {{size, 0, 1}, {size, 1, 2}};
    const MemoryPlan plan = PlanMemory(buffers);
    const int64_t distance = std::abs(plan.offsets[1] - plan.offsets[0]);
    EXPECT_GE(distance, size);
    EXPECT_GE(distance % 4096, 512) << size;
    EXPECT_LE(plan.arena_bytes, 2 * (size + 512 + kTensorAlignment));
  }
}

TEST(MemoryPlanTest, RandomLifetimesNeverOverlap) {
  std::mt19937 generator(5);
  for (int round = 0; round < 50; ++round) {
    std::vector<BufferLifetime> buffers(60);
    for (BufferLifetime& buffer : buffers) {
      buffer.size_bytes = generator() % 10000;
      buffer.first = generator() % 40;
      buffer.last = buffer.first + generator() % 10;
    }
    ExpectDisjoint(buffers, PlanMemory(buffers));
  }
}

TEST(MemoryPlanTest, NothingNeedsNothing) { EXPECT_EQ(PlanMemory({}).arena_bytes, 0); }

}  // namespace
}  // namespace baryon
