#include "engine/gluon/nn/activation.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/gluon/invoke.h"

namespace baryon::nn {

Activation::Activation(std::string activation, ActivationOptions options)
    : HybridBlock({.hint = activation, .prefix = std::move(options.prefix)}), activation_(std::move(activation)) {}

NDArray Activation::Forward(const NDArray& x) {
  return InvokeOne("Activation", {{"act_type", activation_}}, {x}, {.name = "fwd"});
}

std::string Activation::ToString() const { return absl::StrCat(class_name(), "(", activation_, ")"); }

}  // namespace baryon::nn
