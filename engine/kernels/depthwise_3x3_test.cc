#include "engine/kernels/depthwise_3x3.h"

#include "engine/kernels/testing/conv_tester.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

TestConv Depthwise(int64_t channels, int64_t size, int64_t kernel, int64_t stride = 1) {
  return TestConv::Square(channels, channels, size, kernel, stride, channels);
}

void Check(const TestConv& conv) {
  ASSERT_TRUE(Depthwise3x3Plan::Supports(conv.geometry));
  conv.Check(Depthwise3x3Plan(conv.geometry, conv.Options()));
}

TEST(Depthwise3x3Test, MatchesReferenceForEveryNumberOfChannels) {
  ForEachCpuTarget([] {
    for (int64_t channels : {1, 3, 8, 15, 16, 17, 33, 70}) {
      for (int64_t stride : {1, 2}) Check(Depthwise(channels, 14, 3, stride).Finish());
    }
  });
}

TEST(Depthwise3x3Test, MatchesReferenceForEveryWidth) {
  ForEachCpuTarget([] {
    for (int64_t size = 1; size < 24; ++size) {
      for (int64_t stride : {1, 2}) Check(Depthwise(20, size, 3, stride).Finish());
    }
  });
}

TEST(Depthwise3x3Test, MatchesReferenceForUnequalAxes) {
  TestConv conv = Depthwise(10, 8, 3, 2);
  conv.geometry.batch = 3;
  conv.geometry.in = {1, 9, 14};
  conv.geometry.pad = {0, 0, 4};
  Check(conv.Finish());
}

TEST(Depthwise3x3Test, LeavesOtherKernelsToOthers) {
  EXPECT_FALSE(Depthwise3x3Plan::Supports(Depthwise(8, 9, 5).Finish().geometry));
  EXPECT_FALSE(Depthwise3x3Plan::Supports(Depthwise(8, 9, 3, 3).Finish().geometry));
  EXPECT_FALSE(Depthwise3x3Plan::Supports(Depthwise(8, 9, 3).Transposed().Finish().geometry));
  EXPECT_FALSE(Depthwise3x3Plan::Supports(TestConv::Square(8, 16, 9, 3, 1, 8).Finish().geometry));
}

TEST(Depthwise3x3Test, AddsResidualAndActivates) {
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

TEST(Depthwise3x3Test, ReadsWeightsInBothLayouts) {
  TestConv conv = Depthwise(12, 7, 3);
  conv.channels_last_weight = false;
  Check(conv.Finish());
}

// Also where a thread's share ends between two rows of a pair, and in the middle of an image.
TEST(Depthwise3x3Test, ResultsDoNotDependOnThreads) {
  ForEachCpuTarget([] {
    for (int64_t size : {56, 15, 14}) {
      TestConv conv = Depthwise(512, size, 3, size == 15 ? 2 : 1);
      conv.geometry.batch = size == 14 ? 1 : 3;
      conv.Finish();
      const std::vector<float> alone = conv.Compute(Depthwise3x3Plan(conv.geometry, conv.Options()));
      for (int threads : {2, 3, 4}) {
        conv.threads = threads;
        const Depthwise3x3Plan plan(conv.geometry, conv.Options());
        EXPECT_GT(plan.num_tasks(), 1);
        EXPECT_EQ(conv.Compute(plan), alone) << size << " threads " << threads;
      }
    }
  });
}

}  // namespace
}  // namespace baryon::kernels
