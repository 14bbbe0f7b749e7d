#include <cmath>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;
constexpr int kSteps = 4, kClasses = 3;

const Tensor& Scores() {
  static const Tensor* scores =
      new Tensor(OpTester("softmax").Input({kSteps, 1, kClasses}, Uniform(-1, 1)).inputs()[0]);
  return *scores;
}

// The probability of `label` over the first `steps`, by trying every path.
double LossByEnumeration(const std::vector<int>& label, int blank, int steps) {
  const Tensor p = OpTester("softmax").Input(Scores()).Run()->at(0);
  double total = 0;
  for (int code = 0; code < std::pow(kClasses, steps); ++code) {
    std::vector<int> emitted;
    double probability = 1;
    for (int t = 0, rest = code, before = -1; t < steps; ++t, rest /= kClasses) {
      const int symbol = rest % kClasses;
      probability *= p.data<float>()[t * kClasses + symbol];
      if (symbol != before && symbol != blank) emitted.push_back(symbol);
      before = symbol;
    }
    if (emitted == label) total += probability;
  }
  return -std::log(total);
}

OpTester Loss(const std::vector<float>& label) {
  return OpTester("CTCLoss").Input(Scores()).Input(
      Tensor::FromData<float>({1, static_cast<int64_t>(label.size())}, label));
}

Tensor Scalar(double value) { return Tensor::FromData<float>({1}, {static_cast<float>(value)}); }

TEST(CtcLossTest, AgreesWithTryingEveryPath) {
  Loss({1, 2, 1}).ExpectOutput(Scalar(LossByEnumeration({1, 2, 1}, 0, kSteps)), Relative(1e-6));
  Loss({1, 1, 0}).ExpectOutput(Scalar(LossByEnumeration({1, 1}, 0, kSteps)), Relative(1e-6));
  Loss({0, 0}).ExpectOutput(Scalar(LossByEnumeration({}, 0, kSteps)), Relative(1e-6));
}

TEST(CtcLossTest, TheBlankMayBeTheLastClass) {
  Loss({0, 1, -1})
      .Attr("blank_label", "last")
      .ExpectOutput(Scalar(LossByEnumeration({0, 1}, 2, kSteps)), Relative(1e-6));
}

TEST(CtcLossTest, LengthsCutDataAndLabels) {
  Loss({2, 1, 2})
      .Attr("use_data_lengths", true)
      .Attr("use_label_lengths", true)
      .Input(Tensor::FromData<float>({1}, {3}))
      .Input(Tensor::FromData<float>({1}, {2}))
      .ExpectOutput(Scalar(LossByEnumeration({2, 1}, 0, 3)), Relative(1e-6));
}

TEST(CtcLossTest, LabelsThatCannotBeEmittedCostNothing) { Loss({1, 1, 1, 1}).ExpectOutput(Scalar(0)); }

TEST(CtcLossTest, RejectsWhatDoesNotFit) {
  EXPECT_THAT(Loss({3}).Run(), StatusIs(kInvalid));
  EXPECT_THAT(Loss({1, -1}).Run(), StatusIs(kInvalid));
  EXPECT_THAT(Loss({1, 2, 1, 2, 1}).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(Loss({1}).Attr("use_data_lengths", true).Input(Tensor::FromData<float>({1}, {9})).Run(),
              StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
