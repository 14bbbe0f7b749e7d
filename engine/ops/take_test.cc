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

TEST(TakeTest, TakesSlicesByPosition) {
  OpTester("take").Input(Count({3, 2})).Input(F({2}, {2, 0})).ExpectOutput(F({2, 2}, {4, 5, 0, 1}));
  OpTester("take")
      .Attr("axis", 1)
      .Attr("mode", "wrap")
      .Input(Count({2, 2}))
      .Input(F({1}, {-1}))
      .ExpectOutput(F({2, 1}, {1, 3}));
  OpTester("take").Input(Count({3, 1})).Input(F({1}, {100})).ExpectOutput(F({1, 1}, {2}));
}
TEST(TakeTest, RaiseModeRefusesPositionsOutside) {
  EXPECT_THAT(OpTester("take").Attr("mode", "raise").Input(Count({3, 1})).Input(F({1}, {3})).Run(), StatusIs(kInvalid));
}
TEST(TakeTest, EmbeddingTakesRowsOfItsWeight) {
  OpTester("Embedding")
      .Attr("input_dim", 3)
      .Attr("output_dim", 2)
      .Input(F({1, 2}, {2, 1}))
      .Input(Count({3, 2}))
      .ExpectOutput(F({1, 2, 2}, {4, 5, 2, 3}));
  EXPECT_THAT(OpTester("Embedding").Attr("input_dim", 3).Attr("output_dim", 2).Input({2}).Input({3, 3}).Infer(),
              StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
