#ifndef BARYON_ENGINE_GLUON_NN_IDENTITY_H_
#define BARYON_ENGINE_GLUON_NN_IDENTITY_H_

#include <optional>
#include <string>
#include <utility>

#include "engine/gluon/hybrid_block.h"

namespace baryon::nn {

struct IdentityOptions {
  std::optional<std::string> prefix = std::nullopt;
};

// The input itself: the way around the other branches of a HybridConcatenate.
class Identity : public gluon::HybridBlock {
 public:
  explicit Identity(IdentityOptions options = {})
      : HybridBlock({.hint = "identity", .prefix = std::move(options.prefix)}) {}

  NDArray Forward(const NDArray& x) override { return x; }
};

}  // namespace baryon::nn

#endif  // BARYON_ENGINE_GLUON_NN_IDENTITY_H_
