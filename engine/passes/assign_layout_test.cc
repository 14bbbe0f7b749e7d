#include "engine/passes/passes.h"
#include "engine/passes/testing/pass_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(AssignLayoutTest, AChainOfLayersHasOneTransposeAtEachEnd) {
  EXPECT_EQ(RunPass(AssignLayout, R"(
                input data: float32 [2, 6, 6, 6]
                const w: float32 [4, 6, 3, 3]
                conv = Convolution(data, w) {kernel=(3, 3), no_bias=True, num_filter=4}
                act = relu(conv)
                pool = Pooling(act) {kernel=(2, 2), stride=(2, 2)}
                output y_output = pool)"),
            WithoutTypes(R"(
                input data: float32 [2, 6, 6, 6]
                data_transposed = transpose(data) {axes=(0, 2, 3, 1)}
                const w: float32 [4, 6, 3, 3]
                w_transposed = transpose(w) {axes=(0, 2, 3, 1)}
                conv = Convolution(data_transposed, w_transposed) {kernel=(3, 3), layout=NHWC, no_bias=True, num_filter=4}
                act = relu(conv)
                pool = Pooling(act) {kernel=(2, 2), layout=NHWC, stride=(2, 2)}
                pool_transposed = transpose(pool) {axes=(0, 3, 1, 2)}
                output y_output = pool_transposed)"));
}

TEST(AssignLayoutTest, AFirstConvolutionReadsThePictureAsItComes) {
  const std::string after = RunPass(AssignLayout, R"(
      input data: float32 [2, 3, 8, 8]
      const w: float32 [4, 3, 3, 3]
      y = Convolution(data, w) {kernel=(3, 3), no_bias=True, num_filter=4}
      output y_output = y)");
  EXPECT_THAT(after, HasSubstr("y = Convolution(data, w_transposed) {data_layout=NCHW"));
  EXPECT_THAT(after, HasSubstr("layout=NHWC"));
}

TEST(AssignLayoutTest, ADenseLayerBehindAMapPermutesItsWeightInstead) {
  for (const char* flatten :
       {"flat = Flatten(conv)\n", "flat = Reshape(conv) {shape=(0, -1)}\n", "flat = _copy(conv)\n"}) {
    const std::string after = RunPass(AssignLayout, std::string(R"(
        input data: float32 [2, 3, 4, 4]
        const w: float32 [4, 3, 3, 3]
        const v: float32 [5, 16]
        conv = Convolution(data, w) {kernel=(3, 3), no_bias=True, num_filter=4}
        )") + flatten + R"(
        y = FullyConnected(flat, v) {no_bias=True, num_hidden=5}
        output y_output = y)");
    EXPECT_THAT(after, HasSubstr("y = FullyConnected(conv, y_reshaped")) << flatten;
    EXPECT_THAT(after, Not(HasSubstr("Flatten")));
  }
}

TEST(AssignLayoutTest, ConcatAndBatchNormFollowWithTheirAxis) {
  const std::string after = RunPass(AssignLayout, R"(
      input data: float32 [2, 3, 4, 4]
      const w: float32 [4, 3, 1, 1]
      const gamma: float32 [7]
      const beta: float32 [7]
      const mean: float32 [7]
      const var: float32 [7]
      conv = Convolution(data, w) {kernel=(1, 1), no_bias=True, num_filter=4}
      joined = Concat(conv, data) {dim=1, num_args=2}
      norm = BatchNorm(joined, gamma, beta, mean, var)
      y = Pooling(norm) {global_pool=True}
      output y_output = y)");
  EXPECT_THAT(after, HasSubstr("joined = Concat(conv, data_transposed) {dim=3"));
  EXPECT_THAT(after, HasSubstr("axis=3"));
  EXPECT_THAT(after, HasSubstr("y = Pooling(norm)"));
}

TEST(AssignLayoutTest, OperandsOfLowerRankAreBroadcastAsBefore) {
  RunPass(AssignLayout, R"(
      input data: float32 [2, 3, 4, 5]
      input scale: float32 [3, 1, 1]
      input row: float32 [5]
      const w: float32 [3, 3, 1, 1]
      conv = Convolution(data, w) {kernel=(1, 1), no_bias=True, num_filter=3}
      a = broadcast_mul(conv, scale)
      y = broadcast_add(a, row)
      output y_output = y)");
}

TEST(AssignLayoutTest, ReadersThatKnowOneLayoutOnlyGetIt) {
  const std::string after = RunPass(AssignLayout, R"(
      input data: float32 [2, 3, 4, 5]
      const w: float32 [3, 3, 1, 1]
      conv = Convolution(data, w) {kernel=(1, 1), no_bias=True, num_filter=3}
      y = Reshape(conv) {shape=(2, 3, 20)}
      output y_output = y)");
  EXPECT_THAT(after, HasSubstr("y = Reshape(conv_transposed)"));
}

TEST(AssignLayoutTest, OneDimensionalAndThreeDimensionalConvolutionsChangeToo) {
  EXPECT_THAT(RunPass(AssignLayout, R"(
                  input data: float32 [2, 3, 8]
                  const w: float32 [4, 3, 3]
                  y = Convolution(data, w) {kernel=(3,), no_bias=True, num_filter=4}
                  output y_output = y)"),
              HasSubstr("layout=NWC"));
  EXPECT_THAT(RunPass(AssignLayout, R"(
                  input data: float32 [1, 2, 4, 4, 4]
                  const w: float32 [3, 2, 2, 2, 2]
                  y = Convolution(data, w) {kernel=(2, 2, 2), no_bias=True, num_filter=3}
                  output y_output = y)"),
              HasSubstr("layout=NDHWC"));
}

}  // namespace
}  // namespace baryon
