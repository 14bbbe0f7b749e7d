#include "engine/kernels/phase_conv.h"

#include <cmath>
#include <vector>

#include "engine/kernels/testing/conv_tester.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

void CheckBothLayouts(TestConv conv) {
  for (bool channels_first : {false, true}) {
    conv.channels_first_input = channels_first;
    const PhaseConvPlan plan(conv.geometry, conv.Options(), channels_first);
    const double terms = static_cast<double>(conv.geometry.channels * 49);
    ExpectClose(conv.Compute(plan), conv.Reference(), 4e-6 * std::sqrt(terms + 4),
                absl::StrCat(conv.Name(), ", ", plan.ToString()));
  }
}

TEST(PhaseConvTest, MatchesReferenceOverSizesChannelsAndFilters) {
  ForEachCpuTarget([] {
    for (int64_t size : {1, 2, 7, 12, 13, 40}) {
      for (int64_t channels : {1, 3, 4}) {
        for (int64_t filters : {1, 17, 64, 70})
          CheckBothLayouts(TestConv::Square(channels, filters, size, 7, 2).Finish());
      }
    }
  });
}

TEST(PhaseConvTest, PaddingMayBeNoneOddOrWide) {
  for (int64_t pad : {0, 1, 2, 6, 9}) {
    TestConv conv = TestConv::Square(3, 20, 17, 7, 2);
    conv.geometry.batch = 2;
    conv.geometry.in = {1, 10, 19};
    conv.geometry.pad = {0, pad, 9 - pad};
    CheckBothLayouts(conv.Finish());
  }
}

TEST(PhaseConvTest, AddsResidualAndActivates) {
  TestConv conv = TestConv::Square(3, 24, 20, 7, 2).Finish();
  conv.residual = true;
  conv.activation.kind = Activation::kRelu;
  CheckBothLayouts(conv);
  conv.activation.kind = Activation::kTanh;
  conv.out_border = 4;
  CheckBothLayouts(conv);
}

TEST(PhaseConvTest, BitsDependOnNeitherThreadsNorBatch) {
  TestConv conv = TestConv::Square(3, 64, 50, 7, 2);
  conv.geometry.batch = 3;
  conv.Finish();
  const std::vector<float> want = conv.Compute(PhaseConvPlan(conv.geometry, conv.Options(), false));
  for (int threads : {2, 5}) {
    conv.threads = threads;
    EXPECT_EQ(conv.Compute(PhaseConvPlan(conv.geometry, conv.Options(), false)), want);
  }
  conv.geometry.batch = 1;
  const std::vector<float> first = conv.Compute(PhaseConvPlan(conv.geometry, conv.Options(), false));
  EXPECT_EQ(first, std::vector<float>(want.begin(), want.begin() + static_cast<int64_t>(first.size())));
}

TEST(PhaseConvTest, IsForFirstLayersOfResidualNetworks) {
  EXPECT_TRUE(PhaseConvPlan::Pays(TestConv::Square(3, 64, 224, 7, 2).Finish().geometry));
  EXPECT_FALSE(PhaseConvPlan::Pays(TestConv::Square(3, 64, 4, 7, 2).Finish().geometry));
  EXPECT_FALSE(PhaseConvPlan::Pays(TestConv::Square(3, 8, 224, 7, 2).Finish().geometry));
  EXPECT_FALSE(PhaseConvPlan::Supports(TestConv::Square(5, 64, 224, 7, 2).Finish().geometry));
  EXPECT_FALSE(PhaseConvPlan::Supports(TestConv::Square(3, 64, 224, 7, 1).Finish().geometry));
  EXPECT_FALSE(PhaseConvPlan::Supports(TestConv::Square(3, 64, 224, 5, 2).Finish().geometry));
}

}  // namespace
}  // namespace baryon::kernels
