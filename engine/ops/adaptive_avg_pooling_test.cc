#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/conv_op_tester.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

std::vector<Tensor> Average(const std::vector<Tensor>& inputs, int64_t height, int64_t width) {
  const Shape& in = inputs[0].shape();
  Tensor out = Tensor::Allocate({DType::kFloat32, {in[0], in[1], height, width}});
  float* y = out.mutable_data<float>();
  for (int64_t map = 0; map < in[0] * in[1]; ++map) {
    for (int64_t i = 0; i < height; ++i) {
      for (int64_t j = 0; j < width; ++j) {
        double sum = 0;
        int64_t count = 0;
        for (int64_t row = i * in[2] / height; row * height < (i + 1) * in[2]; ++row) {
          for (int64_t column = j * in[3] / width; column * width < (j + 1) * in[3]; ++column, ++count) {
            sum += inputs[0].data<float>()[(map * in[2] + row) * in[3] + column];
          }
        }
        *y++ = static_cast<float>(sum / count);
      }
    }
  }
  return {out};
}

TEST(AdaptiveAvgPoolingTest, MatchesReferenceInBothLayouts) {
  for (auto [text, height, width] : {std::tuple("(3, 4)", 3, 4), {"2", 2, 2}, {"()", 1, 1}, {"(9, 8)", 9, 8}}) {
    const OpTester first =
        OpTester("_contrib_AdaptiveAvgPooling2D").Attr("output_size", text).Input({2, 5, 7, 6}, Uniform(-1, 1));
    const std::vector<Tensor> want = Average(first.inputs(), height, width);
    first.ExpectOutputs(want, {0, 1e-6});
    OpTester("_contrib_AdaptiveAvgPooling2D")
        .Attr("output_size", text)
        .Attr("layout", "NHWC")
        .Input(MoveChannels(first.inputs()[0], true))
        .ExpectOutput(MoveChannels(want[0], true), {0, 1e-6});
  }
}

TEST(AdaptiveAvgPoolingTest, RejectsSizesOfNothing) {
  EXPECT_THAT(OpTester("_contrib_AdaptiveAvgPooling2D").Attr("output_size", "(0, 2)").Input({1, 1, 2, 2}).Infer(),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(OpTester("_contrib_AdaptiveAvgPooling2D").Input({1, 2, 2}).Infer(),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace baryon
