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

TEST(SplitTest, PartsAreEqualOrAsNamed) {
  OpTester("SliceChannel")
      .Attr("num_outputs", 2)
      .Input(F({1, 4}, {1, 2, 3, 4}))
      .ExpectOutputs({F({1, 2}, {1, 2}), F({1, 2}, {3, 4})});
  OpTester("SliceChannel")
      .Attr("num_outputs", 2)
      .Attr("squeeze_axis", true)
      .Input(F({1, 2}, {1, 2}))
      .ExpectOutputs({F({1}, {1}), F({1}, {2})});
  OpTester("_split_v2")
      .Attr("indices", IntTuple{0, 1})
      .Attr("axis", 0)
      .Attr("sections", 0)
      .Input(F({3}, {1, 2, 3}))
      .ExpectOutputs({F({1}, {1}), F({2}, {2, 3})});
}
TEST(SplitTest, RefusesPartsThatDoNotDivide) {
  EXPECT_THAT(OpTester("SliceChannel").Attr("num_outputs", 3).Input({1, 4}).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
