#ifndef BARYON_ENGINE_GLUON_NN_DENSE_H_
#define BARYON_ENGINE_GLUON_NN_DENSE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "engine/gluon/hybrid_block.h"
#include "engine/gluon/nn/activation.h"

namespace baryon::nn {

struct DenseOptions {
  std::string activation = "";  // a name that Activation takes; empty: linear
  bool use_bias = true;
  bool flatten = true;  // all axes but the first are columns; else the last axis is
  DType dtype = DType::kFloat32;
  init::Initializer weight_initializer = {};
  init::Initializer bias_initializer = "zeros";
  int64_t in_units = 0;  // columns of the input; 0: those of the first input
  std::optional<std::string> prefix = std::nullopt;
};

// y = activation(x W' + b): [N, ...] to [N, units], or [..., in_units] to [..., units] without `flatten`. Parameters:
// weight [units, in_units], bias [units].
class Dense : public gluon::HybridBlock {
 public:
  explicit Dense(int64_t units, DenseOptions options = {});

  gluon::Parameter weight() const { return param("weight"); }
  gluon::Parameter bias() const { return param("bias"); }

  NDArray Forward(const NDArray& x) override;
  absl::Status InferShape(const NDArray& x) override;
  std::string ToString() const override;  // "Dense(3 -> 5, linear)"

 private:
  int64_t units_;
  bool use_bias_, flatten_;
  std::optional<gluon::Child<Activation>> activation_;
};

}  // namespace baryon::nn

#endif  // BARYON_ENGINE_GLUON_NN_DENSE_H_
