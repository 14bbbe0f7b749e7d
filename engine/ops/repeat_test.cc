#include <utility>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

Tensor F(Shape shape, std::initializer_list<float> values) { return Tensor::FromData<float>(std::move(shape), values); }

// 0, 1, 2, ...
[[maybe_unused]] Tensor Count(Shape shape) {
  Tensor tensor = Tensor::Allocate({DType::kFloat32, std::move(shape)});
  for (int64_t i = 0; i < tensor.num_elements(); ++i) tensor.mutable_data<float>()[i] = static_cast<float>(i);
  return tensor;
}

TEST(RepeatTest, ElementsAreRepeatedOrTheWholeIs) {
  OpTester("repeat").Attr("repeats", 2).Attr("axis", 1).Input(F({1, 2}, {1, 2})).ExpectOutput(F({1, 4}, {1, 1, 2, 2}));
  OpTester("repeat").Attr("repeats", 2).Input(F({1, 2}, {1, 2})).ExpectOutput(F({4}, {1, 1, 2, 2}));
  OpTester("tile").Attr("reps", IntTuple{2, 2}).Input(F({2}, {1, 2})).ExpectOutput(F({2, 4}, {1, 2, 1, 2, 1, 2, 1, 2}));
}
TEST(RepeatTest, RefusesNegativeCounts) {
  EXPECT_THAT(OpTester("repeat").Attr("repeats", -1).Input({2}).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("tile").Attr("reps", IntTuple{-2}).Input({2}).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
