// Rectifiers that let something of negative elements through. Any shape.
#ifndef BARYON_ENGINE_GLUON_NN_LEAKY_RELU_H_
#define BARYON_ENGINE_GLUON_NN_LEAKY_RELU_H_

#include <cstdint>
#include <optional>
#include <string>

#include "engine/gluon/hybrid_block.h"

namespace baryon::nn {

struct LeakyReLUOptions {
  std::optional<std::string> prefix = std::nullopt;
};

// x, or alpha x below 0; `alpha` is 0 or more.
class LeakyReLU : public gluon::HybridBlock {
 public:
  explicit LeakyReLU(double alpha, LeakyReLUOptions options = {});

  NDArray Forward(const NDArray& x) override;
  std::string ToString() const override;  // "LeakyReLU(0.1)"

 private:
  double alpha_;
};

struct PReLUOptions {
  init::Initializer alpha_initializer = init::Constant(0.25);
  int64_t in_channels = 1;  // of axis 1, or one slope for all
  std::optional<std::string> prefix = std::nullopt;
};

// The same with slopes that were learned. Parameter: alpha [in_channels].
// Source: He, Zhang, Ren, Sun, Delving Deep into Rectifiers, 2015.
class PReLU : public gluon::HybridBlock {
 public:
  explicit PReLU(PReLUOptions options = {});

  gluon::Parameter alpha() const { return param("alpha"); }

  NDArray Forward(const NDArray& x) override;
};

struct ELUOptions {
  double alpha = 1;
  std::optional<std::string> prefix = std::nullopt;
};

// x, or alpha (exp(x) - 1) below 0.
// Source: Clevert, Unterthiner, Hochreiter, Fast and Accurate Deep Network Learning by Exponential Linear Units, 2016.
class ELU : public gluon::HybridBlock {
 public:
  explicit ELU(ELUOptions options = {});

  NDArray Forward(const NDArray& x) override;

 private:
  double alpha_;
};

struct SELUOptions {
  std::optional<std::string> prefix = std::nullopt;
};

// An ELU of fixed alpha and scale, under which activations keep mean 0 and variance 1.
// Source: Klambauer, Unterthiner, Mayr, Hochreiter, Self-Normalizing Neural Networks, 2017.
class SELU : public gluon::HybridBlock {
 public:
  explicit SELU(SELUOptions options = {});

  NDArray Forward(const NDArray& x) override;
};

struct GELUOptions {
  std::string approximation = "erf";  // exact; or "tanh", as MXNet 2 has it (MXNet 1.x does not load that)
  std::optional<std::string> prefix = std::nullopt;
};

// x times the probability that a normal variable is below x.
// Source: Hendrycks, Gimpel, Gaussian Error Linear Units, 2016.
class GELU : public gluon::HybridBlock {
 public:
  explicit GELU(GELUOptions options = {});

  NDArray Forward(const NDArray& x) override;

 private:
  std::string act_type_;
};

}  // namespace baryon::nn

#endif  // BARYON_ENGINE_GLUON_NN_LEAKY_RELU_H_
