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

TEST(OneHotTest, OneElementOfEachRowIsOn) {
  OpTester("one_hot").Attr("depth", 3).Input(F({2}, {2, 0})).ExpectOutput(F({2, 3}, {0, 0, 1, 1, 0, 0}));
  OpTester("one_hot")
      .Attr("depth", 2)
      .Attr("on_value", 5.0)
      .Attr("off_value", -1.0)
      .Input(F({2}, {1, 7}))
      .ExpectOutput(F({2, 2}, {-1, 5, -1, -1}));
}
TEST(OneHotTest, RefusesADepthBelowZero) {
  EXPECT_THAT(OpTester("one_hot").Attr("depth", -1).Input({2}).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
