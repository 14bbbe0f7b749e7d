#include <limits>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

Tensor F(std::initializer_list<float> values) {
  return Tensor::FromData<float>({static_cast<int64_t>(values.size())}, values);
}
Tensor I8(std::initializer_list<int8_t> values) {
  return Tensor::FromData<int8_t>({static_cast<int64_t>(values.size())}, values);
}
Tensor U8(std::initializer_list<uint8_t> values) {
  return Tensor::FromData<uint8_t>({static_cast<int64_t>(values.size())}, values);
}

TEST(QuantizeTest, GivenIntervalsAreSpannedToBothSides) {
  OpTester("_contrib_quantize")
      .Attr("out_type", "int8")
      .Input(F({-2, -1, 0, 1, 2, 3, -9}))
      .Input(F({-2}))
      .Input(F({1.5f}))
      .ExpectOutputs({I8({-127, -64, 0, 64, 127, 127, -128}), F({-2}), F({2})});
  OpTester("_contrib_quantize")
      .Input(F({-1, 0, 1, 2}))
      .Input(F({0}))
      .Input(F({1}))
      .ExpectOutputs({U8({0, 0, 255, 255}), F({0}), F({1})});
}

OpTester V2() { return OpTester("_contrib_quantize_v2"); }

TEST(QuantizeV2Test, CalibratedIntervalsDecideTheScale) {
  V2().Attr("min_calib_range", -2.0)
      .Attr("max_calib_range", 2.0)
      .Input(F({-3, -0.5f, 0.25f, 2, std::numeric_limits<float>::quiet_NaN()}))
      .ExpectOutputs({I8({-128, -32, 16, 127, -128}), F({-2}), F({2})});
  V2().Attr("out_type", "auto")
      .Attr("min_calib_range", 0.0)
      .Attr("max_calib_range", 2.0)
      .Input(F({-1, 1, 2}))
      .ExpectOutputs({U8({0, 128, 255}), F({0}), F({2})});
}

TEST(QuantizeV2Test, WithoutCalibrationTheElementsDo) {
  V2().Input(F({-3, 1.5f, 0})).ExpectOutputs({I8({-128, 64, 0}), F({-3}), F({3})});
  V2().Input(F({0, 0})).ExpectOutputs({I8({0, 0}), F({0}), F({0})});
}

TEST(QuantizeV2Test, WhatIsQuantisedStays) {
  V2().Input(I8({-5, 7})).ExpectOutputs({I8({-5, 7}), F({-127.5f}), F({127.5f})});
  EXPECT_THAT(V2().Input(U8({5})).Infer(), StatusIs(kInvalid));
}

TEST(DequantizeTest, NumbersBecomeFloats) {
  OpTester("_contrib_dequantize")
      .Input(I8({-127, 0, 51}))
      .Input(F({-2}))
      .Input(F({1}))
      .ExpectOutput(F({-127 * (2 / 127.5f), 0, 51 * (2 / 127.5f)}));
  OpTester("_contrib_dequantize")
      .Input(U8({0, 255}))
      .Input(F({0}))
      .Input(F({2}))
      .ExpectOutput(F({0, 255 * (2 / 255.5f)}));
}

TEST(RequantizeTest, SumsBecomeNumbersOfEightBits) {
  const Tensor sums = Tensor::FromData<int32_t>({4}, {1 << 24, -(1 << 23), 1 << 30, 0});
  OpTester("_contrib_requantize")
      .Attr("min_calib_range", -1.0)
      .Attr("max_calib_range", 1.0)
      .Input(sums)
      .Input(F({-128}))
      .Input(F({64}))
      .ExpectOutputs({I8({127, -64, 127, 0}), F({-1}), F({1})});
  OpTester("_contrib_requantize")
      .Input(sums)
      .Input(F({-128}))
      .Input(F({64}))
      .ExpectOutputs({I8({2, -1, 127, 0}), F({-64}), F({64})});
}

TEST(RequantizeTest, RefusesOtherTypes) {
  EXPECT_THAT(OpTester("_contrib_requantize").Input(F({1})).Input(F({1})).Input(F({1})).Infer(),
              StatusIs(kInvalid, HasSubstr("int32")));
  EXPECT_THAT(OpTester("_contrib_dequantize").Input(I8({1})).Input(F({1, 2})).Input(F({1})).Infer(),
              StatusIs(kInvalid, HasSubstr("min_range")));
  EXPECT_THAT(V2().Attr("out_type", "int4").Input(F({1})).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
