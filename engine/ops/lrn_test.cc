#include <cmath>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/channels_last.h"
#include "engine/ops/testing/op_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

OpTester Lrn(DType dtype = DType::kFloat32) {
  return OpTester("LRN").Attr("nsize", 3).Attr("alpha", 0.5).Input({2, 10, 20, 15}, Uniform(-3, 3).As(dtype));
}

std::vector<Tensor> Normalized(const std::vector<Tensor>& inputs) {
  const Tensor x = inputs[0].Cast(DType::kFloat64);
  const int64_t channels = 10, pixels = 300;
  Tensor y = Tensor::Allocate(x.type());
  for (int64_t i = 0; i < y.num_elements(); ++i) {
    const int64_t channel = i / pixels % channels;
    double sum = std::pow(x.data<double>()[i], 2);
    if (channel > 0) sum += std::pow(x.data<double>()[i - pixels], 2);
    if (channel < channels - 1) sum += std::pow(x.data<double>()[i + pixels], 2);
    y.mutable_data<double>()[i] = x.data<double>()[i] * std::pow(2 + 0.5 / 3 * sum, -0.75);
  }
  return {y.Cast(inputs[0].dtype())};
}

TEST(LrnTest, MatchesReferenceInEveryFloatingType) {
  Lrn().ExpectNear(Normalized, Relative(2e-6));
  Lrn(DType::kFloat64).ExpectNear(Normalized, Relative(1e-14));
  Lrn(DType::kFloat16).ExpectNear(Normalized, Relative(1e-3));
}

TEST(LrnTest, SameChannelsLast) {
  ExpectSameChannelsLast("LRN", {{"nsize", "5"}, {"alpha", "0.5"}}, Lrn().inputs(), Relative(2e-6));
  ExpectSameChannelsLast("LRN", {{"nsize", "5"}}, Lrn(DType::kFloat64).inputs(), Relative(1e-14));
}

TEST(LrnTest, RejectsEvenWindowsAndOtherRanks) {
  EXPECT_THAT(OpTester("LRN").Attr("nsize", 4).Input({1, 2, 3, 4}).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("LRN").Attr("nsize", 3).Input({1, 2, 3}).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("LRN").Input({1, 2, 3, 4}).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
