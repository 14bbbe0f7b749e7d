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

TEST(GatherNdTest, TakesAtPositionsAndPutsThere) {
  const Tensor places = F({2, 2}, {0, 1, 1, 0});
  OpTester("gather_nd").Input(Count({2, 2})).Input(places).ExpectOutput(F({2}, {1, 2}));
  OpTester("scatter_nd")
      .Attr("shape", IntTuple{2, 2})
      .Input(F({2}, {7, 8}))
      .Input(places)
      .ExpectOutput(F({2, 2}, {0, 7, 8, 0}));
}
TEST(GatherNdTest, RefusesMoreIndicesThanAxes) {
  EXPECT_THAT(OpTester("gather_nd").Input({2, 2}).Input({3, 1}).Infer(), StatusIs(kInvalid));
}
TEST(GatherNdTest, NeverReadsBeyondTheArray) {
  const auto got = OpTester("scatter_nd").Attr("shape", IntTuple{2}).Input(F({1}, {7})).Input(F({1, 1}, {5})).Run();
  EXPECT_FALSE(got.ok());
}

}  // namespace
}  // namespace baryon
