#include <string>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

OpTester Convolution(const Tensor& data, const Tensor& weight, int64_t kernel, int64_t groups) {
  OpTester conv("Convolution");
  conv.Attr("layout", "NHWC").Attr("kernel", IntTuple{kernel, kernel}).Attr("num_filter", weight.shape()[0]);
  conv.Attr("num_group", groups).Input(data).Input(weight);
  return conv;
}

OpTester Pointwise(const std::vector<Tensor>& inputs) { return Convolution(inputs[0], inputs[1], 1, 1); }

// The two operators that it stands for.
std::vector<Tensor> OneByOne(OpTester first, const std::vector<Tensor>& inputs, int64_t stride, bool bias) {
  first.Attr("no_bias", !bias).Attr("activation", "relu");
  if (bias) first.Input(inputs[2]);
  const std::vector<Tensor> map = *first.Run();
  const Tensor& weight = inputs[2 + bias];
  OpTester depthwise = Convolution(map[0], weight, 3, weight.shape()[0]);
  depthwise.Attr("no_bias", !bias).Attr("stride", IntTuple{stride, stride}).Attr("pad", IntTuple{1, 1});
  if (bias) depthwise.Input(inputs[4]);
  return *depthwise.Run();
}

TEST(ConvDepthwiseTest, IsBothConvolutionsInOne) {
  for (int64_t stride : {1, 2}) {
    OpTester("_conv_depthwise")
        .Attr("stride", IntTuple{stride, stride})
        .Attr("pad", IntTuple{1, 1})
        .Attr("first_activation", "relu")
        .Attr("first_bias", true)
        .Attr("bias", true)
        .Input({2, 9, 8, 5})
        .Input({12, 1, 1, 5})
        .Input({12})
        .Input({12, 3, 3, 1})
        .Input({12})
        .ExpectNear(
            [&](const std::vector<Tensor>& inputs) { return OneByOne(Pointwise(inputs), inputs, stride, true); },
            {0, 1e-6});
    OpTester("_conv_depthwise")
        .Attr("stride", IntTuple{stride, stride})
        .Attr("pad", IntTuple{1, 1})
        .Attr("first_activation", "relu")
        .Input({1, 7, 7, 3})
        .Input({4, 1, 1, 3})
        .Input({4, 3, 3, 1})
        .ExpectNear(
            [&](const std::vector<Tensor>& inputs) { return OneByOne(Pointwise(inputs), inputs, stride, false); },
            {0, 1e-6});
  }
}

TEST(ConvDepthwiseTest, TheFirstMayReadColours) {
  for (const char* layout : {"NHWC", "NCHW"}) {
    OpTester("_conv_depthwise")
        .Attr("first_kernel", IntTuple{3, 3})
        .Attr("first_stride", IntTuple{2, 2})
        .Attr("first_pad", IntTuple{1, 0})
        .Attr("first_data_layout", layout)
        .Attr("pad", IntTuple{1, 1})
        .Attr("first_activation", "relu")
        .Input(std::string(layout) == "NHWC" ? Shape{2, 29, 33, 3} : Shape{2, 3, 29, 33})
        .Input({8, 3, 3, 3})
        .Input({8, 3, 3, 1})
        .ExpectNear(
            [&](const std::vector<Tensor>& inputs) {
              OpTester first = Convolution(inputs[0], inputs[1], 3, 1);
              first.Attr("stride", IntTuple{2, 2}).Attr("pad", IntTuple{1, 0}).Attr("data_layout", layout);
              return OneByOne(first, inputs, 1, false);
            },
            {0, 1e-6});
  }
}

TEST(ConvDepthwiseTest, RefusesWhatItIsNotFor) {
  const auto infer = [](IntTuple stride, IntTuple pad, Shape data, Shape weight) {
    return OpTester("_conv_depthwise")
        .Attr("stride", stride)
        .Attr("pad", pad)
        .Input(data)
        .Input({4, 1, 1, 3})
        .Input(weight)
        .Infer();
  };
  const Shape data = {1, 5, 5, 3}, weight = {4, 3, 3, 1};
  EXPECT_OK(infer({1, 1}, {1, 1}, data, weight));
  EXPECT_THAT(infer({1, 2}, {1, 1}, data, weight), StatusIs(kInvalid));
  EXPECT_THAT(infer({3, 3}, {1, 1}, data, weight), StatusIs(kInvalid));
  EXPECT_THAT(infer({1, 1}, {2, 1}, data, weight), StatusIs(kInvalid));
  EXPECT_THAT(infer({1}, {1, 1}, data, weight), StatusIs(kInvalid));
  EXPECT_THAT(infer({1, 1}, {1, 1}, {1, 5, 5, 4}, weight), StatusIs(kInvalid));
  EXPECT_THAT(infer({1, 1}, {0, 0}, {1, 2, 5, 3}, weight), StatusIs(kInvalid));
  EXPECT_THAT(infer({1, 1}, {1, 1}, data, {4, 5, 5, 1}), StatusIs(kInvalid));
  EXPECT_THAT(infer({1, 1}, {1, 1}, {5, 5, 3}, weight), StatusIs(kInvalid));
}

TEST(ConvDepthwiseTest, RefusesAFirstThatIsNoConvolutionOverTwoAxes) {
  const auto infer = [](IntTuple kernel, IntTuple stride, IntTuple pad, const char* layout) {
    return OpTester("_conv_depthwise")
        .Attr("first_kernel", kernel)
        .Attr("first_stride", stride)
        .Attr("first_pad", pad)
        .Attr("first_data_layout", layout)
        .Attr("pad", IntTuple{1, 1})
        .Input({1, 3, 9, 9})
        .Input({4, 3, 3, 3})
        .Input({4, 3, 3, 1})
        .Infer();
  };
  EXPECT_OK(infer({3, 3}, {2, 2}, {1, 1}, "NCHW"));
  EXPECT_THAT(infer({3, 3}, {2, 2}, {1, 1}, "NHWC"), StatusIs(kInvalid));  // 9 channels, the weight has 3
  EXPECT_THAT(infer({3, 3}, {2, 2}, {1, 1}, "NCW"), StatusIs(kInvalid));
  EXPECT_THAT(infer({3}, {2}, {1}, "NCHW"), StatusIs(kInvalid));
  EXPECT_THAT(infer({3, 3, 3}, {1, 1, 1}, {0, 0, 0}, "NCHW"), StatusIs(kInvalid));
  EXPECT_THAT(infer({0, 3}, {1, 1}, {0, 0}, "NCHW"), StatusIs(kInvalid));
  EXPECT_THAT(infer({3, 3}, {0, 1}, {0, 0}, "NCHW"), StatusIs(kInvalid));
  EXPECT_THAT(infer({3, 3}, {1, 1}, {-1, 0}, "NCHW"), StatusIs(kInvalid));
  EXPECT_THAT(infer({12, 12}, {1, 1}, {0, 0}, "NCHW"), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
