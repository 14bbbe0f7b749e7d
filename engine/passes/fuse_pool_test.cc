#include "engine/passes/passes.h"
#include "engine/passes/testing/pass_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A convolution of `filters` filters 3x3 over pictures of `size` x `size`, and what follows.
std::string Net(int size, int filters, const std::string& rest, const std::string& conv_attrs = "") {
  const std::string s = std::to_string(size), f = std::to_string(filters);
  return "input data: float32 [2, 1, " + s + ", " + s + "]\n const w: float32 [" + f + ", 3, 3, 1]\n" +
         "conv = Convolution(data, w) {activation=relu, data_layout=NCHW, kernel=(3, 3), layout=NHWC, no_bias=True, "
         "num_filter=" +
         f + conv_attrs + "}\n" + rest + "\n output y_output = y";
}

constexpr char kPool[] = "y = Pooling(conv) {kernel=(2, 2), layout=NHWC, stride=(2, 2)}";

TEST(FusePoolTest, ASmallConvolutionTakesThePoolingBehindIt) {
  for (int size : {10, 11}) {
    const std::string after = RunPass(FusePool, Net(size, 6, kPool));
    EXPECT_THAT(after, HasSubstr("pool=max")) << size;
    EXPECT_THAT(after, HasSubstr("output y_output = conv")) << size;
  }
  EXPECT_THAT(RunPass(FusePool, Net(10, 6,
                                    "y = Pooling(conv) {kernel=(2, 2), layout=NHWC, pool_type=avg, "
                                    "stride=(2, 2)}")),
              HasSubstr("pool=avg"));
}

TEST(FusePoolTest, OtherWindowsStay) {
  for (const char* attrs :
       {"kernel=(3, 3), layout=NHWC, stride=(2, 2)", "kernel=(2, 2), layout=NHWC, stride=(1, 1)",
        "kernel=(2, 2), layout=NHWC, pad=(1, 1), stride=(2, 2)",
        "kernel=(2, 2), layout=NHWC, pool_type=sum, stride=(2, 2)", "global_pool=True, layout=NHWC"}) {
    const std::string after = RunPass(FusePool, Net(10, 6, std::string("y = Pooling(conv) {") + attrs + "}"));
    EXPECT_THAT(after, HasSubstr("y = Pooling(conv)")) << attrs;
  }
  // Nine rows, rounded up: the fifth window has one row.
  EXPECT_THAT(RunPass(FusePool, Net(11, 6,
                                    "y = Pooling(conv) {kernel=(2, 2), layout=NHWC, "
                                    "pooling_convention=full, stride=(2, 2)}")),
              HasSubstr("y = Pooling(conv)"));
}

TEST(FusePoolTest, OtherConvolutionsStay) {
  EXPECT_THAT(RunPass(FusePool, Net(10, 80, kPool)), Not(HasSubstr("pool=")));
  EXPECT_THAT(RunPass(FusePool, Net(20, 6, kPool, ", stride=(2, 2)")), Not(HasSubstr("pool=")));
  EXPECT_THAT(RunPass(FusePool, Net(8, 6, kPool)), Not(HasSubstr("pool=")));  // of 8 columns 2 are wasted
  EXPECT_THAT(RunPass(FusePool, Net(10, 6,
                                    std::string("p") + (kPool + 1) + "\n y = _mul_scalar(p) {scalar=2.0}\n" +
                                        "output conv_output = conv")),
              Not(HasSubstr("pool=")));
}

}  // namespace
}  // namespace baryon
