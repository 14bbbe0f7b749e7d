#include "engine/passes/passes.h"
#include "engine/passes/testing/pass_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kVectors[] = R"(
    const gamma: float32 [4]
    const beta: float32 [4]
    const mean: float32 [4]
    const var: float32 [4])";

TEST(FoldBatchNormTest, GoesIntoAConvolutionWithoutBias) {
  EXPECT_EQ(RunPass(FoldBatchNorm, std::string(kVectors) + R"(
                input data: float32 [2, 3, 5, 5]
                const w: float32 [4, 3, 3, 3]
                conv = Convolution(data, w) {kernel=(3, 3), no_bias=True, num_filter=4}
                y = BatchNorm(conv, gamma, beta, mean, var) {eps=1e-05, fix_gamma=False}
                output y_output = y)"),
            WithoutTypes(R"(
                input data: float32 [2, 3, 5, 5]
                const w: float32 [4, 3, 3, 3]
                const gamma: float32 [4]
                const var: float32 [4]
                conv_weight_folded = _fold_batch_norm_weight(w, gamma, var) {eps=1e-05, fix_gamma=False}
                const beta: float32 [4]
                const mean: float32 [4]
                y_bias = _fold_batch_norm_bias(gamma, beta, mean, var) {eps=1e-05, fix_gamma=False}
                conv = Convolution(data, conv_weight_folded, y_bias) {kernel=(3, 3), num_filter=4}
                output y_output = conv)"));
}

TEST(FoldBatchNormTest, GoesIntoLayersWithBias) {
  for (const char* layer : {"c = Convolution(data, w, b) {kernel=(1, 1), num_filter=4}",
                            "c = Deconvolution(data, wt, b) {kernel=(1, 1), num_filter=4, no_bias=False}",
                            "c = FullyConnected(data, wd, b) {num_hidden=4}"}) {
    EXPECT_THAT(RunPass(FoldBatchNorm, std::string(kVectors) + R"(
                    input data: float32 [2, 3, 2, 2]
                    const w: float32 [4, 3, 1, 1]
                    const wt: float32 [3, 4, 1, 1]
                    const wd: float32 [4, 12]
                    const b: float32 [4])" +
                                           "\n" + layer + R"(
                    y = BatchNorm(c, gamma, beta, mean, var) {fix_gamma=True}
                    output y_output = y)"),
                Not(HasSubstr("BatchNorm(")))
        << layer;
  }
}

TEST(FoldBatchNormTest, StaysBehindALayerThatSomebodyElseReads) {
  EXPECT_THAT(RunPass(FoldBatchNorm, std::string(kVectors) + R"(
                  input data: float32 [2, 3, 5, 5]
                  const w: float32 [4, 3, 3, 3]
                  conv = Convolution(data, w) {kernel=(3, 3), no_bias=True, num_filter=4}
                  y = BatchNorm(conv, gamma, beta, mean, var)
                  z = elemwise_add(conv, y)
                  output z_output = z)"),
              HasSubstr("BatchNorm("));
}

TEST(FoldBatchNormTest, KeepsSharedWeights) {
  const std::string after = RunPass(FoldBatchNorm, std::string(kVectors) + R"(
      input data: float32 [2, 3, 5, 5]
      const w: float32 [4, 3, 3, 3]
      a = Convolution(data, w) {kernel=(3, 3), no_bias=True, num_filter=4}
      b = Convolution(data, w) {kernel=(3, 3), no_bias=True, num_filter=4}
      y = BatchNorm(a, gamma, beta, mean, var)
      z = elemwise_add(b, y)
      output z_output = z)");
  EXPECT_THAT(after, HasSubstr("b = Convolution(data, w)"));
  EXPECT_THAT(after, HasSubstr("a = Convolution(data, a_weight_folded, y_bias)"));
}

}  // namespace
}  // namespace baryon
