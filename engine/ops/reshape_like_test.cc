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

TEST(ReshapeLikeTest, TakesTheOthersShape) {
  OpTester("reshape_like").Input(Count({4})).Input({2, 2}).ExpectOutput(F({2, 2}, {0, 1, 2, 3}));
}
TEST(ReshapeLikeTest, RefusesOtherNumbersOfElements) {
  EXPECT_THAT(OpTester("reshape_like").Input({4}).Input({3, 2}).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
