// Activations: the operator Activation, which has a name as attribute, and those that are operators of their own.
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "engine/kernels/elementwise.h"
#include "engine/ops/fused_activation.h"
#include "engine/ops/type_rules.h"
#include "engine/ops/unary_kernel.h"

namespace baryon {
namespace {

using kernels::ActivationSpec;

double SoftRelu(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }
double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// The functions of double that other dtypes than float32 use.
double (*PlainFunction(const std::string& name))(double) {
  if (name == "relu") return [](double x) { return x < 0 ? 0 : x; };
  if (name == "sigmoid") return Sigmoid;
  if (name == "tanh") return [](double x) { return std::tanh(x); };
  if (name == "softrelu") return SoftRelu;
  if (name == "softsign") return [](double x) { return x / (1 + std::abs(x)); };
  if (name == "log_sigmoid") return [](double x) { return -SoftRelu(-x); };
  if (name == "mish") return [](double x) { return x * std::tanh(SoftRelu(x)); };
  return nullptr;
}

absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const std::string& name, PrepareContext& context) {
  BARYON_ASSIGN_OR_RETURN(const ActivationSpec activation, ToActivationSpec(name, 0, 0));
  UnaryFunction function = {PlainFunction(name)};
  if (name == "relu") function.of_whole = [](int64_t x) { return std::max<int64_t>(x, 0); };
  function.of_rows = [activation](const float* x, int64_t n, float* y) {
    kernels::ActivateFloats(activation, x, n, y);
  };
  return MakeUnaryKernel(context, std::move(function));
}

struct ActivationAttrs {
  std::string act_type;
};

const OpRegistration<ActivationAttrs> kActivation({
    .names = {"Activation", "_npx_activation"},
    .inputs = {"data"},
    .attrs = {Required(Attr("act_type", &ActivationAttrs::act_type))},
    .check = [](const ActivationAttrs& attrs) -> absl::Status {
      if (PlainFunction(attrs.act_type) != nullptr) return absl::OkStatus();
      return ExpectedGot("act_type relu, sigmoid, tanh, softrelu, softsign, log_sigmoid or mish", attrs.act_type);
    },
    .infer_types = SameTypeAsInput<ActivationAttrs>,
    .complete_types = AllTypesEqual<ActivationAttrs>,
    .prepare = [](const ActivationAttrs& attrs, PrepareContext& context) { return Prepare(attrs.act_type, context); },
    .in_place = {0},
    .elementwise = true,
    .accepts_unknown_dims = true,
});

OpSpec<NoAttrs> Named(std::vector<std::string> names, std::string activation) {
  return {
      .names = std::move(names),
      .inputs = {"data"},
      .infer_types = SameTypeAsInput<NoAttrs>,
      .complete_types = AllTypesEqual<NoAttrs>,
      .prepare = [activation = std::move(activation)](const NoAttrs&,
                                                      PrepareContext& context) { return Prepare(activation, context); },
      .in_place = {0},
      .elementwise = true,
      .accepts_unknown_dims = true,
  };
}

const OpRegistration<NoAttrs> kNamed[] = {
    Named({"relu", "_npx_relu"}, "relu"),  Named({"sigmoid", "_npx_sigmoid"}, "sigmoid"),
    Named({"tanh", "_npi_tanh"}, "tanh"),  Named({"softsign"}, "softsign"),
    Named({"log_sigmoid"}, "log_sigmoid"), Named({"mish"}, "mish"),
};

struct HardSigmoidAttrs {
  double alpha = 0.2, beta = 0.5;
};

const OpRegistration<HardSigmoidAttrs> kHardSigmoid({
    .names = {"hard_sigmoid"},
    .inputs = {"data"},
    .attrs = {Attr("alpha", &HardSigmoidAttrs::alpha), Attr("beta", &HardSigmoidAttrs::beta)},
    .infer_types = SameTypeAsInput<HardSigmoidAttrs>,
    .complete_types = AllTypesEqual<HardSigmoidAttrs>,
    .prepare =
        [](const HardSigmoidAttrs& attrs, PrepareContext& context) {
          const double alpha = static_cast<float>(attrs.alpha), beta = static_cast<float>(attrs.beta);
          return MakeUnaryKernel(context, {[alpha, beta](double x) {
                                   const double y = alpha * x + beta;
                                   return y > 1 ? 1 : y < 0 ? 0 : y;  // NaN passes
                                 }});
        },
    .in_place = {0},
    .elementwise = true,
    .accepts_unknown_dims = true,
});

}  // namespace
}  // namespace baryon
