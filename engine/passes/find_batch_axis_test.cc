#include "engine/passes/passes.h"
#include "engine/passes/testing/pass_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kWeights[] = R"(
    input data: float32 [2, 3, 4]
    const w: float32 [5, 4]
    const v: float32 [4, 5]
    const gamma: float32 [4]
    const beta: float32 [4])";

// The graph behind kWeights that `lines` add, whose result is y.
std::string Found(const std::string& lines) {
  return RunPass(FindBatchAxis, std::string(kWeights) + lines + "\n output y_output = y");
}

TEST(FindBatchAxisTest, LayersOverSequencesLearnWhichAxisCountsItems) {
  EXPECT_THAT(Found("\n y = FullyConnected(data, w) {num_hidden=5, no_bias=True, flatten=False}"),
              HasSubstr("batch_axis=0"));
}

TEST(FindBatchAxisTest, TransposesMoveTheBatch) {
  EXPECT_THAT(Found(R"(
                  t = transpose(data) {axes=(1, 0, 2)}
                  y = FullyConnected(t, w) {num_hidden=5, no_bias=True, flatten=False})"),
              HasSubstr("batch_axis=1"));
}

TEST(FindBatchAxisTest, TheLayersOfATransformerAreFollowed) {
  const std::string found = Found(R"(
      t = transpose(data) {axes=(1, 0, 2)}
      n = LayerNorm(t, gamma, beta)
      f = FullyConnected(n, w) {num_hidden=5, no_bias=True, flatten=False}
      g = LeakyReLU(f) {act_type=gelu}
      h = FullyConnected(g, v) {num_hidden=4, no_bias=True, flatten=False}
      s = elemwise_add(h, n)
      y = FullyConnected(s, w) {num_hidden=5, no_bias=True, flatten=False})");
  for (const char* layer : {"f = FullyConnected", "h = FullyConnected", "y = FullyConnected"}) {
    EXPECT_THAT(found.substr(found.find(layer), 100), HasSubstr("batch_axis=1"));
  }
}

TEST(FindBatchAxisTest, AttentionHasTheBatchOnAxisOne) {
  EXPECT_THAT(RunPass(FindBatchAxis, R"(
                  input data: float32 [2, 3, 6]
                  const w: float32 [5, 2]
                  t = transpose(data) {axes=(1, 0, 2)}
                  q = _contrib_interleaved_matmul_selfatt_qk(t) {heads=1}
                  v = _contrib_interleaved_matmul_selfatt_valatt(t, q) {heads=1}
                  y = FullyConnected(v, w) {num_hidden=5, no_bias=True, flatten=False}
                  output y_output = y)"),
              HasSubstr("batch_axis=1"));
}

TEST(FindBatchAxisTest, BehindWhatMixesRowsTheBatchIsLost) {
  for (const char* mix : {"m = Reshape(data) {shape=(3, 2, 4)}", "m = reverse(data) {axis=0}"}) {
    EXPECT_THAT(
        Found(std::string("\n ") + mix + "\n y = FullyConnected(m, w) {num_hidden=5, no_bias=True, flatten=False}"),
        Not(HasSubstr("batch_axis")));
  }
}

TEST(FindBatchAxisTest, OperandsThatDisagreeAreBelievedNeither) {
  EXPECT_THAT(RunPass(FindBatchAxis, R"(
                  input data: float32 [3, 3, 4]
                  const w: float32 [5, 4]
                  t = transpose(data) {axes=(1, 0, 2)}
                  s = elemwise_add(data, t)
                  y = FullyConnected(s, w) {num_hidden=5, no_bias=True, flatten=False}
                  output y_output = y)"),
              Not(HasSubstr("batch_axis")));
}

TEST(FindBatchAxisTest, LayersOfOneRowForEachItemStay) {
  EXPECT_THAT(RunPass(FindBatchAxis, R"(
                  input data: float32 [3, 4]
                  const w: float32 [5, 4]
                  y = FullyConnected(data, w) {num_hidden=5, no_bias=True, flatten=False}
                  output y_output = y)"),
              Not(HasSubstr("batch_axis")));
}

}  // namespace
}  // namespace baryon
