#include <string>

#include "engine/passes/passes.h"
#include "engine/passes/testing/pass_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kPointwise[] = "activation=clip, act_beta=6, kernel=(1, 1), layout=NHWC, no_bias=True, num_filter=64";
constexpr char kDepthwise[] =
    "kernel=(3, 3), layout=NHWC, num_filter=64, num_group=64, pad=(1, 1), stride=(2, 2), activation=relu";

// A map of `size` x `size` with 64 channels between the two.
std::string Net(const std::string& pointwise, const std::string& depthwise, int size = 64,
                const std::string& rest = "") {
  const std::string s = std::to_string(size);
  return "input data: float32 [1, " + s + ", " + s + ", 2]\n const w: float32 [64, 1, 1, 2]\n" +
         "const d: float32 [64, 3, 3, 1]\n const b: float32 [64]\n map = Convolution(data, w) {" + pointwise +
         "}\n y = Convolution(map, d, b) {" + depthwise + "}\n" + rest + " output y_output = y";
}

std::string Replaced(std::string text, const std::string& what, const std::string& by) {
  return text.replace(text.find(what), what.size(), by);
}

TEST(FuseDepthwiseTest, AWideMapBetweenTheTwoIsNeverWritten) {
  const std::string after = RunPass(FuseDepthwise, Net(kPointwise, kDepthwise));
  EXPECT_THAT(after, HasSubstr("y = _conv_depthwise(data, w, d, b)"));
  EXPECT_THAT(after, HasSubstr("first_activation=clip"));
  EXPECT_THAT(after, HasSubstr("first_act_beta=6"));
  EXPECT_THAT(after, HasSubstr("stride=(2, 2)"));
  EXPECT_THAT(after, HasSubstr("bias=True"));
}

TEST(FuseDepthwiseTest, ALayerThatReadsColoursIsFusedWithFewChannels) {
  for (const char* layout : {"NCHW", "None"}) {
    const bool channels_first = std::string(layout) == "NCHW";
    const std::string data = channels_first ? "[2, 3, 224, 224]" : "[2, 224, 224, 3]";
    const std::string after =
        RunPass(FuseDepthwise,
                "input data: float32 " + data + "\n const w: float32 [32, 3, 3, 3]\n const d: float32 [32, 3, 3, 1]\n" +
                    "map = Convolution(data, w) {kernel=(3, 3), stride=(2, 2), pad=(1, 1), layout=NHWC, " +
                    "data_layout=" + layout + ", no_bias=True, num_filter=32}\n" +
                    "y = Convolution(map, d) {kernel=(3, 3), layout=NHWC, num_filter=32, num_group=32, " +
                    "pad=(1, 1), no_bias=True}\n output y_output = y");
    EXPECT_THAT(after, HasSubstr("y = _conv_depthwise(data, w, d)"));
    EXPECT_THAT(after, HasSubstr("first_kernel=(3, 3)"));
    EXPECT_THAT(after, HasSubstr("first_stride=(2, 2)"));
    EXPECT_THAT(after, HasSubstr("first_pad=(1, 1)"));
    EXPECT_EQ(after.find("first_data_layout=NCHW") != std::string::npos, channels_first) << after;
  }
}

TEST(FuseDepthwiseTest, ALayerWithALargeKernelHasABetterAlgorithm) {
  const std::string net =
      "input data: float32 [1, 3, 224, 224]\n const w: float32 [64, 7, 7, 3]\n const d: float32 [64, 3, 3, 1]\n"
      "map = Convolution(data, w) {kernel=(7, 7), stride=(2, 2), pad=(3, 3), layout=NHWC, data_layout=NCHW, "
      "no_bias=True, num_filter=64}\n"
      "y = Convolution(map, d) {kernel=(3, 3), layout=NHWC, num_filter=64, num_group=64, pad=(1, 1), no_bias=True}\n"
      " output y_output = y";
  EXPECT_THAT(RunPass(FuseDepthwise, net), Not(HasSubstr("_conv_depthwise")));
}

TEST(FuseDepthwiseTest, AMapThatStaysInTheCacheIsWritten) {
  EXPECT_THAT(RunPass(FuseDepthwise, Net(kPointwise, kDepthwise, 60)), Not(HasSubstr("_conv_depthwise")));
}

TEST(FuseDepthwiseTest, AMapOfFewChannelsIsWritten) {
  const auto narrow = [](const char* text) { return Replaced(text, "num_filter=64", "num_filter=32"); };
  std::string net = Net(narrow(kPointwise), Replaced(narrow(kDepthwise), "num_group=64", "num_group=32"), 128);
  for (size_t at; (at = net.find("float32 [64")) != std::string::npos;) net.replace(at, 11, "float32 [32");
  EXPECT_THAT(RunPass(FuseDepthwise, net), Not(HasSubstr("_conv_depthwise")));
}

TEST(FuseDepthwiseTest, AMapThatSomebodyElseReadsIsWritten) {
  EXPECT_THAT(RunPass(FuseDepthwise, Net(kPointwise, kDepthwise, 64, "output map_output = map\n")),
              Not(HasSubstr("_conv_depthwise")));
}

TEST(FuseDepthwiseTest, OtherConvolutionsStay) {
  const std::string wide = "stride=(2, 2)";
  for (const std::string& depthwise :
       {Replaced(kDepthwise, "pad=(1, 1)", "pad=(2, 2)"), Replaced(kDepthwise, wide, "stride=(1, 2)"),
        Replaced(kDepthwise, wide, "stride=(3, 3)"), Replaced(kDepthwise, wide, "dilate=(2, 2)")}) {
    EXPECT_THAT(RunPass(FuseDepthwise, Net(kPointwise, depthwise)), Not(HasSubstr("_conv_depthwise"))) << depthwise;
  }
  EXPECT_THAT(RunPass(FuseDepthwise, Net(std::string(kPointwise) + ", stride=(2, 2)", kDepthwise, 128)),
              Not(HasSubstr("_conv_depthwise")));
}

}  // namespace
}  // namespace baryon
