#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/initializer.h"
#include "engine/gluon/testing/filled.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

TEST(RecurrentInitializerTest, OpensTheForgetGate) {
  EXPECT_EQ(Filled("lstmbias", {8}).ToString(), "array([0., 0., 1., 1., 0., 0., 0., 0.])");
  EXPECT_EQ(Filled(init::LSTMBias(2), {4}).ToString(), "array([0., 2., 0., 0.])");
}

// One layer of an LSTM with 2 units on 3 columns: i2h 8x3, h2h 8x2, then two biases of 8.
TEST(RecurrentInitializerTest, FillsAFusedVectorPartByPart) {
  const NDArray v = Filled(init::RNNFused({.mode = "lstm",
                                           .num_layers = 1,
                                           .state_size = 2,
                                           .i2h_weight_initializer = init::Constant(1),
                                           .h2h_weight_initializer = init::Constant(2),
                                           .i2h_bias_initializer = "zeros",
                                           .h2h_bias_initializer = init::LSTMBias(5)}),
                           {24 + 16 + 16});
  EXPECT_TRUE(np::ArrayEqual(v.Slice(0, 24), np::Ones({24})));
  EXPECT_TRUE(np::ArrayEqual(v.Slice(24, 40), np::Full({16}, 2)));
  EXPECT_TRUE(np::ArrayEqual(v.Slice(40, 48), np::Zeros({8})));
  EXPECT_TRUE(np::ArrayEqual(v.Slice(48), np::Array({0, 0, 5, 5, 0, 0, 0, 0})));
}

TEST(RecurrentInitializerTest, KnowsLayersDirectionsAndProjections) {
  // Two layers of two directions with 2 units and a projection to 1, on 3 columns, one gate.
  const int64_t first = 2 * (2 * 3 + 2 * 1 + 1 * 2), second = 2 * (2 * 2 + 2 * 1 + 1 * 2), biases = 4 * 4;
  const init::Initializer fused = init::RNNFused({.mode = "rnn_tanh",
                                                  .num_layers = 2,
                                                  .state_size = 2,
                                                  .bidirectional = true,
                                                  .projection_size = 1,
                                                  .i2h_bias_initializer = "ones",
                                                  .h2h_bias_initializer = "ones",
                                                  .h2r_weight_initializer = init::Constant(7)});
  const NDArray v = Filled(fused, {first + second + biases}, "rnn_param", init::Zero());
  EXPECT_TRUE(np::ArrayEqual(v.Slice(0, 10), np::Array({0, 0, 0, 0, 0, 0, 0, 0, 7, 7})));
  EXPECT_TRUE(np::ArrayEqual(v.Slice(first, first + 8), np::Array({0, 0, 0, 0, 0, 0, 7, 7})));
  EXPECT_TRUE(np::ArrayEqual(v.Slice(first + second), np::Ones({biases})));
  EXPECT_THAT(Filled(fused, {first + second + biases + 1}).status(), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Filled(init::RNNFused({.mode = "elman", .state_size = 1}), {4}).status(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("\"elman\"")));
}

TEST(RecurrentInitializerTest, FillsFusedVectorsOfTheOlderKind) {
  const NDArray v = Filled(init::FusedRNN({.num_hidden = 1, .mode = "lstm", .forget_bias = 3}), {4 * 2 + 4 + 8},
                           "parameters", init::Constant(0.5));
  EXPECT_TRUE(np::ArrayEqual(v.Slice(0, 12), np::Full({12}, 0.5)));
  EXPECT_TRUE(np::ArrayEqual(v.Slice(12), np::Array({0.5, 3, 0.5, 0.5, 0.5, 3, 0.5, 0.5})));
}

}  // namespace
}  // namespace baryon
