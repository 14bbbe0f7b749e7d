// How parameters start: mxnet.initializer.
//
//   net.Initialize(init::Xavier());
//   nn::Dense(5, {.weight_initializer = "normal", .bias_initializer = init::Constant(0.1)})
#ifndef BARYON_ENGINE_GLUON_INITIALIZER_H_
#define BARYON_ENGINE_GLUON_INITIALIZER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/gluon/ndarray.h"
#include "engine/gluon/random.h"
#include "engine/tensor/tensor.h"

namespace baryon::init {

class Initializer;

// What an initializer is asked for.
struct Request {
  const std::string& name;       // of the parameter: "weight"
  const TensorType& type;        // fully known
  random::Generator& generator;  // where random numbers come from
  const Initializer& global;     // the one that Initialize was given, for parts that have none of their own
};

// A value; immutable. Empty (default-constructed) where Gluon has None: the one that Initialize is given.
class Initializer {
 public:
  using Fill = std::function<absl::StatusOr<Tensor>(const Request& request)>;

  Initializer() = default;
  // By its registered name: "xavier", "zeros". A name nobody knows is an error when the initializer is used.
  Initializer(const char* name);         // NOLINT: .bias_initializer = "zeros"
  Initializer(const std::string& name);  // NOLINT
  // One of your own; `name` is for messages.
  Initializer(std::string name, Fill fill);

  bool empty() const { return fill_ == nullptr; }
  const std::string& name() const { return name_; }
  // The first values of a parameter, of the type asked for. Errors: INVALID_ARGUMENT, the shape does not suit.
  absl::StatusOr<Tensor> operator()(const Request& request) const { return (*fill_)(request); }

 private:
  std::string name_;
  std::shared_ptr<const Fill> fill_;
};

// By name, in any case: zero zeros one ones uniform normal orthogonal xavier msraprelu bilinear lstmbias, each with its
// defaults. NOT_FOUND for any other.
absl::StatusOr<Initializer> Create(absl::string_view name);

Initializer Zero();
Initializer One();
Initializer Constant(double value);
Initializer Constant(const NDArray& values);  // of the parameter's shape
Initializer Uniform(double scale = 0.07);     // U(-scale, scale)
Initializer Normal(double sigma = 0.01);      // N(0, sigma)

struct OrthogonalOptions {
  double scale = 1.414;
  std::string rand_type = "uniform";  // or "normal": what the matrix is made from
};
// `scale` times a matrix [shape[0], rest] whose rows, or if there are more of them its columns, are orthonormal.
// Source: Saxe, McClelland, Ganguli, Exact Solutions to the Nonlinear Dynamics of Learning in Deep Linear Neural
// Networks, 2013.
Initializer Orthogonal(OrthogonalOptions options = {});

struct XavierOptions {
  std::string rnd_type = "uniform";  // or "gaussian"
  std::string factor_type = "avg";   // of fan-in and fan-out; or "in", "out"
  double magnitude = 3;
};
// U(-s, s) or N(0, s) with s = sqrt(magnitude / factor). Weights of rank 2 and more.
// Source: Glorot, Bengio, Understanding the Difficulty of Training Deep Feedforward Neural Networks, 2010.
Initializer Xavier(XavierOptions options = {});

struct MSRAPreluOptions {
  std::string factor_type = "avg";
  double slope = 0.25;
};
// Gaussian Xavier of magnitude 2 / (1 + slope^2), for rectifiers.
// Source: He, Zhang, Ren, Sun, Delving Deep into Rectifiers, 2015.
Initializer MSRAPrelu(MSRAPreluOptions options = {});

// The kernel of bilinear upsampling, for weights [.., .., height, width].
Initializer Bilinear();

// Zeros, and `forget_bias` in the second quarter: that of the forget gate.
Initializer LSTMBias(double forget_bias = 1);

struct RNNFusedOptions {
  std::string mode;  // rnn_relu, rnn_tanh, lstm, gru
  int64_t num_layers = 1;
  int64_t state_size = 0;
  bool bidirectional = false;
  int64_t projection_size = 0;  // 0: none
  // Of the parts; empty: the global one.
  Initializer i2h_weight_initializer = {};
  Initializer h2h_weight_initializer = {};
  Initializer i2h_bias_initializer = {};
  Initializer h2h_bias_initializer = {};
  Initializer h2r_weight_initializer = {};
};
// The one vector in which recurrent layers of MXNet 2 keep all their weights, part by part, each as the matrix it is.
Initializer RNNFused(RNNFusedOptions options);

struct FusedRNNOptions {
  Initializer init = {};  // of weights and biases; empty: the global one
  int64_t num_hidden = 0;
  int64_t num_layers = 1;
  std::string mode;
  bool bidirectional = false;
  double forget_bias = 1;  // lstm: what biases of the forget gate are filled with
};
// The same as MXNet 1.x has it.
Initializer FusedRNN(FusedRNNOptions options);

// Copies the array of the parameter's name, with or without "arg:" and "aux:" in front of it. Others get
// `default_init`; without one they are an error (NOT_FOUND).
Initializer Load(NamedTensors arrays, Initializer default_init = {});

// The first whose regular expression matches the parameter's name from its start. INVALID_ARGUMENT when none does.
Initializer Mixed(std::vector<std::pair<std::string, Initializer>> patterns);

// ---------------------------------------------------------------------------------------------------------------------
// For initializers of one's own

// A tensor of `type` whose element i is value(i), converted.
template <typename Fn>
absl::StatusOr<Tensor> FillElements(const TensorType& type, Fn&& value) {
  absl::StatusOr<Tensor> tensor = Tensor::TryAllocate(type);
  if (!tensor.ok()) return tensor;
  DispatchDType(type.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* elements = tensor->template mutable_data<T>();
    const int64_t count = tensor->num_elements();
    for (int64_t i = 0; i < count; ++i) elements[i] = static_cast<T>(static_cast<ComputeType<T>>(value(i)));
  });
  return tensor;
}

}  // namespace baryon::init

#endif  // BARYON_ENGINE_GLUON_INITIALIZER_H_
