#include "engine/gluon/nn/flatten.h"

#include <utility>

#include "engine/gluon/invoke.h"

namespace baryon::nn {

Flatten::Flatten(FlattenOptions options) : HybridBlock({.hint = "flatten", .prefix = std::move(options.prefix)}) {}

// Gluon's layer does not name its operator: "flatten0_flatten0".
NDArray Flatten::Forward(const NDArray& x) { return InvokeOne("Flatten", {}, {x}); }

std::string Flatten::ToString() const { return class_name(); }

}  // namespace baryon::nn
