#include "engine/ops/subgraph_kernel.h"

#include "engine/base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(SubgraphKernelTest, ChecksCountsAndLocations) {
  EXPECT_OK(CheckNumArgs(-1, 2, 1));
  EXPECT_OK(CheckNumArgs(3, 2, 1));
  EXPECT_THAT(CheckNumArgs(2, 2, 1), StatusIs(kInvalid));
  EXPECT_OK(CheckLocations("locs", {0, 2, 1}, 3));
  EXPECT_THAT(CheckLocations("locs", {3}, 3), StatusIs(kInvalid));
  EXPECT_THAT(CheckNumOutputs(0), StatusIs(kInvalid));
  EXPECT_THAT(CheckNumOutputs(int64_t{1} << 40), StatusIs(kInvalid));
}

TEST(SubgraphKernelTest, MergesWhatTypesKnow) {
  TensorType type = {DType::kUnknown, {-1, 3}};
  EXPECT_OK(MergeType({DType::kFloat32, {2, -1}}, type));
  EXPECT_EQ(type, (TensorType{DType::kFloat32, {2, 3}}));
  EXPECT_THAT(MergeType({DType::kInt32, {2, 3}}, type), StatusIs(kInvalid));
  EXPECT_THAT(MergeType({DType::kFloat32, {2}}, type), StatusIs(kInvalid));
}

TEST(SubgraphKernelTest, AStepIsOneOfManyStacked) {
  const TensorType step = {DType::kFloat32, {2, -1}};
  EXPECT_EQ(StackedType(step, 5).shape, Shape({5, 2, -1}));
  EXPECT_EQ(StepType(StackedType(step, 5)), step);
  EXPECT_FALSE(StepType({DType::kFloat32, Shape::Unknown()}).shape.has_rank());
  EXPECT_FALSE(StackedType({DType::kFloat32, Shape::Unknown()}, 5).shape.has_rank());
}

TEST(SubgraphKernelTest, ReadsConditionsOfAnyType) {
  const double half = 0.5;
  const int64_t zero = 0;
  const Half small(0.25f);
  EXPECT_TRUE(IsTrue({DType::kFloat64, {1}}, &half));
  EXPECT_FALSE(IsTrue({DType::kInt64, {}}, &zero));
  EXPECT_TRUE(IsTrue({DType::kFloat16, {1}}, &small));
}

TEST(SubgraphKernelTest, LoopStatesOfNeighbouringStepsAreApart) {
  const TensorTypes types = {{DType::kFloat32, {3}}, {DType::kFloat32, {20}}};
  const LoopStates states(types);
  EXPECT_EQ(LoopStates::Bytes(types), 2 * (64 + 128));
  char* const memory = nullptr;
  EXPECT_EQ(states.Next(memory, 0, 1), memory + 64);
  EXPECT_EQ(states.Next(memory, 1, 0), memory + 192);
  EXPECT_EQ(states.Next(memory, 2, 1), memory + 64);
}

}  // namespace
}  // namespace baryon
