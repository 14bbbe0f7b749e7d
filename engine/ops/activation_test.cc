#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

Reference Each(std::function<double(double)> fn) {
  return [fn](const std::vector<Tensor>& inputs) {
    Tensor wide = inputs[0].Cast(DType::kFloat64), out = Tensor::Allocate(wide.type());
    for (int64_t i = 0; i < wide.num_elements(); ++i) out.mutable_data<double>()[i] = fn(wide.data<double>()[i]);
    return std::vector<Tensor>{out.Cast(inputs[0].dtype())};
  };
}

double SoftRelu(double x) { return std::log(1 + std::exp(x)); }

const std::pair<const char*, std::function<double(double)>> kActivations[] = {
    {"relu", [](double x) { return std::max(x, 0.0); }},
    {"sigmoid", [](double x) { return 1 / (1 + std::exp(-x)); }},
    {"tanh", [](double x) { return std::tanh(x); }},
    {"softrelu", SoftRelu},
    {"softsign", [](double x) { return x / (1 + std::abs(x)); }},
    {"log_sigmoid", [](double x) { return -SoftRelu(-x); }},
    {"mish", [](double x) { return x * std::tanh(SoftRelu(x)); }},
};

TEST(ActivationTest, AgreesWithItsFormulas) {
  for (const auto& [name, fn] : kActivations) {
    OpTester("Activation").Attr("act_type", name).Input({7, 41}, Uniform(-9, 9)).ExpectNear(Each(fn), Relative(2e-6));
    OpTester("Activation")
        .Attr("act_type", name)
        .Input({5}, Uniform(-9, 9).As(DType::kFloat64))
        .ExpectNear(Each(fn), Relative(1e-12));
    OpTester("Activation")
        .Attr("act_type", name)
        .Input({40}, Uniform(-9, 9).As(DType::kFloat16))
        .ExpectNear(Each(fn), Relative(2e-3));
  }
}

TEST(ActivationTest, OperatorsOfTheirOwnAreTheSame) {
  for (const auto& [name, fn] : kActivations) {
    if (std::string(name) == "softrelu") continue;
    OpTester(name).Input({3, 50}, Uniform(-9, 9)).ExpectNear(Each(fn), Relative(2e-6));
  }
}

TEST(ActivationTest, ReluKeepsWholeNumbersExact) {
  const auto big = Tensor::FromData<int64_t>({2}, {-5, (int64_t{1} << 60) + 1});
  OpTester("relu").Input(big).ExpectOutput(Tensor::FromData<int64_t>({2}, {0, (int64_t{1} << 60) + 1}));
}

TEST(ActivationTest, NanPasses) {
  for (const auto& [name, fn] : kActivations) {
    const auto got = OpTester("Activation").Attr("act_type", name).Input(Tensor::FromData<float>({1}, {NAN})).Run();
    ASSERT_OK(got);
    EXPECT_TRUE(std::isnan((*got)[0].data<float>()[0])) << name;
  }
}

TEST(ActivationTest, HardSigmoidIsALineBetweenLimits) {
  OpTester("hard_sigmoid")
      .Attr("alpha", 0.25)
      .Attr("beta", 0.5)
      .Input(Tensor::FromData<float>({4}, {-9, 0, 1, 9}))
      .ExpectOutput(Tensor::FromData<float>({4}, {0, 0.5f, 0.75f, 1}));
}

TEST(ActivationTest, RefusesUnknownNames) {
  EXPECT_THAT(OpTester("Activation").Attr("act_type", "swirl").Input({2}).Infer(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("swirl")));
  EXPECT_THAT(OpTester("Activation").Input({2}).Infer(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("act_type")));
}

}  // namespace
}  // namespace baryon
