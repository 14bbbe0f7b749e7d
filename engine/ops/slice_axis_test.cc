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

TEST(SliceAxisTest, CutsAlongOneAxis) {
  OpTester("slice_axis")
      .Attr("axis", 1)
      .Attr("begin", 1)
      .Attr("end", "None")
      .Input(Count({2, 3}))
      .ExpectOutput(F({2, 2}, {1, 2, 4, 5}));
  OpTester("slice_like").Input(Count({2, 3})).Input({1, 2}).ExpectOutput(F({1, 2}, {0, 1}));
}
TEST(SliceAxisTest, RefusesPartsBeyondTheArray) {
  EXPECT_THAT(OpTester("slice_axis").Attr("axis", 2).Attr("begin", 0).Attr("end", 1).Input({2, 3}).Infer(),
              StatusIs(kInvalid));
  EXPECT_THAT(OpTester("slice_like").Input({2, 3}).Input({3, 2}).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
