#include "engine/kernels/strassen_conv.h"

#include "engine/kernels/testing/conv_tester.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

void Check(const TestConv& conv) {
  for (int levels : {1, 2}) {
    const StrassenConvPlan plan(conv.geometry, conv.Options(), levels);
    const double terms = static_cast<double>(conv.geometry.channels * conv.geometry.num_positions());
    ExpectClose(conv.Compute(plan), conv.Reference(), 1e-6 * std::sqrt(terms + 4),
                absl::StrCat(conv.Name(), ", ", plan.ToString()));
  }
}

TEST(StrassenConvTest, MatchesReferenceForPointwiseLayers) {
  ForEachCpuTarget([] {
    for (int64_t stride : {1, 2}) {
      Check(TestConv::Square(64, 72, 7, 1, stride).Finish());
      Check(TestConv::Square(20, 300, 9, 1, stride).Finish());
    }
  });
}

TEST(StrassenConvTest, MatchesReferenceForOtherKernels) {
  TestConv conv = TestConv::Square(20, 24, 8, 3, 2);
  conv.geometry.batch = 2;
  conv.geometry.dilation = {1, 2, 1};
  Check(conv.Finish());
  conv.geometry.in = {4, 6, 5};
  conv.geometry.kernel = {2, 1, 3};
  Check(conv.Finish());
}

TEST(StrassenConvTest, ResidualActivationAndWiderTensors) {
  TestConv conv = TestConv::Square(32, 40, 6, 1).Finish();
  conv.residual = true;
  conv.activation.kind = Activation::kRelu;
  Check(conv);
  conv.in_place = true;
  Check(conv);
  conv.in_place = conv.residual = conv.bias = false;
  conv.activation.kind = Activation::kTanh;
  conv.in_border = conv.out_border = 8;
  conv.channels_last_weight = false;
  Check(conv);
}

TEST(StrassenConvTest, BitsDependOnNeitherThreadsNorBatch) {
  TestConv conv = TestConv::Square(64, 256, 7, 1);
  conv.geometry.batch = 3;
  conv.Finish();
  const std::vector<float> want = conv.Compute(StrassenConvPlan(conv.geometry, conv.Options(), 2));
  conv.threads = 2;
  EXPECT_EQ(conv.Compute(StrassenConvPlan(conv.geometry, conv.Options(), 2)), want);
  conv.geometry.batch = 1;
  const std::vector<float> first = conv.Compute(StrassenConvPlan(conv.geometry, conv.Options(), 2));
  EXPECT_EQ(first, std::vector<float>(want.begin(), want.begin() + static_cast<int64_t>(first.size())));
}

TEST(StrassenConvTest, IsForLargePointwiseLayers) {
  EXPECT_EQ(StrassenConvPlan::BestLevels(TestConv::Square(512, 512, 14, 1).Finish().geometry, 2), 2);
  EXPECT_EQ(StrassenConvPlan::BestLevels(TestConv::Square(512, 512, 14, 3, 2).Finish().geometry, 2), 0);
  EXPECT_EQ(StrassenConvPlan::BestLevels(TestConv::Square(512, 512, 14, 1, 1, 2).Finish().geometry, 2), 0);
  EXPECT_EQ(StrassenConvPlan::BestLevels(TestConv::Square(512, 512, 14, 1).Transposed().Finish().geometry, 2), 0);
}

}  // namespace
}  // namespace baryon::kernels
