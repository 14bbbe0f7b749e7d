#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

struct FunctionCase {
  std::string name;
  std::function<double(double)> fn;
  double low, high;
};

const FunctionCase kCases[] = {
    {"abs", [](double x) { return std::fabs(x); }, -4, 4},
    {"negative", [](double x) { return -x; }, -4, 4},
    {"sign", [](double x) { return (x > 0) - (x < 0); }, -4, 4},
    {"square", [](double x) { return x * x; }, -4, 4},
    {"round", [](double x) { return std::floor(std::fabs(x) + 0.5) * (x < 0 ? -1 : 1); }, -4, 4},
    {"rint", [](double x) { return std::ceil(x - 0.5); }, -4, 4},
    {"ceil", [](double x) { return std::ceil(x); }, -4, 4},
    {"floor", [](double x) { return std::floor(x); }, -4, 4},
    {"trunc", [](double x) { return std::trunc(x); }, -4, 4},
    {"fix", [](double x) { return std::trunc(x); }, -4, 4},
    {"reciprocal", [](double x) { return 1 / x; }, 0.1, 4},
    {"sqrt", [](double x) { return std::sqrt(x); }, 0, 4},
    {"rsqrt", [](double x) { return 1 / std::sqrt(x); }, 0.1, 4},
    {"cbrt", [](double x) { return std::cbrt(x); }, -4, 4},
    {"rcbrt", [](double x) { return 1 / std::cbrt(x); }, 0.1, 4},
    {"exp", [](double x) { return std::exp(x); }, -9, 9},
    {"expm1", [](double x) { return std::expm1(x); }, -4, 4},
    {"log", [](double x) { return std::log(x); }, 0.01, 9},
    {"log10", [](double x) { return std::log10(x); }, 0.01, 9},
    {"log2", [](double x) { return std::log2(x); }, 0.01, 9},
    {"log1p", [](double x) { return std::log1p(x); }, -0.9, 9},
    {"sin", [](double x) { return std::sin(x); }, -9, 9},
    {"cos", [](double x) { return std::cos(x); }, -9, 9},
    {"tan", [](double x) { return std::tan(x); }, -1, 1},
    {"arcsin", [](double x) { return std::asin(x); }, -1, 1},
    {"arccos", [](double x) { return std::acos(x); }, -1, 1},
    {"arctan", [](double x) { return std::atan(x); }, -9, 9},
    {"sinh", [](double x) { return std::sinh(x); }, -4, 4},
    {"cosh", [](double x) { return std::cosh(x); }, -4, 4},
    {"arcsinh", [](double x) { return std::asinh(x); }, -4, 4},
    {"arccosh", [](double x) { return std::acosh(x); }, 1, 9},
    {"arctanh", [](double x) { return std::atanh(x); }, -0.9, 0.9},
    {"degrees", [](double x) { return x * 180 / M_PI; }, -4, 4},
    {"radians", [](double x) { return x * M_PI / 180; }, -400, 400},
    {"erf", [](double x) { return std::erf(x); }, -4, 4},
    {"gamma", [](double x) { return std::tgamma(x); }, 0.5, 6},
    {"gammaln", [](double x) { return std::lgamma(x); }, 0.5, 6},
};

Reference Each(const std::function<double(double)>& fn) {
  return [fn](const std::vector<Tensor>& inputs) {
    Tensor wide = inputs[0].Cast(DType::kFloat64), out = Tensor::Allocate(wide.type());
    for (int64_t i = 0; i < wide.num_elements(); ++i) out.mutable_data<double>()[i] = fn(wide.data<double>()[i]);
    return std::vector<Tensor>{out.Cast(inputs[0].dtype())};
  };
}

TEST(UnaryMathTest, AgreesWithTheLibraryInEveryFloat) {
  for (const FunctionCase& c : kCases) {
    OpTester(c.name).Input({11, 30}, Uniform(c.low, c.high)).ExpectNear(Each(c.fn), Relative(2e-6));
    OpTester(c.name).Input({30}, Uniform(c.low, c.high).As(DType::kFloat64)).ExpectNear(Each(c.fn), Relative(1e-14));
    OpTester(c.name).Input({30}, Uniform(c.low, c.high).As(DType::kFloat16)).ExpectNear(Each(c.fn), Relative(1e-3));
  }
}

