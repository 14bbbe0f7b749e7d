#include "engine/gluon/np/math.h"

#include <cmath>

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

struct UnaryCase {
  const char* name;
  NDArray (*function)(const NDArray& x);
  double (*expected)(double x);
};

const UnaryCase kUnary[] = {
    {"Abs", np::Abs, [](double x) { return std::abs(x); }},
    {"Negative", np::Negative, [](double x) { return -x; }},
    {"Sign", np::Sign, [](double x) { return x < 0   ? -1.0
                                             : x > 0 ? 1.0
                                                     : 0.0; }},
    {"Square", np::Square, [](double x) { return x * x; }},
    {"Sqrt", np::Sqrt, [](double x) { return std::sqrt(x); }},
    {"Cbrt", np::Cbrt, [](double x) { return std::cbrt(x); }},
    {"Reciprocal", np::Reciprocal, [](double x) { return 1 / x; }},
    {"Exp", np::Exp, [](double x) { return std::exp(x); }},
    {"Expm1", np::Expm1, [](double x) { return std::expm1(x); }},
    {"Log", np::Log, [](double x) { return std::log(x); }},
    {"Log2", np::Log2, [](double x) { return std::log2(x); }},
    {"Log10", np::Log10, [](double x) { return std::log10(x); }},
    {"Log1p", np::Log1p, [](double x) { return std::log1p(x); }},
    {"Sin", np::Sin, [](double x) { return std::sin(x); }},
    {"Cos", np::Cos, [](double x) { return std::cos(x); }},
    {"Tan", np::Tan, [](double x) { return std::tan(x); }},
    {"Arcsin", np::Arcsin, [](double x) { return std::asin(x); }},
    {"Arccos", np::Arccos, [](double x) { return std::acos(x); }},
    {"Arctan", np::Arctan, [](double x) { return std::atan(x); }},
    {"Sinh", np::Sinh, [](double x) { return std::sinh(x); }},
    {"Cosh", np::Cosh, [](double x) { return std::cosh(x); }},
    {"Tanh", np::Tanh, [](double x) { return std::tanh(x); }},
    {"Floor", np::Floor, [](double x) { return std::floor(x); }},
    {"Ceil", np::Ceil, [](double x) { return std::ceil(x); }},
    {"Trunc", np::Trunc, [](double x) { return std::trunc(x); }},
    {"Rint", np::Rint, [](double x) { return std::nearbyint(x); }},
};

TEST(MathTest, ComputesEachElement) {
  const std::vector<float> values = {0.25f, 0.9f, 0.0625f};
  const NDArray x = np::FromData({3}, values);
  for (const UnaryCase& unary : kUnary) {
    SCOPED_TRACE(unary.name);
    const NDArray y = unary.function(x);
    ASSERT_OK(y.status());
    for (int64_t i = 0; i < 3; ++i) EXPECT_NEAR(*y.At<double>({i}), unary.expected(values[i]), 2e-5);
  }
}

TEST(MathTest, GivesFractionsOfWholeNumbers) {
  const NDArray x = np::Array({1, 4}, DType::kInt32);
  EXPECT_EQ(np::Sqrt(x).ToString(), "array([1., 2.])");
  EXPECT_EQ(np::Abs(-x).dtype(), DType::kInt32);
}

TEST(MathTest, ComputesOfTwoOperands) {
  const NDArray x = np::Array({1, 2, 3}), y = np::Array({2});
  EXPECT_EQ(np::Power(x, y).ToString(), "array([1., 4., 9.])");
  EXPECT_EQ(np::Power(x, 3).ToString(), "array([ 1.,  8., 27.])");
  EXPECT_EQ(np::Power(2, x).ToString(), "array([2., 4., 8.])");
  EXPECT_EQ(np::Maximum(x, y).ToString(), "array([2., 2., 3.])");
  EXPECT_EQ(np::Maximum(x, 2.5).ToString(), "array([2.5, 2.5, 3. ])");
  EXPECT_EQ(np::Minimum(x, y).ToString(), "array([1., 2., 2.])");
  EXPECT_EQ(np::Minimum(x, 1).ToString(), "array([1., 1., 1.])");
  EXPECT_EQ(np::FloorDivide(x, y).ToString(), "array([0., 1., 1.])");
  EXPECT_EQ(np::Hypot(np::Array({3}), np::Array({4})).ToString(), "array([5.])");
  EXPECT_NEAR(*np::Arctan2(np::Array({1}), np::Array({-1})).Item<double>(), std::atan2(1, -1), 1e-6);
  EXPECT_EQ(np::Clip(x, 1.5, 2).ToString(), "array([1.5, 2. , 2. ])");
}

TEST(MathTest, TellsTruths) {
  const NDArray x = np::Array({1, 0, NAN, INFINITY});
  EXPECT_EQ(np::IsNan(x).ToString(), "array([False, False,  True, False])");
  EXPECT_EQ(np::IsInf(x).ToString(), "array([False, False, False,  True])");
  EXPECT_EQ(np::IsFinite(x).ToString(), "array([ True,  True, False, False])");
  const NDArray a = np::Array({1, 1, 0}), b = np::Array({1, 0, 0});
  EXPECT_EQ(np::LogicalNot(a).ToString(), "array([False, False,  True])");
  EXPECT_EQ(np::LogicalAnd(a, b).ToString(), "array([ True, False, False])");
  EXPECT_EQ(np::LogicalOr(a, b).ToString(), "array([ True,  True, False])");
  EXPECT_EQ(np::LogicalXor(a, b).ToString(), "array([False,  True, False])");
}

}  // namespace
}  // namespace baryon
