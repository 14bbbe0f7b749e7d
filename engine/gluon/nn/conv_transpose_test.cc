// Numbers are those of MXNet 1.9.1 for the same layers, see testing/pattern.h; texts those of MXNet 2.
#include "engine/gluon/nn/conv_transpose.h"

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "engine/gluon/testing/pattern.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

void ExpectAnswer(nn::ConvTranspose&& conv, const Shape& input, const NDArray& expected, const char* text) {
  const NDArray y = PatternAnswer(conv, input);
  EXPECT_TRUE(np::AllClose(y, expected, 1e-6, 1e-6)) << y;
  EXPECT_EQ(conv.ToString(), text);
}

TEST(ConvTransposeTest, EnlargesOverOneAxis) {
  ExpectAnswer(nn::Conv1DTranspose(2, 2, {.strides = 2, .padding = 1, .output_padding = 1}), {1, 2, 3},
               np::Array({{{-1.0625, -0.9375, -0.4375, -0.9375, -1.1875}, {0.1875, 0.4375, 0.0625, 0.6875, 1.3125}}}),
               "Conv1DTranspose(2 -> 2, kernel_size=(2,), stride=(2,), padding=(1,))");
}

TEST(ConvTransposeTest, EnlargesOverTwoAxesInGroupsAndActivates) {
  ExpectAnswer(
      nn::Conv2DTranspose(4, 3,
                          {.strides = {2, 1},
                           .padding = 1,
                           .output_padding = {1, 0},
                           .groups = 2,
                           .activation = "relu",
                           .in_channels = 2}),
      {1, 2, 2, 2},
      np::Array({{{{0.0, 0.0}, {0.0, 0.0}, {0.0, 0.0625}, {0.0, 0.0}},
                  {{0.9375, 1.3125}, {1.0, 0.125}, {0.9375, 0.5625}, {1.125, 0.75}},
                  {{0.6875, 0.0}, {0.8125, 0.0}, {0.5, 0.0}, {0.75, 0.25}},
                  {{0.0, 0.0625}, {0.0, 0.0}, {0.0, 0.25}, {0.0, 0.0}}}}),
      "Conv2DTranspose(2 -> 2, kernel_size=(3, 3), stride=(2, 1), padding=(1, 1), groups=2, Activation(relu))");
}

TEST(ConvTransposeTest, Dilates) {
  ExpectAnswer(nn::Conv2DTranspose(1, 2, {.dilation = 2, .use_bias = false}), {1, 2, 2, 1},
               np::Array({{{{0.5625, 0.0, -0.75}, {0.5625, 0.0, 0.5625}, {0.125, 0.0, 1.0}, {-0.3125, 0.0, -1.1875}}}}),
               "Conv2DTranspose(2 -> 1, kernel_size=(2, 2), stride=(1, 1), dilation=(2, 2), bias=False)");
}

TEST(ConvTransposeTest, EnlargesOverThreeAxes) {
  ExpectAnswer(nn::Conv3DTranspose(1, 2), {1, 1, 1, 2, 1},
               np::Array({{{{{0.1875, -1.375}, {-1.125, 0.125}, {-0.75, -1.0}},
                            {{-1.6875, -1.0625}, {-0.0625, 0.3125}, {-0.875, -1.125}}}}}),
               "Conv3DTranspose(1 -> 1, kernel_size=(2, 2, 2), stride=(1, 1, 1))");
}

TEST(ConvTransposeTest, LearnsTheNumberOfChannelsFromTheFirstInput) {
  nn::Conv2DTranspose conv(6, 3, {.groups = 2});
  EXPECT_EQ(conv.weight().shape(), Shape({-1, 3, 3, 3}));
  EXPECT_THAT(conv.ToString(), HasSubstr("Conv2DTranspose(-1 -> 3,"));
  conv.Initialize();
  EXPECT_EQ(conv(np::Ones({1, 4, 5, 5})).shape(), Shape({1, 6, 7, 7}));
  EXPECT_EQ(conv.weight().shape(), Shape({4, 3, 3, 3}));
}

TEST(ConvTransposeTest, ReportsBadSizes) {
  EXPECT_THAT(nn::Conv2DTranspose(1, 2, {.output_padding = {1, 1, 1}}).status(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("output_padding must be a number or a list of 2 ints")));
  nn::Conv2DTranspose conv(2, 2, {.strides = 2, .output_padding = 2});
  conv.Initialize();
  EXPECT_THAT(conv(np::Ones({1, 2, 3, 3})).status(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("adj")));
}

}  // namespace
}  // namespace baryon
