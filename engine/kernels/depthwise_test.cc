#include "engine/kernels/depthwise.h"

#include "engine/kernels/testing/conv_tester.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

TestConv Depthwise(int64_t channels, int64_t size, int64_t kernel, int64_t stride = 1) {
  return TestConv::Square(channels, channels, size, kernel, stride, channels);
}

void Check(const TestConv& conv) { conv.Check(DepthwisePlan(conv.geometry, conv.Options())); }

TEST(DepthwiseTest, MatchesReferenceForEveryNumberOfChannels) {
  ForEachCpuTarget([] {
    for (int64_t channels : {1, 3, 8, 15, 16, 17, 33, 70}) {
      for (int64_t stride : {1, 2}) Check(Depthwise(channels, 14, 3, stride).Finish());
    }
  });
}

TEST(DepthwiseTest, MatchesReferenceForEveryWidth) {
  ForEachCpuTarget([] {
    for (int64_t size = 1; size < 24; ++size) Check(Depthwise(20, size, 5).Finish());
  });
}

TEST(DepthwiseTest, MatchesReferenceForOddGeometries) {
  TestConv conv = Depthwise(10, 8, 3);
  conv.geometry.batch = 2;
  conv.geometry.in = {3, 9, 13};
  conv.geometry.kernel = {2, 1, 4};
  conv.geometry.stride = {1, 2, 3};
  conv.geometry.dilation = {2, 3, 2};
  conv.geometry.pad = {1, 0, 7};
  Check(conv.Finish());
  conv.geometry.in = {3, 9, 2};  // the kernel hangs over on both sides
  Check(conv.Finish());
}

TEST(DepthwiseTest, MatchesReferenceTransposed) {
  ForEachCpuTarget([] {
    for (int64_t kernel : {1, 2, 3, 4, 5}) {
      for (int64_t stride : {1, 2, 3}) {
        Check(Depthwise(18, 6, kernel, stride).Transposed().Finish());
        Check(Depthwise(18, 6, kernel, stride).Transposed().Finish(stride - 1));
      }
    }
  });
}

TEST(DepthwiseTest, AddsResidualAndActivates) {
  ForEachCpuTarget([] {
    TestConv conv = Depthwise(21, 9, 3).Finish();
    conv.residual = true;
    for (const ActivationSpec& activation :
         {ActivationSpec{Activation::kClip, 0, 0.5f}, ActivationSpec{Activation::kSwish}}) {
      conv.activation = activation;
      Check(conv);
    }
    conv.in_border = 3;
    conv.out_border = 5;
    Check(conv);
  });
}

TEST(DepthwiseTest, ReadsWeightsInBothLayouts) {
  TestConv conv = Depthwise(12, 7, 3);
  conv.channels_last_weight = false;
  Check(conv.Finish());
  Check(conv.Transposed().Finish());
}

TEST(DepthwiseTest, ResultsDoNotDependOnThreads) {
  TestConv conv = Depthwise(64, 56, 3).Finish();
  const std::vector<float> alone = conv.Compute(DepthwisePlan(conv.geometry, conv.Options()));
  conv.threads = 3;
  EXPECT_EQ(conv.Compute(DepthwisePlan(conv.geometry, conv.Options())), alone);
}

}  // namespace
}  // namespace baryon::kernels
