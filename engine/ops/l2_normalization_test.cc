#include <cmath>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/channels_last.h"
#include "engine/ops/testing/op_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

// x / sqrt(sum x² + eps) along the middle of [outer, size, inner].
Reference Normalized(const AxisSplit& split, double eps) {
  return [=](const std::vector<Tensor>& inputs) {
    const Tensor x = inputs[0].Cast(DType::kFloat64);
    Tensor y = Tensor::Allocate(x.type());
    for (int64_t line = 0; line < split.outer * split.inner; ++line) {
      const auto at = [&](int64_t i) {
        return (line / split.inner * split.size + i) * split.inner + line % split.inner;
      };
      double sum = 0;
      for (int64_t i = 0; i < split.size; ++i) sum += std::pow(x.data<double>()[at(i)], 2);
      for (int64_t i = 0; i < split.size; ++i) {
        y.mutable_data<double>()[at(i)] = x.data<double>()[at(i)] / std::sqrt(sum + eps);
      }
    }
    return std::vector<Tensor>{y.Cast(inputs[0].dtype())};
  };
}

OpTester Norm(const char* mode, DType dtype = DType::kFloat32) {
  return OpTester("L2Normalization").Attr("mode", mode).Input({2, 30, 10, 9}, Uniform(-2, 2).As(dtype));
}

TEST(L2NormalizationTest, OverInstancesChannelsOrPositions) {
  Norm("instance").ExpectNear(Normalized({2, 2700, 1}, 1e-10), Relative(1e-6));
  Norm("channel").ExpectNear(Normalized({2, 30, 90}, 1e-10), Relative(1e-6));
  Norm("spatial").Attr("eps", 0.5).ExpectNear(Normalized({60, 90, 1}, 0.5), Relative(1e-6));
}

TEST(L2NormalizationTest, OtherFloatingTypes) {
  Norm("channel", DType::kFloat64).ExpectNear(Normalized({2, 30, 90}, 1e-10), Relative(1e-14));
  Norm("spatial", DType::kFloat16).ExpectNear(Normalized({60, 90, 1}, 1e-10), Relative(1e-3));
}

TEST(L2NormalizationTest, SameChannelsLast) {
  for (const char* mode : {"instance", "channel", "spatial"}) {
    ExpectSameChannelsLast("L2Normalization", {{"mode", mode}}, Norm(mode).inputs(), Relative(1e-6));
    ExpectSameChannelsLast("L2Normalization", {{"mode", mode}}, Norm(mode, DType::kFloat64).inputs(), Relative(1e-14));
  }
}

TEST(L2NormalizationTest, RejectsRanksWithoutChannelsOrPositions) {
  EXPECT_THAT(OpTester("L2Normalization").Attr("mode", "channel").Input({2, 3}).Infer(),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(OpTester("L2Normalization").Input({2}).Infer(), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace baryon
