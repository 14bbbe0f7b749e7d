#include "engine/gluon/nn/swish.h"

#include <utility>

#include "engine/gluon/invoke.h"

namespace baryon::nn {

Swish::Swish(SwishOptions options)
    : HybridBlock({.hint = "swish", .prefix = std::move(options.prefix)}), beta_(options.beta) {}

NDArray Swish::Forward(const NDArray& x) { return x * InvokeOne("sigmoid", {}, {x * beta_}, {.name = "fwd"}); }

SiLU::SiLU(SiLUOptions options) : HybridBlock({.hint = "silu", .prefix = std::move(options.prefix)}) {}

NDArray SiLU::Forward(const NDArray& x) { return x * InvokeOne("sigmoid", {}, {x}, {.name = "fwd"}); }

}  // namespace baryon::nn
