// Numbers and texts are those of MXNet 1.9.1 for the same layers, see testing/pattern.h.
#include "engine/gluon/nn/conv.h"

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "engine/gluon/testing/pattern.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

void ExpectAnswer(nn::Conv& conv, const Shape& input, const NDArray& expected, const char* text) {
  const NDArray y = PatternAnswer(conv, input);
  EXPECT_TRUE(np::ArrayEqual(y, expected)) << y;
  EXPECT_EQ(conv.ToString(), text);
}

TEST(ConvTest, ConvolvesOverOneAxis) {
  nn::Conv1D conv(2, 3, {.strides = 2, .padding = 1});
  ExpectAnswer(conv, {1, 2, 5}, np::Array({{{-1.6875, -2.125, -0.5}, {2.8125, 0.625, -0.375}}}),
               "Conv1D(2 -> 2, kernel_size=(3,), stride=(2,), padding=(1,))");
}

TEST(ConvTest, ConvolvesOverTwoAxesAndActivates) {
  nn::Conv2D conv(2, {1, 2}, {.activation = "relu"});
  ExpectAnswer(conv, {1, 2, 2, 3}, np::Array({{{{0.4375, 0}, {0, 0}}, {{0, 1.5}, {1.5, 1.5}}}}),
               "Conv2D(2 -> 2, kernel_size=(1, 2), stride=(1, 1), Activation(relu))");
}

TEST(ConvTest, ConvolvesGroupsWithDilation) {
  nn::Conv2D conv(4, 3, {.padding = {1, 0}, .dilation = {1, 2}, .groups = 2, .use_bias = false});
  ExpectAnswer(
      conv, {1, 2, 2, 5},
      np::Array({{{{0.875}, {1.25}}, {{-1.125}, {-0.3125}}, {{0.8125}, {-0.0625}}, {{1.25}, {-0.9375}}}}),
      "Conv2D(1 -> 4, kernel_size=(3, 3), stride=(1, 1), padding=(1, 0), dilation=(1, 2), groups=2, bias=False)");
}

TEST(ConvTest, ConvolvesOverThreeAxes) {
  nn::Conv3D conv(1, 2);
  ExpectAnswer(conv, {1, 1, 2, 3, 2}, np::Array({{{{{0.25}, {1.0625}}}}}),
               "Conv3D(1 -> 1, kernel_size=(2, 2, 2), stride=(1, 1, 1))");
}

TEST(ConvTest, TakesChannelsLast) {
  nn::Conv2D first(3, 3), last(3, 3, {.layout = "NHWC"});
  const NDArray x = np::random::Uniform(-1, 1, {2, 6, 5, 4});
  first.Initialize();
  last.Initialize();
  const NDArray y = first(x);
  ASSERT_OK(last(x.Transpose({0, 2, 3, 1})).status());
  EXPECT_EQ(last.weight().shape(), Shape({3, 3, 3, 6}));
  ASSERT_OK(last.weight().SetData(first.weight().data().Transpose({0, 2, 3, 1})));
  EXPECT_TRUE(np::AllClose(last(x.Transpose({0, 2, 3, 1})).Transpose({0, 3, 1, 2}), y, 1e-5, 1e-5));
}

TEST(ConvTest, LearnsTheNumberOfChannelsFromTheFirstInput) {
  nn::Conv2D conv(6, 3);
  EXPECT_EQ(conv.ToString(), "Conv2D(-1 -> 6, kernel_size=(3, 3), stride=(1, 1))");
  EXPECT_EQ(conv.weight().shape(), Shape({6, -1, 3, 3}));
  conv.Initialize();
  EXPECT_THAT(conv.weight().data().status(), StatusIs(StatusCode::kFailedPrecondition, HasSubstr("deferred")));
  EXPECT_EQ(conv(np::Ones({1, 1, 28, 28})).shape(), Shape({1, 6, 26, 26}));
  EXPECT_EQ(conv.weight().shape(), Shape({6, 1, 3, 3}));
  EXPECT_THAT(conv(np::Ones({1, 2, 28, 28})).status(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("(6, 2, 3, 3)")));
}

TEST(ConvTest, ReportsSizesThatAreNone) {
  nn::Conv2D kernel(6, {3, 3, 3}), layout(6, 3, {.layout = "NCW"}), groups(6, 3, {.groups = 0});
  for (nn::Conv2D* conv : {&kernel, &layout, &groups}) conv->Initialize();
  const NDArray x = np::Ones({1, 1, 5, 5});
  EXPECT_THAT(kernel(x).status(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("kernel_size must be a number or a list of 2 ints")));
  EXPECT_THAT(layout(x).status(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("Only supports 'NCHW' and 'NHWC' layout for now")));
  EXPECT_THAT(groups(x).status(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("groups")));
}

TEST(ConvTest, ReportsInputsThatDoNotFit) {
  nn::Conv2D conv(6, 3, {.groups = 2});
  conv.Initialize();
  EXPECT_THAT(conv(np::Ones({2, 28, 28})).status(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("4 axes (NCHW), got (2, 28, 28)")));
  EXPECT_THAT(conv(np::Ones({1, 3, 5, 5})).status(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("2 groups")));
  EXPECT_THAT(conv(np::Ones({1, 2, 2, 2})).status(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("Convolution")));
}

}  // namespace
}  // namespace baryon
