#ifndef BARYON_ENGINE_GLUON_NN_ACTIVATION_H_
#define BARYON_ENGINE_GLUON_NN_ACTIVATION_H_

#include <optional>
#include <string>

#include "engine/gluon/hybrid_block.h"

namespace baryon::nn {

struct ActivationOptions {
  std::optional<std::string> prefix = std::nullopt;
};

// A function of each element: relu, sigmoid, tanh, softrelu, softsign, log_sigmoid, mish. Any shape.
class Activation : public gluon::HybridBlock {
 public:
  explicit Activation(std::string activation, ActivationOptions options = {});

  NDArray Forward(const NDArray& x) override;
  std::string ToString() const override;  // "Activation(relu)"

 private:
  std::string activation_;
};

}  // namespace baryon::nn

#endif  // BARYON_ENGINE_GLUON_NN_ACTIVATION_H_
