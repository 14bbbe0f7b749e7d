#include "engine/graph/op_def.h"

#include <atomic>
#include <memory>
#include <vector>

#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(IsHiddenAttrTest, TakesTwoUnderscoresOnBothSides) {
  EXPECT_TRUE(IsHiddenAttr("__shape__"));
  EXPECT_FALSE(IsHiddenAttr("__shape"));
  EXPECT_FALSE(IsHiddenAttr("kernel"));
  EXPECT_FALSE(IsHiddenAttr("____"));
}

// How often each of `count` elements is handed to the function of ParallelRanges, and into how many ranges.
struct Visits {
  Visits(int64_t count, int64_t grain, int num_threads) : of(static_cast<size_t>(count)) {
    ThreadPool pool(num_threads);
    Resources resources(pool, nullptr, 0);
    OpContext context({}, {}, resources);
    context.ParallelRanges(count, grain, [this](int64_t begin, int64_t end) {
      ++ranges;
      for (int64_t i = begin; i < end; ++i) ++of[i];
    });
  }
  std::vector<std::atomic<int>> of;
  std::atomic<int> ranges = 0;
};

TEST(ParallelRangesTest, VisitsEveryElementOnce) {
  const Visits visits(/*count=*/1001, /*grain=*/10, /*num_threads=*/3);
  for (const std::atomic<int>& visited : visits.of) EXPECT_EQ(visited, 1);
  EXPECT_EQ(visits.ranges, 3);
}

TEST(ParallelRangesTest, MakesNoRangeSmallerThanTheGrain) {
  EXPECT_EQ(Visits(/*count=*/25, /*grain=*/10, /*num_threads=*/4).ranges, 2);
  EXPECT_EQ(Visits(/*count=*/9, /*grain=*/10, /*num_threads=*/4).ranges, 1);
}

TEST(ParallelRangesTest, CallsNobodyForNothing) {
  EXPECT_EQ(Visits(/*count=*/0, /*grain=*/10, /*num_threads=*/2).ranges, 0);
}

TEST(PreparedCacheTest, MakesAValueOnce) {
  PreparedCache cache;
  int made = 0;
  const auto make = [&]() -> absl::StatusOr<std::shared_ptr<const void>> { return std::make_shared<int>(++made); };
  EXPECT_FALSE(cache.Contains("weight|gemm 16"));
  const auto first = cache.GetOrMake("weight|gemm 16", make);
  const auto second = cache.GetOrMake("weight|gemm 16", make);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(*first, *second);
  EXPECT_EQ(made, 1);
  EXPECT_TRUE(cache.Contains("weight|gemm 16"));
}

TEST(PreparedCacheTest, TriesAgainAfterAFailure) {
  PreparedCache cache;
  const auto fail = []() -> absl::StatusOr<std::shared_ptr<const void>> { return absl::DataLossError("no disk"); };
  EXPECT_EQ(cache.GetOrMake("weight", fail).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_FALSE(cache.Contains("weight"));
}

TEST(OpDefTest, NamesInputsByTheirRoles) {
  OpDef def;
  def.inputs = {"data", Parameter("weight"), Label("label")};
  EXPECT_EQ(def.input_name(1), "weight");
  EXPECT_EQ(def.input_name(7), "input7");
  EXPECT_EQ(def.input_role(0), InputRole::kData);
  EXPECT_EQ(def.input_role(1), InputRole::kParameter);
  EXPECT_EQ(def.input_role(2), InputRole::kLabel);
}

TEST(OpDefTest, NumbersTheInputsOfAVariadicOperator) {
  OpDef def;
  def.inputs = {"data"};
  def.variadic = true;
  EXPECT_EQ(def.input_name(0), "arg0");
  EXPECT_EQ(def.input_name(3), "arg3");
  EXPECT_EQ(def.input_role(3), InputRole::kData);
}

TEST(OpDefTest, NumbersOutputsThatHaveNoName) {
  OpDef def;
  def.outputs = {"output", "mean"};
  EXPECT_EQ(def.output_name(1, 2), "mean");
  EXPECT_EQ(def.output_name(1, 3), "output1");
  EXPECT_EQ(def.output_name(2, 3), "output2");
}

}  // namespace
}  // namespace baryon
