#include <cmath>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

OpTester Loss(float label) {
  return OpTester("softmax_cross_entropy")
      .Input(Tensor::FromData<float>({2, 2}, {0, std::log(3.0f), 1000, 0}))
      .Input(Tensor::FromData<float>({2}, {1, label}));
}

TEST(SoftmaxCrossEntropyTest, AddsLogarithmsOfTheLabelsProbabilities) {
  Loss(0).ExpectOutput(Tensor::FromData<float>({1}, {std::log(4.0f / 3)}), Ulps(2));
}

TEST(SoftmaxCrossEntropyTest, ProbabilitiesHaveALowerLimit) {
  Loss(1).ExpectOutput(Tensor::FromData<float>({1}, {std::log(4.0f / 3) - std::log(1e-8f)}), Ulps(2));
}

TEST(SoftmaxCrossEntropyTest, RejectsLabelsThatNameNoClass) {
  for (float label : {2.0f, -1.0f, NAN}) {
    EXPECT_THAT(Loss(label).Run(), StatusIs(absl::StatusCode::kInvalidArgument));
  }
  EXPECT_THAT(OpTester("softmax_cross_entropy").Input({2, 3}).Input({3}).Infer(),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace baryon
