#include <limits>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

Tensor Truth(float value) { return Tensor::FromData<float>({1}, {value}); }

TEST(AllFiniteTest, FindsOneElementAnywhere) {
  const int64_t n = 40000;
  for (int64_t place : {int64_t{0}, int64_t{513}, n - 1}) {
    for (float value : {1.0f, kNan, -kInfinity}) {
      Tensor x = Tensor::Zeros({DType::kFloat32, {n}});
      x.mutable_data<float>()[place] = value;
      OpTester("all_finite").Input(x).ExpectOutput(Truth(value == 1 ? 1 : 0));
    }
  }
}

TEST(AllFiniteTest, LooksAtEveryArray) {
  const Tensor good = Tensor::FromData<double>({2}, {1e300, -1e300});
  const Tensor bad = Tensor::FromData<Half>({1}, {Half(kInfinity)});
  OpTester("multi_all_finite").Attr("num_arrays", 2).Input(good).Input(good).ExpectOutput(Truth(1));
  OpTester("multi_all_finite").Attr("num_arrays", 2).Input(good).Input(bad).ExpectOutput(Truth(0));
}

uint8_t AllClose(const Tensor& a, const Tensor& b, bool equal_nan) {
  const auto outputs = OpTester("_contrib_allclose").Attr("equal_nan", equal_nan).Input(a).Input(b).Run();
  EXPECT_OK(outputs.status());
  EXPECT_EQ((*outputs)[0].shape(), Shape());
  return *(*outputs)[0].data<uint8_t>();
}

TEST(AllCloseTest, ComparesWithinTheTolerances) {
  const Tensor x = Tensor::FromData<float>({2}, {1, 100});
  EXPECT_EQ(AllClose(x, Tensor::FromData<float>({2}, {1, 100.0005f}), true), 1);
  EXPECT_EQ(AllClose(x, Tensor::FromData<float>({2}, {1, 100.01f}), true), 0);
  EXPECT_EQ(AllClose(x, Tensor::FromData<float>({2}, {1.001f, 100}), true), 0);
}

TEST(AllCloseTest, InfinitiesAreCloseToThemselvesAndNanWhenAsked) {
  const Tensor infinite = Tensor::FromData<float>({2}, {kInfinity, -kInfinity});
  EXPECT_EQ(AllClose(infinite, infinite, true), 1);
  EXPECT_EQ(AllClose(infinite, Tensor::FromData<float>({2}, {kInfinity, kInfinity}), true), 0);
  const Tensor nan = Tensor::FromData<float>({1}, {kNan});
  EXPECT_EQ(AllClose(nan, nan, true), 1);
  EXPECT_EQ(AllClose(nan, nan, false), 0);
}

TEST(AllCloseTest, RejectsArraysOfDifferentTypes) {
  EXPECT_THAT(OpTester("_contrib_allclose").Input({2}).Input({3}).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
