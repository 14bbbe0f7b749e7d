#ifndef BARYON_ENGINE_GLUON_NN_DROPOUT_H_
#define BARYON_ENGINE_GLUON_NN_DROPOUT_H_

#include <optional>
#include <string>

#include "engine/gluon/hybrid_block.h"

namespace baryon::nn {

struct DropoutOptions {
  IntTuple axes = {};
  std::optional<std::string> prefix = std::nullopt;
};

// Training drops elements at random; inference passes them through. It stays in exported graphs.
class Dropout : public gluon::HybridBlock {
 public:
  explicit Dropout(double rate, DropoutOptions options = {});

  NDArray Forward(const NDArray& x) override;
  std::string ToString() const override;  // "Dropout(p = 0.5, axes=())"

 private:
  double rate_;
  IntTuple axes_;
};

}  // namespace baryon::nn

#endif  // BARYON_ENGINE_GLUON_NN_DROPOUT_H_
