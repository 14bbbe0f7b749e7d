#include <cmath>
#include <limits>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

Tensor F(Shape shape, std::initializer_list<float> values) { return Tensor::FromData<float>(std::move(shape), values); }

OpTester Align(const IntTuple& size, int samples) {
  return OpTester("_contrib_RROIAlign")
      .Attr("pooled_size", size)
      .Attr("spatial_scale", 1.0)
      .Attr("sampling_ratio", samples);
}

// Two channels of 9 x 9: the column, and the row.
Tensor Places() {
  Tensor data = Tensor::Allocate({DType::kFloat32, {1, 2, 9, 9}});
  for (int64_t i = 0; i < 81; ++i) {
    data.mutable_data<float>()[i] = static_cast<float>(i % 9);
    data.mutable_data<float>()[81 + i] = static_cast<float>(i / 9);
  }
  return data;
}

TEST(RroiAlignTest, UnturnedRegionsLieAroundTheirMiddle) {
  Align({1, 2}, 1).Input(Places()).Input(F({1, 6}, {0, 4, 5, 4, 2, 0})).ExpectOutput(F({1, 2, 1, 2}, {3, 5, 5, 5}));
}

TEST(RroiAlignTest, RegionsTurn) {
  Align({1, 2}, 1)
      .Input(Places())
      .Input(F({1, 6}, {0, 4, 4, 4, 2, 90}))
      .ExpectOutput(F({1, 2, 1, 2}, {4, 4, 5, 3}), {1e-6, 1e-6});
  const float side = std::sqrt(2.0f);
  Align({1, 2}, 2)
      .Input(Places())
      .Input(F({1, 6}, {0, 4, 4, 4 * side, 1, 45}))
      .ExpectOutput(F({1, 2, 1, 2}, {3, 5, 5, 3}), {1e-6, 1e-6});
}

TEST(RroiAlignTest, ManySamplesAverageOut) {
  Align({1, 1}, -1)
      .Input(Places())
      .Input(F({1, 6}, {0, 4, 4, 5, 3, 30}))
      .ExpectOutput(F({1, 2, 1, 1}, {4, 4}), {1e-6, 1e-6});
}

TEST(RroiAlignTest, EndlessRegionsCostWhatTheirPartNearTheImageDoes) {
  const float huge = 1e9f, nan = std::numeric_limits<float>::quiet_NaN();
  const auto got =
      Align({1, 1}, -1)
          .Input(Places())
          .Input(F({3, 6}, {0, 4, 4, huge, huge, 30, 0, nan, nan, nan, nan, nan, 0, 3e38f, 3e38f, 3e38f, 3e38f, 45}))
          .Run();
  ASSERT_OK(got);
  for (float element : (*got)[0].span<float>()) EXPECT_NEAR(element, 0, 1e-12);
}

TEST(RroiAlignTest, RefusesOtherShapes) {
  EXPECT_THAT(Align({1, 1}, 1).Input({1, 1, 3, 3}).Input({2, 5}).Infer(), StatusIs(kInvalid, HasSubstr("rois")));
  EXPECT_THAT(Align({1, 1}, 1).Input(Places()).Input(F({1, 6}, {1, 4, 4, 2, 2, 0})).Run(),
              StatusIs(kInvalid, HasSubstr("image below 1")));
}

}  // namespace
}  // namespace baryon
