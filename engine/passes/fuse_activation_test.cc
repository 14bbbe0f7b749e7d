#include "engine/passes/passes.h"
#include "engine/passes/testing/pass_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kHead[] = R"(
    input data: float32 [2, 3, 4, 4]
    const w: float32 [3, 3, 1, 1]
    conv = Convolution(data, w) {kernel=(1, 1), no_bias=True, num_filter=3})";

TEST(FuseActivationTest, EveryActivationBecomesAnAttribute) {
  for (const char* activation :
       {"Activation(conv) {act_type=relu}", "relu(conv)", "sigmoid(conv)", "tanh(conv)",
        "Activation(conv) {act_type=softsign}", "Activation(conv) {act_type=softrelu}",
        "clip(conv) {a_max=6.0, a_min=0.0}", "LeakyReLU(conv) {act_type=leaky, slope=0.1}",
        "LeakyReLU(conv) {act_type=elu}", "LeakyReLU(conv) {act_type=gelu}", "LeakyReLU(conv) {act_type=selu}"}) {
    const std::string after =
        RunPass(FuseActivation, std::string(kHead) + "\n y = " + activation + "\n output y_output = y");
    EXPECT_THAT(after, HasSubstr("activation=")) << activation;
    EXPECT_THAT(after, HasSubstr("output y_output = conv")) << activation;
  }
}

TEST(FuseActivationTest, ASecondActivationStays) {
  const std::string after = RunPass(FuseActivation, std::string(kHead) + R"(
      a = relu(conv)
      y = tanh(a)
      output y_output = y)");
  EXPECT_THAT(after, HasSubstr("activation=relu"));
  EXPECT_THAT(after, HasSubstr("y = tanh(conv)"));
}

TEST(FuseActivationTest, ALayerWithAnotherReaderStays) {
  EXPECT_THAT(RunPass(FuseActivation, std::string(kHead) + R"(
                  a = relu(conv)
                  y = elemwise_add(conv, a)
                  output y_output = y)"),
              Not(HasSubstr("activation=")));
}

TEST(FuseActivationTest, DenseLayersTakeThemToo) {
  EXPECT_THAT(RunPass(FuseActivation, R"(
                  input data: float32 [2, 3]
                  const w: float32 [4, 3]
                  const b: float32 [4]
                  dense = FullyConnected(data, w, b) {num_hidden=4}
                  y = relu(dense)
                  output y_output = y)"),
              HasSubstr("activation=relu"));
}

// A batch norm with more attributes, and what follows it.
std::string AfterNorm(const std::string& attrs, const std::string& rest) {
  return RunPass(FuseActivation, R"(
    input data: float32 [2, 3, 4, 4]
    const gamma: float32 [3]
    const beta: float32 [3]
    const mean: float32 [3]
    const var: float32 [3]
    norm = BatchNorm(data, gamma, beta, mean, var) {eps=0.01, fix_gamma=False)" +
                                     attrs + "}\n" + rest + "\n output y_output = y");
}

TEST(FuseActivationTest, ABatchNormTakesReluAlone) {
  const std::string after = AfterNorm("", "y = Activation(norm) {act_type=relu}");
  EXPECT_THAT(after, HasSubstr("norm = _contrib_BatchNormWithReLU(data, gamma, beta, mean, var)"));
  EXPECT_THAT(after, HasSubstr("eps=0.01"));
  EXPECT_THAT(after, HasSubstr("fix_gamma=False"));
  EXPECT_THAT(after, HasSubstr("output y_output = norm"));
  EXPECT_THAT(AfterNorm("", "y = tanh(norm)"), HasSubstr("y = tanh(norm)"));
  EXPECT_THAT(AfterNorm("", "a = relu(norm)\n y = relu(a)"), HasSubstr("y = relu(norm)")) << "a second one stays";
}

TEST(FuseActivationTest, ABatchNormWithAnotherReaderStays) {
  EXPECT_THAT(AfterNorm("", "a = relu(norm)\n y = elemwise_add(norm, a)"), Not(HasSubstr("WithReLU")));
  EXPECT_THAT(AfterNorm(", output_mean_var=True",
                        "a = relu(norm)\n m = reshape(norm:1) {shape=(1, 3, 1, 1)}\n y = broadcast_add(a, m)"),
              Not(HasSubstr("WithReLU")));
}

}  // namespace
}  // namespace baryon
