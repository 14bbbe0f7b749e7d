#include <string>

#include "engine/passes/passes.h"
#include "engine/passes/testing/pass_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(FuseAttentionTest, ScoresSoftmaxAndValuesBecomeOneOperator) {
  EXPECT_EQ(RunPass(FuseAttention, R"(
                input data: float32 [5, 2, 12]
                q = _contrib_interleaved_matmul_selfatt_qk(data) {heads=2}
                s = softmax(q) {axis=-1}
                y = _contrib_interleaved_matmul_selfatt_valatt(data, s) {heads=2}
                output y_output = y)"),
            WithoutTypes(R"(
                input data: float32 [5, 2, 12]
                y = _self_attention(data) {heads=2}
                output y_output = y)"));
}

TEST(FuseAttentionTest, LengthsOfTheSoftmaxComeAlong) {
  EXPECT_THAT(RunPass(FuseAttention, R"(
                  input data: float32 [5, 2, 12]
                  input length: int32 [4, 5]
                  q = _contrib_interleaved_matmul_selfatt_qk(data) {heads=2}
                  s = softmax(q, length) {axis=-1, use_length=True}
                  y = _contrib_interleaved_matmul_selfatt_valatt(data, s) {heads=2}
                  output y_output = y)"),
              HasSubstr("y = _self_attention(data, length) {heads=2, use_length=True}"));
}

// The graph with `softmax` in the middle.
std::string Fused(const std::string& softmax, const std::string& outputs = "") {
  return RunPass(FuseAttention, R"(
      input data: float32 [5, 2, 12]
      q = _contrib_interleaved_matmul_selfatt_qk(data) {heads=2}
      )" + softmax + R"(
      y = _contrib_interleaved_matmul_selfatt_valatt(data, s) {heads=2}
      output y_output = y)" + outputs);
}

TEST(FuseAttentionTest, OtherNormalisationsStay) {
  for (const char* other : {"s = softmax(q) {axis=1}", "s = softmax(q) {temperature=2.0}", "s = log_softmax(q)",
                            "t = _mul_scalar(q) {scalar=2.0}\n s = softmax(t)"}) {
    EXPECT_THAT(Fused(other), Not(HasSubstr("_self_attention"))) << other;
  }
}

TEST(FuseAttentionTest, WeightsThatSomebodyElseReadsStay) {
  EXPECT_THAT(Fused("s = softmax(q)", "\n output s_output = s"), Not(HasSubstr("_self_attention")));
  EXPECT_THAT(Fused("s = softmax(q)", "\n output q_output = q"), Not(HasSubstr("_self_attention")));
}

TEST(FuseAttentionTest, ValuesOfAnotherArrayStay) {
  EXPECT_THAT(RunPass(FuseAttention, R"(
                  input data: float32 [5, 2, 12]
                  input other: float32 [5, 2, 12]
                  q = _contrib_interleaved_matmul_selfatt_qk(other) {heads=2}
                  s = softmax(q)
                  y = _contrib_interleaved_matmul_selfatt_valatt(data, s) {heads=2}
                  output y_output = y)"),
              Not(HasSubstr("_self_attention")));
}

}  // namespace
}  // namespace baryon
