#include "engine/kernels/elementwise.h"

#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::vector<float> Draw(int64_t count, float low, float high) {
  std::mt19937 generator(static_cast<uint32_t>(count));
  std::uniform_real_distribution<float> distribution(low, high);
  std::vector<float> values(count);
  for (float& value : values) value = distribution(generator);
  return values;
}

// Equal up to `ulps` units in the last place of `want`, or to `absolute`; subnormals count as zero.
void ExpectClose(float got, double want, double ulps, double absolute, const std::string& what) {
  const float rounded = static_cast<float>(want);
  if (!std::isfinite(rounded)) {
    EXPECT_TRUE(std::isnan(rounded) ? std::isnan(got) : got == rounded) << what << ": " << rounded << ", got " << got;
    return;
  }
  const double tolerance = ulps * 0x1p-24 * std::abs(want) + absolute + std::numeric_limits<float>::min();
  EXPECT_LE(std::abs(got - want), tolerance) << what << ": " << want << ", got " << got;
}

struct FunctionCase {
  FloatFunction function;
  double (*reference)(double);
  float low, high;
  double ulps;
};

const FunctionCase kFunctions[] = {
    {FloatFunction::kAbs, [](double x) { return std::abs(x); }, -9, 9, 0},
    {FloatFunction::kNegative, [](double x) { return -x; }, -9, 9, 0},
    {FloatFunction::kSquare, [](double x) { return x * x; }, -9, 9, 1},
    {FloatFunction::kSqrt, [](double x) { return std::sqrt(x); }, 0, 99, 1},
    {FloatFunction::kReciprocalSqrt, [](double x) { return 1 / std::sqrt(x); }, 0.01f, 99, 3},
    {FloatFunction::kReciprocal, [](double x) { return 1 / x; }, -9, 9, 1},
    {FloatFunction::kExp, [](double x) { return std::exp(x); }, -90, 90, 4},
    {FloatFunction::kExpm1, [](double x) { return std::expm1(x); }, -3, 3, 8},
    {FloatFunction::kLog, [](double x) { return std::log(x); }, 0.001f, 1000, 8},
    {FloatFunction::kLog1p, [](double x) { return std::log1p(x); }, -0.9f, 9, 8},
    {FloatFunction::kErf, [](double x) { return std::erf(x); }, -5, 5, 8},
    {FloatFunction::kFloor, [](double x) { return std::floor(x); }, -9, 9, 0},
    {FloatFunction::kCeil, [](double x) { return std::ceil(x); }, -9, 9, 0},
    {FloatFunction::kTrunc, [](double x) { return std::trunc(x); }, -9, 9, 0},
};

TEST(ElementwiseKernelTest, FunctionsAgreeWithTheLibraryOnAnyLength) {
  for (const FunctionCase& c : kFunctions) {
    for (int64_t n : {0, 1, 3, 8, 16, 17, 4001}) {
      const std::vector<float> x = Draw(n, c.low, c.high);
      std::vector<float> y(n + 1, -77);
      MapFloats(c.function, x.data(), n, y.data());
      for (int64_t i = 0; i < n; ++i) {
        ExpectClose(y[i], c.reference(x[i]), c.ulps, 0,
                    "function " + std::to_string(static_cast<int>(c.function)) + " of " + std::to_string(x[i]));
      }
      EXPECT_EQ(y[n], -77) << "wrote beyond the end";
    }
  }
}

TEST(ElementwiseKernelTest, FunctionsOfSpecialValuesAgreeWithTheLibrary) {
  const std::vector<float> x = {0.0f,   -0.0f, kInfinity, -kInfinity, kNan,   1.0f,  -1.0f,  1e-30f,  -1e-30f,
                                88.0f,  89.5f, 104.5f,    200.0f,     1e6f,   3e38f, -88.0f, -104.5f, -200.0f,
                                -3e38f, 1e-7f, -1e-7f,    -0.5f,      1e-20f, 16.5f, 33.0f};
  std::vector<float> y(x.size());
  for (const FunctionCase& c : kFunctions) {
    MapFloats(c.function, x.data(), x.size(), y.data());
    for (size_t i = 0; i < x.size(); ++i) {
      ExpectClose(y[i], c.reference(x[i]), c.ulps, 0,
                  "function " + std::to_string(static_cast<int>(c.function)) + " of " + std::to_string(x[i]));
    }
  }
}

