// Mathematical functions of one array, in MXNet's two sets of names: the older operators keep the dtype of their input;
// NumPy's (`_npi_`) keep it in MXNet 1.x too, and give float32 for whole numbers in 2.x, but for functions that stay
// among them. Truths are 1 and 0 of the
// input's dtype in the older set, bool in NumPy's.
#include <cmath>
#include <limits>
#include <utility>

#include "engine/kernels/elementwise.h"
#include "engine/ops/type_rules.h"
#include "engine/ops/unary_kernel.h"

namespace baryon {
namespace {

using kernels::FloatFunction;

// What NumPy's name of a function gives for whole numbers in MXNet 2.x.
enum class Whole { kSame, kFloat };

struct NumpyAttrs {
  bool mxnet_2 = false;
};

struct Function {
  const char* name;  // the older one; NumPy's is _npi_ and `numpy_name`, or none
  const char* numpy_name;
  double (*of_real)(double);
  Whole whole = Whole::kFloat;
  int fast = -1;  // FloatFunction
  int64_t (*of_whole)(int64_t) = nullptr;
};

constexpr int Fast(FloatFunction function) { return static_cast<int>(function); }
constexpr double kPi = 3.14159265358979323846;

double Sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }
// Halves go down.
double RoundHalfDown(double x) { return std::ceil(x - 0.5); }
int64_t Identity(int64_t x) { return x; }

// The inverse of the error function: a first approximation (Winitzki, 2008) and three steps of Newton's method.
double ErfInv(double y) {
  if (!(std::abs(y) < 1)) {
    return std::abs(y) == 1 ? std::copysign(std::numeric_limits<double>::infinity(), y)
                            : std::numeric_limits<double>::quiet_NaN();
  }
  constexpr double kA = 0.147;
  const double log_term = std::log1p(-y * y), half = 2 / (kPi * kA) + log_term / 2;
  double x = std::copysign(std::sqrt(std::sqrt(half * half - log_term / kA) - half), y);
  for (int i = 0; i < 3; ++i) x -= (std::erf(x) - y) / (2 / std::sqrt(kPi) * std::exp(-x * x));
  return x;
}

// The logarithmic derivative of gamma: recurrence up to 10, then its asymptotic series.
double Digamma(double x) {
  if (x <= 0 && x == std::floor(x)) return std::numeric_limits<double>::quiet_NaN();
  if (x < 0) return Digamma(1 - x) - kPi / std::tan(kPi * x);
  double sum = 0;
  for (; x < 10; ++x) sum -= 1 / x;
  const double square = 1 / (x * x);
  return sum + std::log(x) - 0.5 / x - square * (1.0 / 12 - square * (1.0 / 120 - square * (1.0 / 252 - square / 240)));
}

const Function kFunctions[] = {
    {"abs", "absolute", [](double x) { return std::abs(x); }, Whole::kSame, Fast(FloatFunction::kAbs),
     [](int64_t x) { return x < 0 ? static_cast<int64_t>(0 - static_cast<uint64_t>(x)) : x; }},
    {"negative", "negative", [](double x) { return -x; }, Whole::kSame, Fast(FloatFunction::kNegative),
     [](int64_t x) { return static_cast<int64_t>(0 - static_cast<uint64_t>(x)); }},
    {"sign", "sign", Sign, Whole::kSame, -1, [](int64_t x) { return int64_t{x > 0} - int64_t{x < 0}; }},
    {"square", "square", [](double x) { return x * x; }, Whole::kSame, Fast(FloatFunction::kSquare),
     [](int64_t x) { return static_cast<int64_t>(static_cast<uint64_t>(x) * static_cast<uint64_t>(x)); }},
    {"round", nullptr, [](double x) { return std::round(x); }, Whole::kSame, -1, Identity},
    {"rint", "rint", RoundHalfDown, Whole::kFloat, -1, Identity},
    {"ceil", "ceil", [](double x) { return std::ceil(x); }, Whole::kSame, Fast(FloatFunction::kCeil), Identity},
    {"floor", "floor", [](double x) { return std::floor(x); }, Whole::kSame, Fast(FloatFunction::kFloor), Identity},
    {"trunc", "trunc", [](double x) { return std::trunc(x); }, Whole::kSame, Fast(FloatFunction::kTrunc), Identity},
    {"fix", "fix", [](double x) { return std::trunc(x); }, Whole::kSame, Fast(FloatFunction::kTrunc), Identity},
    {"reciprocal", "reciprocal", [](double x) { return 1 / x; }, Whole::kFloat, Fast(FloatFunction::kReciprocal)},
    {"sqrt", "sqrt", [](double x) { return std::sqrt(x); }, Whole::kFloat, Fast(FloatFunction::kSqrt)},
    {"rsqrt", nullptr, [](double x) { return 1 / std::sqrt(x); }, Whole::kFloat, Fast(FloatFunction::kReciprocalSqrt)},
    {"cbrt", "cbrt", [](double x) { return std::cbrt(x); }},
    {"rcbrt", nullptr, [](double x) { return 1 / std::cbrt(x); }},
    {"exp", "exp", [](double x) { return std::exp(x); }, Whole::kFloat, Fast(FloatFunction::kExp)},
    {"expm1", "expm1", [](double x) { return std::expm1(x); }, Whole::kFloat, Fast(FloatFunction::kExpm1)},
    {"log", "log", [](double x) { return std::log(x); }, Whole::kFloat, Fast(FloatFunction::kLog)},
    {"log10", "log10", [](double x) { return std::log10(x); }},
    {"log2", "log2", [](double x) { return std::log2(x); }},
    {"log1p", "log1p", [](double x) { return std::log1p(x); }, Whole::kFloat, Fast(FloatFunction::kLog1p)},
    {"sin", "sin", [](double x) { return std::sin(x); }},
    {"cos", "cos", [](double x) { return std::cos(x); }},
    {"tan", "tan", [](double x) { return std::tan(x); }},
    {"arcsin", "arcsin", [](double x) { return std::asin(x); }},
    {"arccos", "arccos", [](double x) { return std::acos(x); }},
    {"arctan", "arctan", [](double x) { return std::atan(x); }},
    {"sinh", "sinh", [](double x) { return std::sinh(x); }},
    {"cosh", "cosh", [](double x) { return std::cosh(x); }},
    {"arcsinh", "arcsinh", [](double x) { return std::asinh(x); }},
    {"arccosh", "arccosh", [](double x) { return std::acosh(x); }},
    {"arctanh", "arctanh", [](double x) { return std::atanh(x); }},
    {"degrees", "degrees", [](double x) { return x * (180 / kPi); }},
    {"radians", "radians", [](double x) { return x * (kPi / 180); }},
    {"erf", nullptr, [](double x) { return std::erf(x); }, Whole::kFloat, Fast(FloatFunction::kErf)},
    {"erfinv", nullptr, ErfInv},
    {"gamma", nullptr, [](double x) { return std::tgamma(x); }},
    {"gammaln", nullptr, [](double x) { return std::lgamma(x); }},
    {"digamma", nullptr, Digamma},
};

UnaryFunction Implementation(const Function& function) {
  UnaryFunction implementation = {function.of_real, function.of_whole};
  if (function.fast >= 0) {
    implementation.of_rows = [fast = static_cast<FloatFunction>(function.fast)](const float* x, int64_t n, float* y) {
      kernels::MapFloats(fast, x, n, y);
    };
  }
  return implementation;
}

// An operator that keeps its input's dtype.
template <typename A>
OpSpec<A> Spec(std::string name, const Function& function) {
  return {
      .names = {std::move(name)},
      .inputs = {"data"},
      .infer_types = SameTypeAsInput<A>,
      .complete_types = AllTypesEqual<A>,
      .prepare = [&function](const A&,
                             PrepareContext& context) { return MakeUnaryKernel(context, Implementation(function)); },
      .in_place = {0},
      .elementwise = true,
      .accepts_unknown_dims = true,
  };
}

OpSpec<NumpyAttrs> NumpySpec(const Function& function) {
  OpSpec<NumpyAttrs> spec = Spec<NumpyAttrs>(absl::StrCat("_npi_", function.numpy_name), function);
  if (function.whole == Whole::kSame) return spec;
  spec.attrs = {Mxnet2Attr(&NumpyAttrs::mxnet_2)};
  spec.infer_types = [](const NumpyAttrs& attrs, const TensorTypes& inputs) -> absl::StatusOr<TensorTypes> {
    const DType dtype = inputs[0].dtype;
    const bool widens = attrs.mxnet_2 && dtype != DType::kUnknown && !IsFloating(dtype);
    return TensorTypes{{widens ? DType::kFloat32 : dtype, inputs[0].shape}};
  };
  spec.complete_types = AllShapesEqual<NumpyAttrs>;
  return spec;
}

// Whether something holds of each element, as bool.
OpSpec<NoAttrs> PredicateSpec(const char* name, double (*holds)(double)) {
  return {
      .names = {name},
      .inputs = {"data"},
      .infer_types = [](const NoAttrs&, const TensorTypes& inputs) -> absl::StatusOr<TensorTypes> {
        return TensorTypes{{DType::kBool, inputs[0].shape}};
      },
      .complete_types = AllShapesEqual<NoAttrs>,
      .prepare = [holds](const NoAttrs&,
                         PrepareContext& context) { return MakeUnaryKernel(context, UnaryFunction{holds}); },
      .elementwise = true,
      .accepts_unknown_dims = true,
  };
}

bool RegisterAll() {
  for (const Function& function : kFunctions) {
    OpRegistration<NoAttrs>{Spec<NoAttrs>(function.name, function)};
    if (function.numpy_name != nullptr) OpRegistration<NumpyAttrs>{NumpySpec(function)};
  }
  return true;
}
const bool kRegistered = RegisterAll();

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const OpRegistration<NoAttrs> kPredicates[] = {
    PredicateSpec("_npi_logical_not", [](double x) -> double { return x == 0; }),
    PredicateSpec("_npi_isnan", [](double x) -> double { return std::isnan(x); }),
    PredicateSpec("_npi_isinf", [](double x) -> double { return std::isinf(x); }),
    PredicateSpec("_npi_isfinite", [](double x) -> double { return std::isfinite(x); }),
    PredicateSpec("_npi_isposinf", [](double x) -> double { return x == kInfinity; }),
    PredicateSpec("_npi_isneginf", [](double x) -> double { return x == -kInfinity; }),
};

const Function kLogicalNot = {"logical_not", nullptr, [](double x) -> double { return x == 0; }};
const OpRegistration<NoAttrs> kOlderLogicalNot(Spec<NoAttrs>(kLogicalNot.name, kLogicalNot));

const OpRegistration<NoAttrs> kBitwiseNot({
    .names = {"_npi_bitwise_not"},
    .inputs = {"data"},
    .infer_types = [](const NoAttrs&, const TensorTypes& inputs) -> absl::StatusOr<TensorTypes> {
      if (IsFloating(inputs[0].dtype)) return ExpectedGot("whole numbers or bool", inputs[0].ToString());
      return inputs;
    },
    .complete_types = AllTypesEqual<NoAttrs>,
    .prepare =
        [](const NoAttrs&, PrepareContext& context) {
          UnaryFunction function;
          function.of_whole = [](int64_t x) { return ~x; };
          if (context.inputs()[0].dtype == DType::kBool) function.of_whole = [](int64_t x) { return int64_t{x == 0}; };
          return MakeUnaryKernel(context, std::move(function));
        },
    .in_place = {0},
    .elementwise = true,
    .accepts_unknown_dims = true,
});

}  // namespace
}  // namespace baryon
