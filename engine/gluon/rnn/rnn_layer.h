// Layers that read sequences: mxnet.gluon.rnn.RNN, LSTM and GRU.
//
//   rnn::LSTM lstm(100, {.num_layers = 2, .bidirectional = true});
//   lstm.Initialize();
//   const NDArray y = lstm(x);                                             // [T, N, C] to [T, N, 200], begun at zero
//   const auto [output, states] = lstm(x, lstm.BeginState(/*batch_size=*/3));  // and how it ended: {h, c}
//
// All of a layer is one operator, RNN: see engine/ops/rnn.cc for what it computes.
#ifndef BARYON_ENGINE_GLUON_RNN_RNN_LAYER_H_
#define BARYON_ENGINE_GLUON_RNN_RNN_LAYER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "engine/gluon/hybrid_block.h"
#include "engine/gluon/rnn/recurrent.h"

namespace baryon::rnn {

struct RNNOptions {
  int64_t num_layers = 1;
  std::string activation = "relu";  // or "tanh"
  std::string layout = "TNC";       // of inputs and outputs: time, batch, channels; or "NTC"
  double dropout = 0;               // between layers, in training; kept in exported graphs
  bool bidirectional = false;       // a second direction, from the end; outputs of both stand side by side
  init::Initializer i2h_weight_initializer = {};  // input to hidden
  init::Initializer h2h_weight_initializer = {};  // hidden to hidden
  init::Initializer i2h_bias_initializer = "zeros";
  init::Initializer h2h_bias_initializer = "zeros";
  int64_t input_size = 0;  // channels of the input; 0: those of the first input
  DType dtype = DType::kFloat32;
  bool use_sequence_length = false;  // a last input has the length of each sequence, [N]; beyond it outputs are 0
  std::optional<std::string> prefix = std::nullopt;
};

struct LSTMOptions {
  int64_t num_layers = 1;
  std::string layout = "TNC";
  double dropout = 0;
  bool bidirectional = false;
  int64_t input_size = 0;
  init::Initializer i2h_weight_initializer = {};
  init::Initializer h2h_weight_initializer = {};
  init::Initializer i2h_bias_initializer = "zeros";
  init::Initializer h2h_bias_initializer = "zeros";
  int64_t projection_size = 0;  // of what goes out and round, where it is not the hidden state itself; 0: it is
  init::Initializer h2r_weight_initializer = {};
  std::optional<double> state_clip_min = std::nullopt,
                        state_clip_max = std::nullopt;  // of the cell state; both or none
  bool state_clip_nan = false;
  DType dtype = DType::kFloat32;
  bool use_sequence_length = false;
  std::optional<std::string> prefix = std::nullopt;
};

struct GRUOptions {
  int64_t num_layers = 1;
  std::string layout = "TNC";
  double dropout = 0;
  bool bidirectional = false;
  init::Initializer i2h_weight_initializer = {};
  init::Initializer h2h_weight_initializer = {};
  init::Initializer i2h_bias_initializer = "zeros";
  init::Initializer h2h_bias_initializer = "zeros";
  int64_t input_size = 0;
  DType dtype = DType::kFloat32;
  bool use_sequence_length = false;
  std::optional<std::string> prefix = std::nullopt;
};

// What the three have in common. Parameters of layer i, for the direction from the begin ("l") and that from the end
// ("r"): l0_i2h_weight [gates * hidden, inputs], l0_h2h_weight [gates * hidden, hidden], l0_i2h_bias, l0_h2h_bias
// [gates * hidden], and with a projection l0_h2r_weight [projection, hidden]. Files call them as MXNet 1.x does:
// "_unfused.0.i2h_weight", with two directions "_unfused.0.l_cell.i2h_weight"; npz files have all in one "rnn_param",
// as those of MXNet 2.
//
// Calls take the input, begin states, and with `use_sequence_length` the lengths (Call: {x, h}, {x, h, c}, {x, h, c,
// lengths}). Without states, which may then be none or left out, the layer begins at zero and gives its output alone;
// else output and states. A layer compiled on its own and without states has a graph whose only input is `data`; MXNet
// makes the states inputs, too.
class RecurrentLayer : public gluon::HybridBlock {
 public:
  // Shapes and layout of the states: [layers * directions, batch_size, hidden]. A batch of 0: not known.
  std::vector<StateInfo> StateInfos(int64_t batch_size = 0) const;
  // States of zeros for sequences of the layer's dtype.
  NDArrays BeginState(int64_t batch_size) const;

  NDArray operator()(const NDArray& x) { return Block::operator()(x); }
  RecurrentOutput operator()(const NDArray& x, const NDArrays& states, const NDArray& sequence_length = {});

  NDArrays ForwardMany(absl::Span<const NDArray> inputs) override;
  absl::Status InferShape(const NDArray& x) override;
  void Cast(DType dtype) override;
  std::string OutputShapes(absl::Span<const NDArray> outputs) const override;
  // "LSTM(10 -> 100, TNC, num_layers=2, dropout=0.5, bidirectional)"
  std::string ToString() const override;

 protected:
  // All options there are; those of the three classes are copied from theirs.
  struct Config {
    std::string hint, mode;
    int64_t gates = 1, hidden_size = 0, num_layers = 1;
    std::string layout;
    double dropout = 0;
    bool bidirectional = false;
    int64_t input_size = 0, projection_size = 0;
    init::Initializer i2h_weight, h2h_weight, i2h_bias, h2h_bias, h2r_weight;
    std::optional<double> clip_min, clip_max;
    bool clip_nan = false;
    DType dtype = DType::kFloat32;
    bool use_sequence_length = false;
    std::optional<std::string> prefix;
  };
  explicit RecurrentLayer(Config config);

  NDArrays CallMany(absl::Span<const NDArray> inputs) override;
  std::string FileName(const std::string& name) const override;
  std::string FusedName() const override { return "rnn_param"; }
  absl::StatusOr<Tensor> Fuse() const override;
  absl::StatusOr<NamedTensors> Unfuse(const Tensor& fused) const override;

 private:
  // What a call gives: input, states (empty: none given), lengths.
  struct Arguments {
    NDArray x;
    NDArrays states;
    NDArray sequence_length;
  };
  absl::StatusOr<Arguments> Parse(absl::Span<const NDArray> inputs) const;

  bool is_lstm() const { return config_.mode == "lstm"; }
  int64_t directions() const { return config_.bidirectional ? 2 : 1; }
  void RegisterParameters(int64_t layer, const std::string& direction);
  NDArrays ZeroStates(const NDArray& x, const std::string& name_prefix) const;
  absl::Status CheckStates(const Arguments& arguments) const;
  NDArray JoinedParameters() const;
  Attrs OperatorAttrs() const;

  Config config_;
  bool only_output_ = false;  // the states of the running call were made, not given
};

class RNN : public RecurrentLayer {
 public:
  explicit RNN(int64_t hidden_size, RNNOptions options = {});
};

// Source: Hochreiter, Schmidhuber, Long Short-Term Memory, 1997; Sak, Senior, Beaufays, Long Short-Term Memory Based
// Recurrent Neural Network Architectures for Large Vocabulary Speech Recognition, 2014 (projection).
class LSTM : public RecurrentLayer {
 public:
  explicit LSTM(int64_t hidden_size, LSTMOptions options = {});
};

// Source: Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014; the reset gate acts after the
// product, as in cuDNN.
class GRU : public RecurrentLayer {
 public:
  explicit GRU(int64_t hidden_size, GRUOptions options = {});
};

}  // namespace baryon::rnn

#endif  // BARYON_ENGINE_GLUON_RNN_RNN_LAYER_H_
