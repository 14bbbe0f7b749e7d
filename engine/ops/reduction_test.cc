#include "engine/ops/reduction.h"

#include "engine/base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using testing::HasSubstr;

const IntTuple kNoAxes;

TEST(ReductionTest, NoAxesMeanAllOrNone) {
  EXPECT_EQ(*ReducedAxes(std::nullopt, 2, EmptyAxes::kNone), AxisMask({true, true}));
  EXPECT_EQ(*ReducedAxes(kNoAxes, 2, EmptyAxes::kAll), AxisMask({true, true}));
  EXPECT_EQ(*ReducedAxes(kNoAxes, 2, EmptyAxes::kNone), AxisMask({false, false}));
}

TEST(ReductionTest, NegativeAxesCountFromTheEnd) {
  EXPECT_EQ(*ReducedAxes(IntTuple{-1, 0}, 3, EmptyAxes::kAll), AxisMask({true, false, true}));
}

TEST(ReductionTest, RejectsAxesBeyondTheRankAndAxesNamedTwice) {
  EXPECT_THAT(ReducedAxes(IntTuple{2}, 2, EmptyAxes::kAll),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("expected an axis in [-2, 2), got 2")));
  EXPECT_THAT(ReducedAxes(IntTuple{1, -1}, 2, EmptyAxes::kAll),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("got (1, -1)")));
  EXPECT_THAT(ReducedAxes(std::nullopt, 33, EmptyAxes::kAll), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(ReductionTest, ShapesWithAndWithoutTheReducedAxes) {
  const Shape shape = {2, Shape::kUnknownDim, 4};
  EXPECT_EQ(ReducedShape(shape, {false, true, false}, false), Shape({2, 4}));
  EXPECT_EQ(ReducedShape(shape, {true, false, false}, true), Shape({1, Shape::kUnknownDim, 4}));
  EXPECT_EQ(ReducedShape(shape, {true, true, true}, false).rank(), 0);
  EXPECT_EQ(LegacyReducedShape(shape, {true, true, true}, false), Shape({1}));
  EXPECT_EQ(LegacyReducedShape(shape, {true, true, true}, true), Shape({1, 1, 1}));
}

TEST(ReductionTest, AxesMoveWithTheChannels) {
  EXPECT_EQ(AxesChannelsLast({false, false, true, true}, false), IntTuple({1, 2}));
  EXPECT_EQ(AxesChannelsLast({false, true, false, false}, false), IntTuple({3}));
  EXPECT_EQ(AxesChannelsLast({false, false, true, false}, true), IntTuple({1}));
}

TEST(ReductionTest, NoChannelsLastFormWhenTheKeptAxesWouldSwap) {
  EXPECT_EQ(AxesChannelsLast({false, false, true, false}, false), std::nullopt);
  EXPECT_EQ(AxesChannelsLast({true, false, false, false}, false), std::nullopt);
}

}  // namespace
}  // namespace baryon
