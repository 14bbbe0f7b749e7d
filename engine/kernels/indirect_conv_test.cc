#include "engine/kernels/indirect_conv.h"

#include "engine/kernels/testing/conv_tester.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

void Check(const TestConv& conv) { conv.Check(IndirectConvPlan(conv.geometry, conv.Options())); }

TEST(IndirectConvTest, MatchesReferenceForPointwiseLayers) {
  ForEachCpuTarget([] {
    Check(TestConv::Square(7, 5, 4, 1).Finish());
    Check(TestConv::Square(64, 70, 7, 1).Finish());
    Check(TestConv::Square(32, 33, 9, 1, 2).Finish());
    Check(TestConv::Square(300, 20, 1, 1).Finish());
  });
}

TEST(IndirectConvTest, MatchesReferenceForSquareKernels) {
  ForEachCpuTarget([] {
    for (int64_t kernel : {2, 3, 5}) {
      for (int64_t stride : {1, 2, 3}) Check(TestConv::Square(9, 17, 11, kernel, stride).Finish());
    }
  });
}

TEST(IndirectConvTest, MatchesReferenceForUnequalAxes) {
  ForEachCpuTarget([] {
    TestConv conv = TestConv::Square(5, 6, 8, 3);
    conv.geometry.batch = 2;
    conv.geometry.in = {1, 6, 11};
    conv.geometry.kernel = {1, 1, 7};
    conv.geometry.stride = {1, 2, 3};
    conv.geometry.dilation = {1, 4, 2};
    conv.geometry.pad = {0, 2, 5};
    Check(conv.Finish());
  });
}

TEST(IndirectConvTest, MatchesReferenceInThreeDimensions) {
  ForEachCpuTarget([] {
    TestConv conv = TestConv::Square(4, 5, 6, 3);
    conv.geometry.in[0] = 5;
    conv.geometry.kernel[0] = 2;
    conv.geometry.stride[0] = 2;
    conv.geometry.pad[0] = 1;
    Check(conv.Finish());
    Check(conv.Transposed().Finish(1));
  });
}

TEST(IndirectConvTest, MatchesReferenceWithGroups) {
  ForEachCpuTarget([] {
    for (int64_t groups : {2, 4, 8}) Check(TestConv::Square(16, 24, 6, 3, 1, groups).Finish());
    Check(TestConv::Square(6, 12, 5, 3, 2, 6).Finish());
  });
}

TEST(IndirectConvTest, MatchesReferenceTransposed) {
  ForEachCpuTarget([] {
    for (int64_t kernel : {1, 2, 3, 4}) {
      for (int64_t stride : {1, 2, 3}) {
        Check(TestConv::Square(6, 10, 5, kernel, stride).Transposed().Finish());
        Check(TestConv::Square(6, 10, 5, kernel, stride, 2).Transposed().Finish(stride - 1));
      }
    }
    TestConv dilated = TestConv::Square(3, 4, 5, 3, 2).Transposed();
    dilated.geometry.dilation = {1, 2, 3};
    Check(dilated.Finish(1));
  });
}

TEST(IndirectConvTest, ReadsWeightsInBothLayouts) {
  for (bool transposed : {false, true}) {
    TestConv conv = TestConv::Square(6, 8, 5, 3, 2, 2);
    conv.geometry.transposed = transposed;
    conv.channels_last_weight = false;
    Check(conv.Finish());
  }
}

TEST(IndirectConvTest, AddsResidualAndActivates) {
  ForEachCpuTarget([] {
    TestConv conv = TestConv::Square(20, 70, 6, 3).Finish();
    conv.residual = true;
    for (Activation kind : {Activation::kNone, Activation::kRelu, Activation::kSigmoid}) {
      conv.activation.kind = kind;
      conv.in_place = false;
      Check(conv);
      conv.in_place = true;
      Check(conv);
    }
  });
}

TEST(IndirectConvTest, AddsResidualInPlaceWhenSumsAreCutInPieces) {
  TestConv conv = TestConv::Square(600, 70, 5, 3).Finish();
  conv.residual = conv.in_place = true;
  Check(conv);
}

TEST(IndirectConvTest, StaysWithinItsPartOfWiderTensors) {
  TestConv conv = TestConv::Square(5, 7, 6, 3).Finish();
  conv.in_border = 3;
  conv.out_border = 2;
  Check(conv);
}

TEST(IndirectConvTest, ResultsDoNotDependOnThreadsOrBatch) {
  TestConv conv = TestConv::Square(32, 96, 14, 3);
  conv.geometry.batch = 3;
  conv.Finish();
  const std::vector<float> alone = conv.Compute(IndirectConvPlan(conv.geometry, conv.Options()));
  for (int threads : {2, 5}) {
    conv.threads = threads;
    EXPECT_EQ(conv.Compute(IndirectConvPlan(conv.geometry, conv.Options())), alone) << conv.Name();
  }
  conv.geometry.batch = 1;
  const std::vector<float> first = conv.Compute(IndirectConvPlan(conv.geometry, conv.Options()));
  EXPECT_EQ(first, std::vector<float>(alone.begin(), alone.begin() + first.size()));
}

TEST(IndirectConvTest, SharesPackedWeightsBetweenSizes) {
  TestConv small = TestConv::Square(4, 8, 5, 3, 2).Transposed().Finish(), large = small;
  large.geometry.in = {1, 9, 9};
  large.Finish();
  EXPECT_EQ(IndirectConvPlan(small.geometry, {}).PackedForm(), IndirectConvPlan(large.geometry, {}).PackedForm());
  TestConv other = small;
  other.geometry.pad = {0, 0, 0};
  other.Finish();
  EXPECT_NE(IndirectConvPlan(small.geometry, {}).PackedForm(), IndirectConvPlan(other.geometry, {}).PackedForm());
}

}  // namespace
}  // namespace baryon::kernels
