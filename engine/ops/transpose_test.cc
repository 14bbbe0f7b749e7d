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

TEST(TransposeTest, AxesArePermuted) {
  OpTester("transpose").Input(Count({2, 3})).ExpectOutput(F({3, 2}, {0, 3, 1, 4, 2, 5}));
  OpTester("transpose")
      .Attr("axes", IntTuple{1, 0, 2})
      .Input(Count({2, 2, 2}))
      .ExpectOutput(F({2, 2, 2}, {0, 1, 4, 5, 2, 3, 6, 7}));
  OpTester("SwapAxis").Attr("dim1", 0).Attr("dim2", 1).Input(Count({1, 3})).ExpectOutput(F({3, 1}, {0, 1, 2}));
}
TEST(TransposeTest, RefusesWhatIsNoPermutation) {
  EXPECT_THAT(OpTester("transpose").Attr("axes", IntTuple{0, 0}).Input({2, 3}).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
