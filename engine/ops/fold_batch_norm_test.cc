#include <cmath>

#include "engine/ops/testing/op_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(FoldBatchNormTest, ScalesTheWeightOfEachOutputChannel) {
  const Tensor weight = Tensor::FromData<float>({2, 2}, {1, 2, 3, 4});
  const Tensor gamma = Tensor::FromData<float>({2}, {2, 3}), var = Tensor::FromData<float>({2}, {0.25f, 4});
  OpTester("_fold_batch_norm_weight")
      .Attr("eps", 0.0).Attr("fix_gamma", false)
      .Input(weight).Input(gamma).Input(var)
      .ExpectOutput(Tensor::FromData<float>({2, 2}, {4, 8, 4.5f, 6}));
  OpTester("_fold_batch_norm_weight")
      .Attr("eps", 0.0).Attr("fix_gamma", false).Attr("axis", 1)
      .Input(weight).Input(gamma).Input(var)
      .ExpectOutput(Tensor::FromData<float>({2, 2}, {4, 3, 12, 6}));
}

TEST(FoldBatchNormTest, FixedGammaCountsAsOne) {
  OpTester("_fold_batch_norm_weight")
      .Attr("eps", 0.75)
      .Input(Tensor::FromData<float>({1, 1}, {3})).Input(Tensor::FromData<float>({1}, {100}))
      .Input(Tensor::FromData<float>({1}, {0.25f}))
      .ExpectOutput(Tensor::FromData<float>({1, 1}, {3}));
}

TEST(FoldBatchNormTest, BiasMovesByTheMeanAndBeta) {
  const auto bias_tester = [](bool has_bias) {
    OpTester tester("_fold_batch_norm_bias");
    tester.Attr("eps", 0.0).Attr("fix_gamma", false).Attr("has_bias", has_bias);
    for (float value : {2.0f, 5.0f, 3.0f, 4.0f}) tester.Input(Tensor::FromData<float>({1}, {value}));
    if (has_bias) tester.Input(Tensor::FromData<float>({1}, {7.0f}));
    return tester;
  };
  bias_tester(false).ExpectOutput(Tensor::FromData<float>({1}, {2}));  // 2 / 2 * (0 - 3) + 5
  bias_tester(true).ExpectOutput(Tensor::FromData<float>({1}, {9}));   // 2 / 2 * (7 - 3) + 5
}

TEST(FoldBatchNormTest, RejectsVectorsOfAnotherLength) {
  EXPECT_FALSE(OpTester("_fold_batch_norm_weight").Input({2, 2}).Input({3}).Input({3}).Infer().ok());
}

}  // namespace
}  // namespace baryon
