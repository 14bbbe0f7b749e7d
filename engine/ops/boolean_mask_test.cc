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

TEST(BooleanMaskTest, KeepsTheSlicesThatAreMarked) {
  OpTester("_contrib_boolean_mask").Input(Count({3, 2})).Input(F({3}, {1, 0, 1})).ExpectOutput(F({2, 2}, {0, 1, 4, 5}));
}
TEST(BooleanMaskTest, FindsThePlacesThatAreNotZero) {
  OpTester("_npx_nonzero").Input(F({2, 2}, {0, 3, 4, 0})).ExpectOutput(Tensor::FromData<int64_t>({2, 2}, {0, 1, 1, 0}));
}
TEST(BooleanMaskTest, RefusesMasksOfOtherLengths) {
  EXPECT_THAT(OpTester("_contrib_boolean_mask").Input({3, 2}).Input({2}).Run(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
