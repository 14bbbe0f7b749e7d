#include "server/services/model_plan.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using Json = nlohmann::ordered_json;

TEST(DescribePlanTest, SaysWhyAndWithinWhichLimits) {
  ModelPlan plan;
  plan.name = "digits";
  plan.version = 3;
  plan.load.costs_from = "cache";
  plan.load.load_time = absl::Microseconds(1500);
  plan.load.weight_bytes = 100;
  plan.load.num_threads = 4;
  plan.workspace_bytes = 20;
  plan.max_wait = absl::Milliseconds(250);
  plan.batching.policy.join = true;
  plan.batching.policy.max_rows = 32;
  plan.batching.policy.run_here = absl::Microseconds(50);
  plan.batching.policy.why = "rows come 1.7 times as fast together";
  plan.batching.queued_rows = 7;
  plan.batching.limits.rows = 99;
  const Json json = DescribePlan(plan);
  EXPECT_EQ(json["name"], "digits");
  EXPECT_EQ(json["version"], 3);
  EXPECT_EQ(json["load"], (Json{{"ms", 1.5}, {"costs_from", "cache"}}));
  EXPECT_EQ(json["memory"]["total_bytes"], 120);
  EXPECT_EQ(json["threads"]["process"], 4);
  EXPECT_EQ(json["threads"]["no_other_thread_up_to_ms"], 0.05);
  EXPECT_EQ(json["batching"]["joined"], true);
  EXPECT_EQ(json["batching"]["max_rows"], 32);
  EXPECT_EQ(json["batching"]["why"], "rows come 1.7 times as fast together");
  EXPECT_EQ(json["limits"]["queued_rows"], 99);
  EXPECT_EQ(json["limits"]["max_wait_ms"], 250);
  EXPECT_EQ(json["now"]["queued_rows"], 7);
}

TEST(DescribePlanTest, ListsWhatPassesTake) {
  ModelPlan plan;
  plan.batching.costs.Set(1, 1, {absl::Microseconds(20), absl::Microseconds(30)});
  plan.batching.costs.Set(2, 8, {absl::Microseconds(80), absl::Microseconds(90)});
  plan.batching.costs.error = "8 rows: no memory";
  const Json costs = DescribePlan(plan)["costs"];
  ASSERT_EQ(costs["passes"].size(), 2u);
  EXPECT_EQ(costs["passes"][0], (Json{{"threads", 1}, {"rows", 1}, {"p50_ms", 0.02}, {"p95_ms", 0.03}}));
  EXPECT_EQ(costs["passes"][1]["rows"], 8);
  EXPECT_EQ(costs["stopped_by"], "8 rows: no memory");
}

TEST(DescribePlanTest, WhatHasNoLimitIsNull) {
  ModelPlan plan;
  plan.max_wait = absl::InfiniteDuration();
  const Json json = DescribePlan(plan);
  EXPECT_TRUE(json["limits"]["max_wait_ms"].is_null());
  EXPECT_TRUE(json["batching"]["objective_ms"].is_null());
  EXPECT_TRUE(json["load"]["costs_from"].is_null());
}

}  // namespace
}  // namespace baryon
