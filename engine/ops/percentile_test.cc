#include <cmath>
#include <limits>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;
const Shape kScalar;

const Tensor& Numbers() {
  static const Tensor* numbers = new Tensor(Tensor::FromData<float>({1, 4}, {1, 2, 7, 4}));
  return *numbers;
}

TEST(PercentileTest, InterpolatesInFiveWays) {
  const std::pair<const char*, float> cases[] = {
      {"linear", 2.4f}, {"lower", 2}, {"higher", 4}, {"midpoint", 3}, {"nearest", 2}};
  for (const auto& [interpolation, want] : cases) {
    OpTester("_npi_percentile")
        .Attr("axis", 1)
        .Attr("q_scalar", 40.0)
        .Attr("interpolation", interpolation)
        .Input(Numbers())
        .ExpectOutput(Tensor::FromData<float>({1}, {want}), Ulps(1));
  }
}

TEST(PercentileTest, ATensorOfPercentagesComesFirstInTheShape) {
  OpTester("_npi_percentile")
      .Attr("axis", 1)
      .Attr("keepdims", true)
      .Input(Numbers())
      .Input(Tensor::FromData<float>({3}, {0, 50, 100}))
      .ExpectOutput(Tensor::FromData<float>({3, 1, 1}, {1, 3, 7}));
}

TEST(PercentileTest, OverSeveralAxes) {
  Tensor x = Tensor::Allocate({DType::kInt32, {2, 3, 4}});
  for (int32_t i = 0; i < 24; ++i) x.mutable_data<int32_t>()[i] = i;
  OpTester("_npi_percentile")
      .Attr("axis", "(0, 2)")
      .Attr("q_scalar", 40.0)
      .Input(x)
      .ExpectOutput(Tensor::FromData<float>({3}, {2.8f, 6.8f, 10.8f}), Ulps(1));
}

TEST(PercentileTest, NanGivesNan) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  OpTester("_npi_percentile")
      .Attr("q_scalar", 50.0)
      .Input(Tensor::FromData<float>({3}, {1, nan, 2}))
      .ExpectOutput(Tensor::FromData<float>(kScalar, {nan}));
}

TEST(PercentileTest, RejectsPercentagesBeyondTheRange) {
  EXPECT_THAT(OpTester("_npi_percentile").Attr("q_scalar", 101.0).Input(Numbers()).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("_npi_percentile").Input(Numbers()).Input(Tensor::FromData<float>({1}, {-1})).Run(),
              StatusIs(kInvalid));
  EXPECT_THAT(OpTester("_npi_percentile").Input(Numbers()).Input({2, 2}).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
