#include "engine/gluon/nn/leaky_relu.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/gluon/invoke.h"

namespace baryon::nn {

LeakyReLU::LeakyReLU(double alpha, LeakyReLUOptions options)
    : HybridBlock({.hint = "leakyrelu", .prefix = std::move(options.prefix)}), alpha_(alpha) {
  if (!(alpha >= 0)) {
    Fail(absl::InvalidArgumentError(
        absl::StrCat("Slope coefficient for LeakyReLU must be no less than 0, got ", FormatAttr(alpha), ".")));
  }
}

NDArray LeakyReLU::Forward(const NDArray& x) {
  return InvokeOne("LeakyReLU", {{"act_type", "leaky"}, {"slope", AttrText(alpha_)}}, {x}, {.name = "fwd"});
}

std::string LeakyReLU::ToString() const { return absl::StrCat(class_name(), "(", FormatAttr(alpha_), ")"); }

PReLU::PReLU(PReLUOptions options) : HybridBlock({.hint = "prelu", .prefix = std::move(options.prefix)}) {
  Register("alpha",
           gluon::Parameter("alpha", {.shape = {options.in_channels}, .init = std::move(options.alpha_initializer)}));
}

NDArray PReLU::Forward(const NDArray& x) {
  return InvokeOne("LeakyReLU", {{"act_type", "prelu"}}, {x, alpha().data()}, {.name = "fwd"});
}

ELU::ELU(ELUOptions options)
    : HybridBlock({.hint = "elu", .prefix = std::move(options.prefix)}), alpha_(options.alpha) {}

// The one of the family whose operator Gluon does not name: "elu0_leakyrelu0".
NDArray ELU::Forward(const NDArray& x) {
  return InvokeOne("LeakyReLU", {{"act_type", "elu"}, {"slope", AttrText(alpha_)}}, {x});
}

SELU::SELU(SELUOptions options) : HybridBlock({.hint = "selu", .prefix = std::move(options.prefix)}) {}

NDArray SELU::Forward(const NDArray& x) { return InvokeOne("LeakyReLU", {{"act_type", "selu"}}, {x}, {.name = "fwd"}); }

GELU::GELU(GELUOptions options) : HybridBlock({.hint = "gelu", .prefix = std::move(options.prefix)}) {
  if (options.approximation != "erf" && options.approximation != "tanh") {
    Fail(absl::InvalidArgumentError(absl::StrCat("The activation approximation should be \"erf\" or \"tanh\", got \"",
                                                 options.approximation, "\"")));
  }
  act_type_ = options.approximation == "tanh" ? "gelu_tanh" : "gelu";
}

NDArray GELU::Forward(const NDArray& x) {
  return InvokeOne("LeakyReLU", {{"act_type", act_type_}}, {x}, {.name = "fwd"});
}

}  // namespace baryon::nn
