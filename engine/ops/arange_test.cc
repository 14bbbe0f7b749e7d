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

TEST(ArangeTest, StartsStepsAndRepeats) {
  OpTester("_arange").Attr("start", 1.0).Attr("stop", 4.0).ExpectOutput(F({3}, {1, 2, 3}));
  OpTester("_arange").Attr("start", 3.0).ExpectOutput(F({3}, {0, 1, 2}));
  OpTester("_arange").Attr("start", 5.0).Attr("stop", 0.0).Attr("step", -2.0).ExpectOutput(F({3}, {5, 3, 1}));
  OpTester("_arange").Attr("start", 0.0).Attr("stop", 2.0).Attr("repeat", 2).ExpectOutput(F({4}, {0, 0, 1, 1}));
}
TEST(ArangeTest, LikeAnArrayTakesItsSize) {
  OpTester("_contrib_arange_like").Attr("start", 2.0).Input({2, 2}).ExpectOutput(F({2, 2}, {2, 3, 4, 5}));
  OpTester("_contrib_arange_like").Attr("axis", 1).Input({2, 3}).ExpectOutput(F({3}, {0, 1, 2}));
}
TEST(ArangeTest, RefusesStepsThatLeadNowhere) {
  EXPECT_THAT(OpTester("_arange").Attr("start", 0.0).Attr("stop", 2.0).Attr("step", 0.0).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
