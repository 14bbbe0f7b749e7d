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

TEST(PickTest, TakesOneElementOfEachLine) {
  OpTester("pick").Input(Count({2, 3})).Input(F({2}, {2, 0})).ExpectOutput(F({2}, {2, 3}));
  OpTester("pick")
      .Attr("axis", 0)
      .Attr("keepdims", true)
      .Input(Count({2, 2}))
      .Input(F({2}, {1, 0}))
      .ExpectOutput(F({1, 2}, {2, 1}));
  OpTester("pick").Input(Count({1, 3})).Input(F({1}, {9})).ExpectOutput(F({1}, {2}));
  OpTester("pick").Attr("mode", "wrap").Input(Count({1, 3})).Input(F({1}, {4})).ExpectOutput(F({1}, {1}));
  OpTester("batch_take")
      .Input(Count({2, 2}))
      .Input(Tensor::FromData<int32_t>({2}, {1, 0}))
      .ExpectOutput(F({2}, {1, 2}));
}
TEST(PickTest, RefusesIndicesOfOtherShapes) {
  EXPECT_THAT(OpTester("pick").Input({2, 3}).Input({3}).Infer(), StatusIs(kInvalid, HasSubstr("index")));
}

}  // namespace
}  // namespace baryon
