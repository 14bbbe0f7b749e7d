#include "server/batching/fair_queue.h"

#include <map>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using testing::ElementsAre;

class FairQueueTest : public testing::Test {
 protected:
  void Push(const std::string& who, int ms) {
    std::shared_ptr<Account>& account = accounts_[who];
    if (account == nullptr) account = std::make_shared<Account>();
    queue_.Push(account, absl::Milliseconds(ms), [this, who] { ran_.push_back(who); });
  }

  // Runs one task to its end; the CPU time it was said to take is its owner's.
  bool RunOne() {
    std::optional<FairQueue::Entry> entry = queue_.Pop();
    if (!entry.has_value()) return false;
    entry->run();
    used_[ran_.back()] += entry->cost;
    queue_.Done(*entry->account);
    return true;
  }

  FairQueue queue_;
  std::map<std::string, std::shared_ptr<Account>> accounts_;
  std::vector<std::string> ran_;
  std::map<std::string, absl::Duration> used_;
};

TEST_F(FairQueueTest, OneAccountKeepsItsOrder) {
  auto account = std::make_shared<Account>();
  std::vector<int> order;
  for (int i = 0; i < 5; ++i) queue_.Push(account, absl::Milliseconds(7), [&order, i] { order.push_back(i); });
  while (const auto entry = queue_.Pop()) entry->run();
  EXPECT_THAT(order, ElementsAre(0, 1, 2, 3, 4));
}

TEST_F(FairQueueTest, IsEmptyAtFirstAndAtTheEnd) {
  EXPECT_FALSE(queue_.Pop().has_value());
  Push("a", 1);
  EXPECT_EQ(queue_.num_tasks(), 1);
  EXPECT_TRUE(RunOne());
  EXPECT_EQ(queue_.num_tasks(), 0);
  EXPECT_EQ(queue_.num_accounts(), 0);
  EXPECT_FALSE(RunOne());
}

TEST_F(FairQueueTest, SharesTheTimeNotTheTurns) {
  for (int i = 0; i < 1000; ++i) Push("short", 1);
  for (int i = 0; i < 1000; ++i) Push("long", 50);
  while (used_["short"] + used_["long"] < absl::Milliseconds(1000)) RunOne();
  EXPECT_NEAR(absl::ToDoubleMilliseconds(used_["short"]), 500, 50);
}

// A model with one slot has one task here at any time, and asks again when it has run.
TEST_F(FairQueueTest, WhoAsksAgainAtOnceGetsNoMoreThanItsShare) {
  Push("greedy", 10);
  for (int i = 0; i < 1000; ++i) Push("patient", 10);
  for (int i = 0; i < 100; ++i) {
    RunOne();
    if (ran_.back() == "greedy") Push("greedy", 10);
  }
  EXPECT_NEAR(used_["greedy"] / absl::Milliseconds(10), 50, 2);
}

TEST_F(FairQueueTest, WhoAsksNowAndThenGoesFirst) {
  for (int i = 0; i < 10; ++i) Push("hot", 50);
  for (int i = 0; i < 4; ++i) RunOne();
  Push("idle", 1);
  RunOne();
  EXPECT_EQ(ran_.back(), "idle");
}

TEST_F(FairQueueTest, IdlingSavesUpNothing) {
  for (int i = 0; i < 200; ++i) Push("hot", 10);
  for (int i = 0; i < 100; ++i) RunOne();
  for (int i = 0; i < 100; ++i) Push("late", 10);
  used_.clear();
  for (int i = 0; i < 100; ++i) RunOne();
  EXPECT_NEAR(used_["late"] / absl::Milliseconds(10), 50, 2);
}

TEST_F(FairQueueTest, AWeightIsAShare) {
  auto heavy = std::make_shared<Account>(3), light = std::make_shared<Account>(1);
  int heavy_runs = 0;
  for (int i = 0; i < 200; ++i) {
    queue_.Push(heavy, absl::Milliseconds(5), [&] { ++heavy_runs; });
    queue_.Push(light, absl::Milliseconds(5), [] {});
  }
  for (int i = 0; i < 100; ++i) queue_.Pop()->run();
  EXPECT_NEAR(heavy_runs, 75, 2);
}

TEST_F(FairQueueTest, WhatATaskReallyCostIsPaidLater) {
  for (int i = 0; i < 100; ++i) Push("liar", 1);
  for (int i = 0; i < 100; ++i) Push("honest", 1);
  for (int i = 0; i < 60; ++i) {
    RunOne();
    if (ran_.back() == "liar") accounts_["liar"]->Charge(absl::Milliseconds(9));
  }
  EXPECT_NEAR(used_["liar"] / absl::Milliseconds(1), 60 / 11.0, 2);
}

TEST_F(FairQueueTest, AShortTaskOfAnIdleModelMayGoBeside) {
  Push("hot", 50);
  Push("hot", 50);
  RunOne();
  Push("long", 40);
  Push("short", 5);
  const auto entry = queue_.PopShort(absl::Milliseconds(10));
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->account, accounts_["short"]);
  EXPECT_FALSE(queue_.PopShort(absl::Milliseconds(10)).has_value()) << "the others are long";
}

TEST_F(FairQueueTest, OnlyOneOfItsTasksGoesBesideAtATime) {
  Push("short", 0);
  Push("short", 0);
  const auto entry = queue_.PopShort(absl::Milliseconds(1));
  ASSERT_TRUE(entry.has_value());
  EXPECT_FALSE(queue_.PopShort(absl::Milliseconds(1)).has_value());
  queue_.Done(*entry->account);
  EXPECT_TRUE(queue_.PopShort(absl::Milliseconds(1)).has_value());
}

TEST_F(FairQueueTest, AnAccountMayGoBeforeItsTasks) {
  bool ran = false;
  queue_.Push(std::make_shared<Account>(), absl::Milliseconds(1), [&] { ran = true; });
  queue_.Pop()->run();
  EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace baryon
