#include <cmath>
#include <limits>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

OpTester Masked(const std::string& op, const Tensor& mask) {
  return OpTester(op).Input(Tensor::FromData<float>({2, 3}, {1, 5, 1, 7, 8, 9})).Input(mask);
}

TEST(MaskedSoftmaxTest, MaskedElementsTakeNoPart) {
  const Tensor mask = Tensor::FromData<bool>({2, 3}, {true, false, true, false, false, true});
  Masked("masked_softmax", mask).ExpectOutput(Tensor::FromData<float>({2, 3}, {0.5f, 0, 0.5f, 0, 0, 1}));
  Masked("masked_log_softmax", mask)
      .ExpectOutput(
          Tensor::FromData<float>({2, 3}, {std::log(0.5f), -kInfinity, std::log(0.5f), -kInfinity, -kInfinity, 0}),
          Ulps(2));
  Masked("masked_softmax", mask)
      .Attr("axis", 0)
      .ExpectOutput(Tensor::FromData<float>({2, 3}, {1, 0, std::exp(-8.0f), 0, 0, 1 / (1 + std::exp(-8.0f))}),
                    Relative(1e-3));
}

TEST(MaskedSoftmaxTest, LinesWithoutElementsAreZero) {
  const Tensor mask = Tensor::FromData<bool>({2, 1}, {false, true});
  Masked("masked_softmax", mask)
      .Attr("temperature", 1e-3)
      .ExpectOutput(Tensor::FromData<float>({2, 3}, {0, 0, 0, 0, 0, 1}));
}

TEST(MaskedSoftmaxTest, MasksBroadcast) {
  Masked("masked_softmax", Tensor::FromData<bool>({1, 3}, {false, false, true}))
      .ExpectOutput(Tensor::FromData<float>({2, 3}, {0, 0, 1, 0, 0, 1}));
}

TEST(MaskedSoftmaxTest, RejectsMasksThatDoNotFit) {
  EXPECT_THAT(Masked("masked_softmax", Tensor::Zeros({DType::kBool, {3}})).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(Masked("masked_softmax", Tensor::Zeros({DType::kBool, {2, 2}})).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(Masked("masked_softmax", Tensor::Zeros({DType::kFloat32, {2, 3}})).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
