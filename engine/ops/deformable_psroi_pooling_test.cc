#include <algorithm>
#include <cmath>
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

OpTester Pool(int output_dim, int pooled_size, bool no_trans) {
  return OpTester("_contrib_DeformablePSROIPooling")
      .Attr("spatial_scale", 1.0)
      .Attr("output_dim", output_dim)
      .Attr("group_size", 1)
      .Attr("pooled_size", pooled_size)
      .Attr("sample_per_part", 2)
      .Attr("trans_std", 0.5)
      .Attr("no_trans", no_trans);
}

// 8 rows of 0 to 7: a value is its column.
Tensor Columns(int64_t channels) {
  Tensor data = Tensor::Allocate({DType::kFloat32, {1, channels, 8, 8}});
  for (int64_t i = 0; i < channels * 64; ++i) data.mutable_data<float>()[i] = static_cast<float>(i % 8);
  return data;
}

TEST(DeformablePsroiPoolingTest, ReadsPointsBetweenPixels) {
  // From 1.5 to 5.5, in bins of 2: points 1.5 and 2.5, then 3.5 and 4.5.
  Pool(1, 2, true).Input(Columns(1)).Input(F({1, 5}, {0, 2, 2, 5, 5})).ExpectOutput(F({1, 1, 2, 2}, {2, 4, 2, 4}));
}

TEST(DeformablePsroiPoolingTest, ShiftsAreSharesOfTheRegion) {
  // Regions are 4 wide: a shift of 0.25 times 0.5 moves by half a pixel.
  Tensor shifts = Tensor::Zeros({DType::kFloat32, {1, 4, 2, 2}});
  std::fill_n(shifts.mutable_data<float>() + 8, 4, 0.25f);  // to the right, of the second class
  Pool(2, 2, false)
      .Input(Columns(2))
      .Input(F({1, 5}, {0, 2, 2, 5, 5}))
      .Input(shifts)
      .ExpectOutput(F({1, 2, 2, 2}, {2, 4, 2, 4, 2.5f, 4.5f, 2.5f, 4.5f}));
}

TEST(DeformablePsroiPoolingTest, PointsOutsideDoNotCount) {
  // From 5.5 to 9.5: points 5.5 and 6.5, then 7.5, which takes the last column, and 8.5; the others are outside.
  Pool(1, 2, true).Input(Columns(1)).Input(F({1, 5}, {0, 6, 2, 9, 5})).ExpectOutput(F({1, 1, 2, 2}, {6, 7, 6, 7}));
  Pool(1, 1, true).Input(Columns(1)).Input(F({1, 5}, {0, 50, 2, 60, 5})).ExpectOutput(F({1, 1, 1, 1}, {0}));
}

TEST(DeformablePsroiPoolingTest, RefusesShiftsThatDoNotFit) {
  const auto infer = [](const Shape& shifts) {
    return Pool(2, 2, false).Input({1, 2, 8, 8}).Input({3, 5}).Input(shifts).Infer();
  };
  EXPECT_OK(infer({3, 2, 2, 2}));
  EXPECT_THAT(infer({3, 6, 2, 2}), StatusIs(kInvalid, HasSubstr("divide 2")));
  EXPECT_THAT(infer({3, 2, 3, 3}), StatusIs(kInvalid, HasSubstr("\"trans\"")));
  EXPECT_THAT(infer({2, 2, 2, 2}), StatusIs(kInvalid, HasSubstr("\"trans\"")));
}

}  // namespace
}  // namespace baryon
