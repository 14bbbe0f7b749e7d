#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/conv_op_tester.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

ConvOpTester<ConvolutionAttrs> Conv(const Shape& data, const IntTuple& kernel, int64_t filters) {
  ConvOpTester<ConvolutionAttrs> tester;
  tester.data = data;
  tester.attrs.kernel = kernel;
  tester.attrs.num_filter = filters;
  return tester;
}

TEST(ConvolutionTest, MatchesReferenceInEveryDimension) {
  Conv({2, 3, 9}, {3}, 4).Check();
  Conv({2, 3, 7, 9}, {3, 2}, 5).Check();
  Conv({1, 2, 5, 6, 4}, {2, 3, 2}, 3).Check();
}

TEST(ConvolutionTest, MatchesReferenceWithStridesDilationPaddingAndGroups) {
  auto conv = Conv({2, 6, 11, 13}, {3, 5}, 9);
  conv.attrs.stride = {2, 3};
  conv.attrs.dilate = {2, 1};
  conv.attrs.pad = {3, 1};
  conv.attrs.num_group = 3;
  conv.Check();
  conv.attrs.no_bias = true;
  conv.Check();
}

TEST(ConvolutionTest, MatchesReferenceForLayersOfNetworks) {
  auto stem = Conv({1, 3, 40, 36}, {7, 7}, 16);
  stem.attrs.stride = {2, 2};
  stem.attrs.pad = {3, 3};
  stem.Check();
  auto middle = Conv({2, 64, 14, 14}, {3, 3}, 80);
  middle.attrs.pad = {1, 1};
  middle.Check();
  Conv({2, 64, 14, 14}, {1, 1}, 80).Check();
  auto depthwise = Conv({2, 24, 14, 14}, {3, 3}, 24);
  depthwise.attrs.pad = {1, 1};
  depthwise.attrs.num_group = 24;
  depthwise.Check();
}

TEST(ConvolutionTest, AddsAResidualAndAppliesAnActivation) {
  for (const char* activation : {"none", "relu", "clip", "sigmoid"}) {
    auto conv = Conv({2, 5, 6, 7}, {1, 1}, 18);
    conv.attrs.residual = true;
    conv.attrs.activation = activation;
    conv.attrs.act_alpha = -0.25;
    conv.attrs.act_beta = 0.5;
    conv.Check();
    conv.attrs.no_bias = true;
    conv.Check();
  }
}

TEST(ConvolutionTest, ReadsChannelsFirstDataForAChannelsLastOutput) {
  for (int64_t channels : {1, 3, 20}) {
    auto conv = Conv({2, channels, 12, 10}, {3, 3}, 8);
    conv.attrs.residual = true;
    conv.CheckLayout(Layout::kNHWC, Layout::kNCHW);
  }
}

TEST(ConvolutionTest, ComputesInOtherFloatingTypes) {
  for (auto [dtype, tolerance] : {std::pair(DType::kFloat64, 1e-7), {DType::kFloat16, 1e-2}}) {
    for (const char* layout : {"NCHW", "NHWC"}) {
      const bool last = std::string(layout) == "NHWC";
      OpTester wide("Convolution"), narrow("Convolution");
      for (OpTester* tester : {&wide, &narrow}) {
        tester->Attr("kernel", "(3, 3)").Attr("num_filter", 4).Attr("pad", "(1, 1)").Attr("layout", layout);
        tester->Attr("num_group", 2).Attr("residual", true);
        const DType type = tester == &wide ? DType::kFloat32 : dtype;
        tester->Input(last ? Shape{2, 5, 6, 4} : Shape{2, 4, 5, 6}, Uniform(-1, 1).As(type));
        tester->Input(last ? Shape{4, 3, 3, 2} : Shape{4, 2, 3, 3}, Uniform(-1, 1).As(type));
        tester->Input({4}, Uniform(-1, 1).As(type));
        tester->Input(last ? Shape{2, 5, 6, 4} : Shape{2, 4, 5, 6}, Uniform(-1, 1).As(type));
      }
      ASSERT_OK_AND_ASSIGN(const std::vector<Tensor> want, wide.Run());
      narrow.ExpectOutput(want[0].Cast(dtype), {tolerance, tolerance});
    }
  }
}

TEST(ConvolutionTest, AnEmptyBatchGivesAnEmptyBatch) {
  for (const char* layout : {"NCHW", "NHWC"}) {
    const Shape data = std::string(layout) == "NHWC" ? Shape{0, 5, 5, 20} : Shape{0, 20, 5, 5};
    const Shape weight = std::string(layout) == "NHWC" ? Shape{4, 3, 3, 20} : Shape{4, 20, 3, 3};
    OpTester tester("Convolution");
    tester.Attr("kernel", "(3, 3)").Attr("num_filter", 4).Attr("layout", layout).Attr("no_bias", true);
    ASSERT_OK_AND_ASSIGN(const std::vector<Tensor> out, tester.Input(data).Input(weight).Run());
    EXPECT_EQ(out[0].num_elements(), 0);
  }
}

TEST(ConvolutionTest, RejectsWeightsOfOtherChannels) {
  EXPECT_THAT(OpTester("Convolution")
                  .Attr("kernel", "(3, 3)")
                  .Attr("num_filter", 4)
                  .Attr("no_bias", true)
                  .Input({1, 5, 7, 7})
                  .Input({4, 6, 3, 3})
                  .Infer(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("\"weight\": expected float32 [4, 5, 3, 3], got float32 [4, 6, 3, 3]")));
}

TEST(ConvolutionTest, RejectsKernelsThatDoNotFit) {
  EXPECT_THAT(OpTester("Convolution")
                  .Attr("kernel", "(3, 3)")
                  .Attr("dilate", "(9, 9)")
                  .Attr("num_filter", 4)
                  .Attr("no_bias", true)
                  .Input({1, 5, 7, 7})
                  .Input({4, 5, 3, 3})
                  .Infer(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("got 7 with padding, less than 19")));
}

TEST(ConvolutionTest, AnswersWithinReasonForHugePadding) {
  OpTester tester("Convolution");
  tester.Attr("kernel", "(1, 1)").Attr("pad", "(1073741824, 1073741824)").Attr("num_filter", 1).Attr("no_bias", true);
  EXPECT_THAT(tester.Input({1, 1, 2, 2}).Input({1, 1, 1, 1}).Run(), StatusIs(absl::StatusCode::kResourceExhausted));
}

}  // namespace
}  // namespace baryon
