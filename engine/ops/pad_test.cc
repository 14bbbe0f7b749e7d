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

TEST(PadTest, BordersAreFilledRepeatedOrMirrored) {
  const Tensor row = F({1, 1, 1, 3}, {1, 2, 3});
  const IntTuple width = {0, 0, 0, 0, 0, 0, 1, 2};
  OpTester("Pad")
      .Attr("mode", "constant")
      .Attr("pad_width", width)
      .Attr("constant_value", 9.0)
      .Input(row)
      .ExpectOutput(F({1, 1, 1, 6}, {9, 1, 2, 3, 9, 9}));
  OpTester("Pad")
      .Attr("mode", "edge")
      .Attr("pad_width", width)
      .Input(row)
      .ExpectOutput(F({1, 1, 1, 6}, {1, 1, 2, 3, 3, 3}));
  OpTester("Pad")
      .Attr("mode", "reflect")
      .Attr("pad_width", width)
      .Input(row)
      .ExpectOutput(F({1, 1, 1, 6}, {2, 1, 2, 3, 2, 1}));
}
TEST(PadTest, RefusesWidthsThatDoNotFitTheRank) {
  EXPECT_THAT(OpTester("Pad").Attr("mode", "edge").Attr("pad_width", IntTuple{1, 1}).Input({1, 1, 2, 2}).Infer(),
              StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
