#include "engine/ops/fused_activation.h"

#include "absl/strings/str_cat.h"

namespace baryon {

absl::StatusOr<kernels::ActivationSpec> ToActivationSpec(absl::string_view name, double alpha, double beta) {
  using kernels::Activation;
  constexpr struct {
    const char* name;
    Activation kind;
  } kKinds[] = {{"none", Activation::kNone},         {"relu", Activation::kRelu},
                {"clip", Activation::kClip},         {"sigmoid", Activation::kSigmoid},
                {"tanh", Activation::kTanh},         {"softrelu", Activation::kSoftRelu},
                {"softsign", Activation::kSoftSign}, {"leaky", Activation::kLeaky},
                {"elu", Activation::kElu},           {"selu", Activation::kSelu},
                {"gelu", Activation::kGelu},         {"gelu_tanh", Activation::kGeluTanh},
                {"swish", Activation::kSwish},       {"hard_sigmoid", Activation::kHardSigmoid},
                {"mish", Activation::kMish},         {"log_sigmoid", Activation::kLogSigmoid}};
  for (const auto& kind : kKinds) {
    if (name == kind.name) {
      return kernels::ActivationSpec{kind.kind, static_cast<float>(alpha), static_cast<float>(beta)};
    }
  }
  return absl::InvalidArgumentError(absl::StrCat("expected the name of an activation, got \"", name, "\""));
}

}  // namespace baryon
