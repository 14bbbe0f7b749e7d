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

TEST(CropTest, CutsFromACornerOrTheMiddle) {
  OpTester("Crop")
      .Attr("num_args", 1)
      .Attr("h_w", IntTuple{1, 2})
      .Attr("offset", IntTuple{1, 0})
      .Input(Count({1, 1, 2, 3}))
      .ExpectOutput(F({1, 1, 1, 2}, {3, 4}));
  OpTester("Crop")
      .Attr("num_args", 1)
      .Attr("h_w", IntTuple{1, 1})
      .Attr("center_crop", true)
      .Input(Count({1, 1, 3, 3}))
      .ExpectOutput(F({1, 1, 1, 1}, {4}));
  OpTester("Crop")
      .Attr("num_args", 2)
      .Input(Count({1, 1, 2, 2}))
      .Input({1, 1, 1, 1})
      .ExpectOutput(F({1, 1, 1, 1}, {0}));
}
TEST(CropTest, RefusesPartsThatStickOut) {
  EXPECT_THAT(OpTester("Crop").Attr("num_args", 1).Attr("h_w", IntTuple{3, 1}).Input({1, 1, 2, 2}).Infer(),
              StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
