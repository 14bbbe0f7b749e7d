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

TEST(BroadcastToTest, AxesOfOneGrow) {
  OpTester("broadcast_to")
      .Attr("shape", IntTuple{2, 3})
      .Input(F({2, 1}, {1, 2}))
      .ExpectOutput(F({2, 3}, {1, 1, 1, 2, 2, 2}));
  OpTester("broadcast_axis")
      .Attr("axis", 0)
      .Attr("size", 2)
      .Input(F({1, 2}, {1, 2}))
      .ExpectOutput(F({2, 2}, {1, 2, 1, 2}));
  OpTester("broadcast_like").Input(F({1, 2}, {1, 2})).Input({3, 2}).ExpectOutput(F({3, 2}, {1, 2, 1, 2, 1, 2}));
  OpTester("_npi_broadcast_to")
      .Attr("shape", IntTuple{2, 2})
      .Input(F({2}, {1, 2}))
      .ExpectOutput(F({2, 2}, {1, 2, 1, 2}));
}
TEST(BroadcastToTest, RefusesOtherSizes) {
  EXPECT_THAT(OpTester("broadcast_to").Attr("shape", IntTuple{3, 3}).Input({2, 3}).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
