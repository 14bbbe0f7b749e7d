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

// One head of size 1: query, key and value are numbers.
const Tensor kProjections = F({2, 1, 3}, {1, 2, 3, 4, 5, 6});

TEST(InterleavedAttentionTest, ScoresAreProductsOfQueriesAndKeys) {
  OpTester("_contrib_interleaved_matmul_selfatt_qk")
      .Attr("heads", 1)
      .Input(kProjections)
      .ExpectOutput(F({1, 2, 2}, {2, 5, 8, 20}));
  OpTester("_contrib_interleaved_matmul_encdec_qk")
      .Attr("heads", 1)
      .Input(F({1, 1, 1}, {3}))
      .Input(F({2, 1, 2}, {1, 0, 2, 0}))
      .ExpectOutput(F({1, 1, 2}, {3, 6}));
}
TEST(InterleavedAttentionTest, ValuesAreWeighted) {
  OpTester("_contrib_interleaved_matmul_selfatt_valatt")
      .Attr("heads", 1)
      .Input(kProjections)
      .Input(F({1, 2, 2}, {1, 0, 0.5f, 0.5f}))
      .ExpectOutput(F({2, 1, 1}, {3, 4.5f}));
}
TEST(InterleavedAttentionTest, RefusesHeadsThatDoNotDivide) {
  EXPECT_THAT(OpTester("_contrib_interleaved_matmul_selfatt_qk").Attr("heads", 2).Input({2, 1, 3}).Infer(),
              StatusIs(kInvalid));
  EXPECT_THAT(OpTester("_contrib_interleaved_matmul_selfatt_qk").Attr("heads", 0).Input({2, 1, 3}).Infer(),
              StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
