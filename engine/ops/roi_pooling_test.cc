#include <algorithm>
#include <limits>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/channels_last.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

Tensor F(Shape shape, std::initializer_list<float> values) { return Tensor::FromData<float>(std::move(shape), values); }

OpTester Pool(const IntTuple& size, double scale = 1) {
  return OpTester("ROIPooling").Attr("pooled_size", size).Attr("spatial_scale", scale);
}

const Tensor& Numbers() {  // 0 to 11 in 3 rows
  static const Tensor* const numbers = new Tensor(F({1, 1, 3, 4}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
  return *numbers;
}

TEST(RoiPoolingTest, CornersAreRoundedAndBelongToTheRegion) {
  Pool({1, 1})
      .Input(Numbers())
      .Input(F({3, 5}, {0, 0, 0, 0, 0, 0, 0.5f, 0.4f, 1.4f, 1.5f, 0, 3, 2, 1, 1}))
      .ExpectOutput(F({3, 1, 1, 1}, {0, 9, 11}));
  Pool({1, 1}, 0.5).Input(Numbers()).Input(F({1, 5}, {0, 0, 0, 4, 2})).ExpectOutput(F({1, 1, 1, 1}, {6}));
}

TEST(RoiPoolingTest, BinsShareThePixelsBetweenThem) {
  // Three columns in two bins: columns 0 and 1, then 1 and 2.
  Pool({1, 2}).Input(Numbers()).Input(F({1, 5}, {0, 0, 0, 2, 0})).ExpectOutput(F({1, 1, 1, 2}, {1, 2}));
}

TEST(RoiPoolingTest, BinsOutsideAndImagesThatAreNotThereGiveZero) {
  Pool({1, 1})
      .Input(Numbers())
      .Input(F({4, 5}, {0, 9, 9, 12, 12, -1, 0, 0, 3, 2, 1, 0, 0, 3, 2, 0, -9, -9, -5, -5}))
      .ExpectOutput(Tensor::Zeros({DType::kFloat32, {4, 1, 1, 1}}));
}

TEST(RoiPoolingTest, EndlessRegionsAreCutToTheImage) {
  const float huge = std::numeric_limits<float>::max();
  Pool({1, 1}).Input(Numbers()).Input(F({1, 5}, {0, -huge, -huge, huge, huge})).ExpectOutput(F({1, 1, 1, 1}, {11}));
}

TEST(RoiPoolingTest, ComputesTheSameChannelsLast) {
  const Tensor rois = F({4, 5}, {0, 1, 2, 7, 8, 1, 0, 0, 3, 3, 1, 4, 4, 30, 30, 2, 0, 0, 1, 1});
  for (int64_t channels : {1, 5, 70}) {
    const OpTester tester = OpTester("ROIPooling").Input({2, channels, 9, 8}, Uniform(-1, 1)).Input(rois);
    ExpectSameChannelsLast("ROIPooling", {{"pooled_size", "(3, 2)"}, {"spatial_scale", "0.7"}}, tester.inputs());
  }
}

TEST(RoiPoolingTest, RefusesOtherShapes) {
  EXPECT_THAT(Pool({1, 1}).Input({1, 1, 3, 3}).Input({2, 4}).Infer(), StatusIs(kInvalid, HasSubstr("rois")));
  EXPECT_THAT(Pool({1, 1}).Input({1, 3, 3}).Input({2, 5}).Infer(), StatusIs(kInvalid, HasSubstr("rank 4")));
  EXPECT_THAT(Pool({1}).Input({1, 1, 3, 3}).Input({2, 5}).Infer(), StatusIs(kInvalid, HasSubstr("pooled_size")));
}

}  // namespace
}  // namespace baryon
