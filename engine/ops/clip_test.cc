#include <cmath>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(ClipTest, KeepsElementsWithinLimits) {
  OpTester("clip")
      .Attr("a_min", -1.0)
      .Attr("a_max", 2.0)
      .Input(Tensor::FromData<float>({5}, {-3, -1, 0.5f, 2, INFINITY}))
      .ExpectOutput(Tensor::FromData<float>({5}, {-1, -1, 0.5f, 2, 2}));
  OpTester("clip")
      .Attr("a_min", -1.0)
      .Attr("a_max", 2.0)
      .Input(Tensor::FromData<double>({2}, {-3, NAN}))
      .ExpectOutput(Tensor::FromData<double>({2}, {-1, NAN}));
}

TEST(ClipTest, TheUpperLimitWinsWhereTheyCross) {
  OpTester("clip")
      .Attr("a_min", 2.0)
      .Attr("a_max", -1.0)
      .Input(Tensor::FromData<float>({3}, {-3, 0, 3}))
      .ExpectOutput(Tensor::FromData<float>({3}, {2, -1, -1}));
}

TEST(ClipTest, LimitsOfWholeNumbersAreCut) {
  OpTester("clip")
      .Attr("a_min", -2.5)
      .Attr("a_max", 1e30)
      .Input(Tensor::FromData<int32_t>({3}, {-7, 0, 2147483647}))
      .ExpectOutput(Tensor::FromData<int32_t>({3}, {-2, 0, 2147483647}));
}

TEST(ClipTest, RefusesLimitsThatAreNoNumbers) {
  EXPECT_THAT(OpTester("clip").Attr("a_min", "nan").Attr("a_max", 1.0).Input({2}).Infer(),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(OpTester("clip").Attr("a_max", 1.0).Input({2}).Infer(), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace baryon
