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

TEST(ReverseTest, AxesAreTurnedAroundOrRolled) {
  OpTester("reverse").Attr("axis", IntTuple{1}).Input(F({1, 3}, {1, 2, 3})).ExpectOutput(F({1, 3}, {3, 2, 1}));
  OpTester("_npi_roll").Attr("shift", IntTuple{1}).Input(F({3}, {1, 2, 3})).ExpectOutput(F({3}, {3, 1, 2}));
  OpTester("_npi_rot90")
      .Attr("k", 1)
      .Attr("axes", IntTuple{0, 1})
      .Input(F({2, 2}, {1, 2, 3, 4}))
      .ExpectOutput(F({2, 2}, {2, 4, 1, 3}));
}
TEST(ReverseTest, RefusesAxesBeyondTheRank) {
  EXPECT_THAT(OpTester("reverse").Attr("axis", IntTuple{2}).Input({1, 3}).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