TEST(UnaryMathTest, ErfinvUndoesErf) {
  OpTester("erfinv")
      .Input({100}, Uniform(-0.999, 0.999).As(DType::kFloat64))
      .ExpectNear(
          [](const std::vector<Tensor>& inputs) {
            // Bisection: slow and obvious.
            Tensor out = Tensor::Allocate(inputs[0].type());
            for (int64_t i = 0; i < out.num_elements(); ++i) {
              double low = -6, high = 6;
              for (int step = 0; step < 200; ++step) {
                const double middle = (low + high) / 2;
                (std::erf(middle) < inputs[0].data<double>()[i] ? low : high) = middle;
              }
              out.mutable_data<double>()[i] = low;
            }
            return std::vector<Tensor>{out};
          },
          Relative(1e-12));
}

TEST(UnaryMathTest, DigammaIsTheSlopeOfGammaln) {
  OpTester("digamma")
      .Input({50}, Uniform(0.5, 20).As(DType::kFloat64))
      .ExpectNear(Each([](double x) { return (std::lgamma(x + 1e-5) - std::lgamma(x - 1e-5)) / 2e-5; }),
                  Relative(1e-8));
}

TEST(UnaryMathTest, WholeNumbersStayExactWhereTheyCan) {
  const int64_t big = (int64_t{1} << 60) + 1;
  const Tensor x = Tensor::FromData<int64_t>({2}, {-big, 3});
  OpTester("abs").Input(x).ExpectOutput(Tensor::FromData<int64_t>({2}, {big, 3}));
  OpTester("_npi_negative").Input(x).ExpectOutput(Tensor::FromData<int64_t>({2}, {big, -3}));
  OpTester("floor").Input(x).ExpectOutput(x);
}

TEST(UnaryMathTest, NumpysNamesWidenWholeNumbersInMxnet2) {
  const Tensor x = Tensor::FromData<int32_t>({2}, {0, 4});
  OpTester("_npi_sqrt").Attr("__mxnet_2__", true).Input(x).ExpectOutput(Tensor::FromData<float>({2}, {0, 2}));
  OpTester("_npi_sqrt").Input(x).ExpectOutput(Tensor::FromData<int32_t>({2}, {0, 2}));
}

TEST(UnaryMathTest, PredicatesAreBool) {
  const Tensor x = Tensor::FromData<float>({4}, {NAN, INFINITY, -INFINITY, 0});
  OpTester("_npi_isnan").Input(x).ExpectOutput(Tensor::FromData<bool>({4}, {true, false, false, false}));
  OpTester("_npi_isinf").Input(x).ExpectOutput(Tensor::FromData<bool>({4}, {false, true, true, false}));
  OpTester("_npi_isfinite").Input(x).ExpectOutput(Tensor::FromData<bool>({4}, {false, false, false, true}));
  OpTester("_npi_isneginf").Input(x).ExpectOutput(Tensor::FromData<bool>({4}, {false, false, true, false}));
  OpTester("_npi_logical_not").Input(x).ExpectOutput(Tensor::FromData<bool>({4}, {false, false, false, true}));
  OpTester("logical_not").Input(x).ExpectOutput(Tensor::FromData<float>({4}, {0, 0, 0, 1}));
}

TEST(UnaryMathTest, BitwiseNotIsForWholeNumbers) {
  OpTester("_npi_bitwise_not")
      .Input(Tensor::FromData<int32_t>({2}, {0, 5}))
      .ExpectOutput(Tensor::FromData<int32_t>({2}, {-1, -6}));
  OpTester("_npi_bitwise_not")
      .Input(Tensor::FromData<bool>({2}, {true, false}))
      .ExpectOutput(Tensor::FromData<bool>({2}, {false, true}));
  EXPECT_THAT(OpTester("_npi_bitwise_not").Input({2}).Infer(), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace baryon
