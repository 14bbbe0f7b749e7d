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

TEST(ConcatTest, JoinsAlongAnAxis) {
  OpTester("Concat")
      .Attr("num_args", 2)
      .Attr("dim", 1)
      .Input(F({2, 1}, {1, 2}))
      .Input(F({2, 2}, {3, 4, 5, 6}))
      .ExpectOutput(F({2, 3}, {1, 3, 4, 2, 5, 6}));
  OpTester("Concat")
      .Attr("num_args", 2)
      .Attr("dim", 0)
      .Input(F({1, 2}, {1, 2}))
      .Input(F({1, 2}, {3, 4}))
      .ExpectOutput(F({2, 2}, {1, 2, 3, 4}));
  OpTester("Concat").Attr("num_args", 1).Attr("dim", -1).Input(F({2}, {1, 2})).ExpectOutput(F({2}, {1, 2}));
}
TEST(ConcatTest, StacksAlongANewAxis) {
  OpTester("stack")
      .Attr("num_args", 2)
      .Attr("axis", 1)
      .Input(F({2}, {1, 2}))
      .Input(F({2}, {3, 4}))
      .ExpectOutput(F({2, 2}, {1, 3, 2, 4}));
  OpTester("_npi_vstack")
      .Attr("num_args", 2)
      .Input(F({2}, {1, 2}))
      .Input(F({2}, {3, 4}))
      .ExpectOutput(F({2, 2}, {1, 2, 3, 4}));
  OpTester("_npi_column_stack")
      .Attr("num_args", 2)
      .Input(F({2}, {1, 2}))
      .Input(F({2}, {3, 4}))
      .ExpectOutput(F({2, 2}, {1, 3, 2, 4}));
}
TEST(ConcatTest, RefusesShapesThatDoNotFit) {
  EXPECT_THAT(OpTester("Concat").Attr("num_args", 2).Attr("dim", 1).Input({2, 2}).Input({3, 2}).Infer(),
              StatusIs(kInvalid));
  EXPECT_THAT(OpTester("Concat").Attr("num_args", 2).Attr("dim", 5).Input({2, 2}).Input({2, 2}).Infer(),
              StatusIs(kInvalid));
  EXPECT_THAT(OpTester("stack").Attr("num_args", 2).Input({2}).Input({3}).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
