#include "engine/kernels/strip_conv.h"

#include "engine/kernels/indirect_conv.h"
#include "engine/kernels/testing/conv_tester.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

void CheckBothLayouts(TestConv conv) {
  for (bool channels_first : {false, true}) {
    conv.channels_first_input = channels_first;
    conv.Check(StripConvPlan(conv.geometry, conv.Options(), channels_first));
  }
}

TEST(StripConvTest, MatchesReferenceForFirstLayers) {
  ForEachCpuTarget([] {
    for (int64_t channels : {1, 2, 3, 4}) {
      CheckBothLayouts(TestConv::Square(channels, 20, 28, 5).Finish());
      CheckBothLayouts(TestConv::Square(channels, 64, 33, 7, 2).Finish());
      CheckBothLayouts(TestConv::Square(channels, 9, 6, 1).Finish());
    }
  });
}

TEST(StripConvTest, MatchesReferenceForOddGeometries) {
  TestConv conv = TestConv::Square(3, 5, 8, 3);
  conv.geometry.batch = 2;
  conv.geometry.in = {1, 9, 13};
  conv.geometry.kernel = {1, 4, 2};
  conv.geometry.stride = {1, 3, 2};
  conv.geometry.dilation = {1, 2, 3};
  conv.geometry.pad = {0, 5, 1};
  CheckBothLayouts(conv.Finish());
  conv.geometry.stride = {1, 1, 5};  // the last columns of the input are not read
  CheckBothLayouts(conv.Finish());
  conv.geometry.pad = {0, 0, 9};  // wider than the image
  conv.geometry.in = {1, 9, 2};
  CheckBothLayouts(conv.Finish());
}

TEST(StripConvTest, MatchesReferenceInThreeDimensions) {
  TestConv conv = TestConv::Square(2, 5, 7, 3, 2);
  conv.geometry.in[0] = 6;
  conv.geometry.kernel[0] = 3;
  conv.geometry.stride[0] = 2;
  conv.geometry.pad[0] = 1;
  CheckBothLayouts(conv.Finish());
}

TEST(StripConvTest, AddsResidualAndActivates) {
  TestConv conv = TestConv::Square(3, 20, 12, 3, 2).Finish();
  conv.residual = true;
  conv.activation.kind = Activation::kRelu;
  conv.out_border = 4;
  CheckBothLayouts(conv);
}

TEST(StripConvTest, GivesTheBitsOfTheIndirectProduct) {
  TestConv conv = TestConv::Square(3, 64, 30, 7, 2).Finish();
  const std::vector<float> strips = conv.Compute(StripConvPlan(conv.geometry, conv.Options(), false));
  EXPECT_EQ(conv.Compute(IndirectConvPlan(conv.geometry, conv.Options())), strips);
  for (int threads : {2, 4}) {
    conv.threads = threads;
    EXPECT_EQ(conv.Compute(StripConvPlan(conv.geometry, conv.Options(), false)), strips);
  }
}

}  // namespace
}  // namespace baryon::kernels
