// x sigmoid(beta x), for any shape.
// Source: Ramachandran, Zoph, Le, Searching for Activation Functions, 2017.
#ifndef BARYON_ENGINE_GLUON_NN_SWISH_H_
#define BARYON_ENGINE_GLUON_NN_SWISH_H_

#include <optional>
#include <string>

#include "engine/gluon/hybrid_block.h"

namespace baryon::nn {

struct SwishOptions {
  double beta = 1;
  std::optional<std::string> prefix = std::nullopt;
};

class Swish : public gluon::HybridBlock {
 public:
  explicit Swish(SwishOptions options = {});

  NDArray Forward(const NDArray& x) override;

 private:
  double beta_;
};

struct SiLUOptions {
  std::optional<std::string> prefix = std::nullopt;
};

// Swish with beta = 1.
class SiLU : public gluon::HybridBlock {
 public:
  explicit SiLU(SiLUOptions options = {});

  NDArray Forward(const NDArray& x) override;
};

}  // namespace baryon::nn

#endif  // BARYON_ENGINE_GLUON_NN_SWISH_H_
