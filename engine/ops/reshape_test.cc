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

// 0, 1, 2, ...
[[maybe_unused]] Tensor Count(Shape shape) {
  Tensor tensor = Tensor::Allocate({DType::kFloat32, std::move(shape)});
  for (int64_t i = 0; i < tensor.num_elements(); ++i) tensor.mutable_data<float>()[i] = static_cast<float>(i);
  return tensor;
}

Shape Reshaped(const Shape& from, const IntTuple& codes, bool reverse = false) {
  const auto types = OpTester("Reshape").Attr("shape", codes).Attr("reverse", reverse).Input(from).Infer();
  EXPECT_OK(types);
  return types.ok() ? (*types)[0].shape : Shape();
}
TEST(ReshapeTest, CodesCopyMergeSplitAndInfer) {
  EXPECT_EQ(Reshaped({2, 3, 4}, {-1}), Shape({24}));
  EXPECT_EQ(Reshaped({2, 3, 4}, {0, -1}), Shape({2, 12}));
  EXPECT_EQ(Reshaped({2, 3, 4}, {-2}), Shape({2, 3, 4}));
  EXPECT_EQ(Reshaped({2, 3, 4}, {-3, 4}), Shape({6, 4}));
  EXPECT_EQ(Reshaped({2, 3, 4}, {-4, 1, 2, -2}), Shape({1, 2, 3, 4}));
  EXPECT_EQ(Reshaped({10, 5, 4}, {-1, 0}, true), Shape({50, 4}));
}
TEST(ReshapeTest, RefusesOtherNumbersOfElements) {
  EXPECT_THAT(OpTester("Reshape").Attr("shape", IntTuple{4, 2}).Input({2, 3}).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("Reshape").Attr("shape", IntTuple{-1, -1}).Input({2, 3}).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
