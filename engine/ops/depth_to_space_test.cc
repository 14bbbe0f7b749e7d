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

TEST(DepthToSpaceTest, ChannelsBecomeBlocksAndBack) {
  const Tensor deep = Count({1, 4, 1, 1}), wide = F({1, 1, 2, 2}, {0, 1, 2, 3});
  OpTester("depth_to_space").Attr("block_size", 2).Input(deep).ExpectOutput(wide);
  OpTester("space_to_depth").Attr("block_size", 2).Input(wide).ExpectOutput(deep);
}
TEST(DepthToSpaceTest, RefusesWhatBlocksDoNotDivide) {
  EXPECT_THAT(OpTester("depth_to_space").Attr("block_size", 2).Input({1, 3, 1, 1}).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("space_to_depth").Attr("block_size", 0).Input({1, 1, 2, 2}).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
