#ifndef BARYON_ENGINE_GLUON_NN_FLATTEN_H_
#define BARYON_ENGINE_GLUON_NN_FLATTEN_H_

#include <optional>
#include <string>

#include "engine/gluon/hybrid_block.h"

namespace baryon::nn {

struct FlattenOptions {
  std::optional<std::string> prefix = std::nullopt;
};

// [N, ...] to [N, product of the rest].
class Flatten : public gluon::HybridBlock {
 public:
  explicit Flatten(FlattenOptions options = {});

  NDArray Forward(const NDArray& x) override;
  std::string ToString() const override;  // "Flatten"
};

}  // namespace baryon::nn

#endif  // BARYON_ENGINE_GLUON_NN_FLATTEN_H_