struct ActivationCase {
  ActivationSpec spec;
  std::function<double(double)> reference;
};

double SoftRelu(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }
double Elu(double x, double alpha) { return x > 0 ? x : alpha * std::expm1(x); }

const ActivationCase kActivations[] = {
    {{Activation::kNone}, [](double x) { return x; }},
    {{Activation::kRelu}, [](double x) { return x < 0 ? 0 : x; }},
    {{Activation::kClip, -1, 2}, [](double x) { return x > 2    ? 2
                                                       : x < -1 ? -1
                                                                : x; }},
    {{Activation::kSigmoid}, [](double x) { return 1 / (1 + std::exp(-x)); }},
    {{Activation::kTanh}, [](double x) { return std::tanh(x); }},
    {{Activation::kSoftRelu}, SoftRelu},
    {{Activation::kSoftSign}, [](double x) { return x / (1 + std::abs(x)); }},
    {{Activation::kLeaky, 0.25f}, [](double x) { return x > 0 ? x : 0.25 * x; }},
    {{Activation::kElu, 0.5f}, [](double x) { return Elu(x, 0.5); }},
    {{Activation::kSelu}, [](double x) { return 1.0507009873554805 * Elu(x, 1.6732632423543772); }},
    {{Activation::kGelu}, [](double x) { return 0.5 * x * (1 + std::erf(x * std::sqrt(0.5))); }},
    {{Activation::kGeluTanh},
     [](double x) { return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))); }},
    {{Activation::kSwish}, [](double x) { return x / (1 + std::exp(-x)); }},
    {{Activation::kHardSigmoid, 0.2f, 0.5f},
     [](double x) { return std::min(1.0, std::max(0.0, static_cast<double>(0.2f) * x + 0.5)); }},
    {{Activation::kMish}, [](double x) { return x * std::tanh(SoftRelu(x)); }},
    {{Activation::kLogSigmoid}, [](double x) { return -SoftRelu(-x); }},
};

TEST(ElementwiseKernelTest, ActivationsAgreeWithTheirFormulas) {
  for (const ActivationCase& c : kActivations) {
    std::vector<float> x = Draw(3001, -12, 12);
    for (float large : {-1e30f, -200.0f, -104.5f, -90.0f, 0.0f, 90.0f, 104.5f, 200.0f}) x.push_back(large);
    std::vector<float> y(x.size());
    ActivateFloats(c.spec, x.data(), x.size(), y.data());
    for (size_t i = 0; i < x.size(); ++i) {
      ExpectClose(y[i], c.reference(x[i]), 16, 4e-7,
                  "activation " + std::to_string(static_cast<int>(c.spec.kind)) + " of " + std::to_string(x[i]));
    }
  }
}

TEST(ElementwiseKernelTest, ActivationsKeepNan) {
  for (const ActivationCase& c : kActivations) {
    float y = 0;
    ActivateFloats(c.spec, &kNan, 1, &y);
    EXPECT_TRUE(std::isnan(y)) << "activation " << static_cast<int>(c.spec.kind);
  }
}

TEST(ElementwiseKernelTest, SlopesBelongToTheirElements) {
  for (int64_t n : {1, 7, 16, 33, 1000}) {
    const std::vector<float> x = Draw(n, -3, 3), slope = Draw(n + 1, -1, 1);
    std::vector<float> y = x;  // in place
    y.push_back(-77);
    LeakFloats(y.data(), slope.data(), n, y.data());
    for (int64_t i = 0; i < n; ++i) EXPECT_EQ(y[i], x[i] > 0 ? x[i] : x[i] * slope[i]) << i << " of " << n;
    EXPECT_EQ(y[n], -77) << "wrote beyond the end";
  }
}

}  // namespace
}  // namespace baryon::kernels
