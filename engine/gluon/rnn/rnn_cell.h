// Networks that read sequences step by step: mxnet.gluon.rnn's cells.
//
//   rnn::LSTMCell cell(100);
//   cell.Initialize();
//   auto [output, states] = cell(x, cell.BeginState(/*batch_size=*/3));             // one step of [N, C]
//   const rnn::Unrolled all = cell.Unroll(5, sequence, {}, {.merge_outputs = true});  // five, of [N, 5, C]
//
// A cell is as many operators as its formula; layers (rnn_layer.h) compute the same faster.
#ifndef BARYON_ENGINE_GLUON_RNN_RNN_CELL_H_
#define BARYON_ENGINE_GLUON_RNN_RNN_CELL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "engine/gluon/hybrid_block.h"
#include "engine/gluon/rnn/recurrent.h"

namespace baryon::rnn {

struct UnrollOptions {
  std::string layout = "NTC";  // of inputs and outputs in one array; or "TNC"
  bool merge_outputs = false;  // all steps in one array, instead of an array for each
  NDArray valid_length = {};   // [N]: beyond it outputs are 0, and states are those that it ended with; none: all steps
};

struct Unrolled {
  NDArrays outputs;  // one for each step, or a single one, merged
  NDArrays states;   // after the last step
};

// What all cells have in common. Calls take an input [N, C] and the states (Call: {x, h, c}); they give the output and
// the next states. Within one unrolled sequence operators are named by their step: "t0_i2h".
class RecurrentCell : public gluon::HybridBlock {
 public:
  // Shapes and layout of the states: [batch_size, hidden]. A batch of 0: not known. Of cells that are made of cells,
  // those of these, one after another.
  virtual std::vector<StateInfo> StateInfos(int64_t batch_size = 0) const;
  // States of zeros.
  NDArrays BeginState(int64_t batch_size, DType dtype = DType::kFloat32) const;
  // The same for inputs like `x`, [N, C]; while a block is traced, nodes of its graph that suit any batch.
  NDArrays BeginStateFor(const NDArray& x) const;

  RecurrentOutput operator()(const NDArray& x, const NDArrays& states);

  // `length` steps over a sequence in one array, or over an array [N, C] for each step. Without `begin_state` it begins
  // at zero. Errors, in the outputs: INVALID_ARGUMENT, another number of steps or states; those of the cell.
  Unrolled Unroll(int64_t length, const NDArray& inputs, const NDArrays& begin_state = {},
                  const UnrollOptions& options = {});
  virtual Unrolled Unroll(int64_t length, const NDArrays& inputs, const NDArrays& begin_state = {},
                          const UnrollOptions& options = {});

  // Counts steps from 0 again, in all cells below, too. Unroll and each call on its own do so themselves.
  void Reset();

  std::string OutputShapes(absl::Span<const NDArray> outputs) const override { return ShapesWithStates(outputs); }
  // INVALID_ARGUMENT, in status(), for a child that is no cell.
  void RegisterChild(std::shared_ptr<gluon::Block> block, std::string name = "") override;

 protected:
  using HybridBlock::HybridBlock;

  NDArrays CallMany(absl::Span<const NDArray> inputs) override;
  // One step: the output, then the next states.
  virtual NDArrays Step(const NDArray& x, const NDArrays& states) = 0;
  NDArrays ForwardMany(absl::Span<const NDArray> inputs) final;
  // The cell at `index` among the children.
  RecurrentCell& cell(int64_t index) const { return static_cast<RecurrentCell&>(*children()[index].second); }
  // What unrolling gives after an error: outputs and states have it.
  Unrolled FailedUnroll(const absl::Status& status) const;
  // "t3_" before `name`.
  std::string StepName(absl::string_view name) const;
  void BeginTrace() override { Reset(); }

 private:
  int64_t step_ = -1;
};

struct RNNCellOptions {
  std::string activation = "tanh";  // tanh, relu, sigmoid, softsign or another that Activation takes
  init::Initializer i2h_weight_initializer = {};
  init::Initializer h2h_weight_initializer = {};
  init::Initializer i2h_bias_initializer = "zeros";
  init::Initializer h2h_bias_initializer = "zeros";
  int64_t input_size = 0;  // 0: that of the first input
  std::optional<std::string> prefix = std::nullopt;
};

struct LSTMCellOptions {
  init::Initializer i2h_weight_initializer = {};
  init::Initializer h2h_weight_initializer = {};
  init::Initializer i2h_bias_initializer = "zeros";
  init::Initializer h2h_bias_initializer = "zeros";
  int64_t input_size = 0;
  std::string activation = "tanh";
  std::string recurrent_activation = "sigmoid";
  std::optional<std::string> prefix = std::nullopt;
};

struct GRUCellOptions {
  init::Initializer i2h_weight_initializer = {};
  init::Initializer h2h_weight_initializer = {};
  init::Initializer i2h_bias_initializer = "zeros";
  init::Initializer h2h_bias_initializer = "zeros";
  int64_t input_size = 0;
  std::optional<std::string> prefix = std::nullopt;
};

// Cells with weights. Parameters: i2h_weight [gates * hidden, inputs], h2h_weight [gates * hidden, hidden], i2h_bias
// and h2h_bias [gates * hidden].
class WeightedCell : public RecurrentCell {
 public:
  std::vector<StateInfo> StateInfos(int64_t batch_size = 0) const override;
  absl::Status InferShapeMany(absl::Span<const NDArray> inputs) override;
  std::string ToString() const override;  // "LSTMCell(3 -> 8)"

 protected:
  struct Initializers {
    init::Initializer i2h_weight, h2h_weight, i2h_bias, h2h_bias;
  };
  WeightedCell(gluon::BlockOptions names, int64_t gates, int64_t hidden_size, int64_t input_size, int64_t num_states,
               const Initializers& initializers);

  int64_t hidden_size() const { return hidden_size_; }
  // The products of all gates with the input and with the state.
  NDArray FromInput(const NDArray& x) const;
  NDArray FromHidden(const NDArray& h) const;

 private:
  int64_t gates_, hidden_size_, num_states_;
};

// h' = tanh(W_x x + b_x + W_h h + b_h)
class RNNCell : public WeightedCell {
 public:
  explicit RNNCell(int64_t hidden_size, RNNCellOptions options = {});
  std::string ToString() const override;  // "RNNCell(3 -> 2, tanh)"

 protected:
  NDArrays Step(const NDArray& x, const NDArrays& states) override;

 private:
  std::string activation_;
};

// Gates are input, forget, cell and output; states are h and c.
class LSTMCell : public WeightedCell {
 public:
  explicit LSTMCell(int64_t hidden_size, LSTMCellOptions options = {});

 protected:
  NDArrays Step(const NDArray& x, const NDArrays& states) override;

 private:
  std::string activation_, recurrent_activation_;
};

// Gates are reset, update and new.
class GRUCell : public WeightedCell {
 public:
  explicit GRUCell(int64_t hidden_size, GRUCellOptions options = {});

 protected:
  NDArrays Step(const NDArray& x, const NDArrays& states) override;
};

struct SequentialRNNCellOptions {
  std::optional<std::string> prefix = std::nullopt;
};

// Cells upon each other: the output of each is the input of the next; states stand one after another.
class SequentialRNNCell : public RecurrentCell {
 public:
  explicit SequentialRNNCell(SequentialRNNCellOptions options = {});

  template <typename... Cells>
  void Add(Cells&&... cells) {
    (AddOne(std::forward<Cells>(cells)), ...);
  }
  int64_t size() const { return static_cast<int64_t>(children().size()); }
  RecurrentCell& operator[](int64_t index) { return cell(index); }  // below size()

  using RecurrentCell::Unroll;
  Unrolled Unroll(int64_t length, const NDArrays& inputs, const NDArrays& begin_state = {},
                  const UnrollOptions& options = {}) override;
  std::string ToString() const override;

 protected:
  SequentialRNNCell(std::string hint, SequentialRNNCellOptions options);
  NDArrays Step(const NDArray& x, const NDArrays& states) override;

 private:
  template <typename C>
  requires std::is_base_of_v<RecurrentCell, C>
  void AddOne(C cell) { RegisterChild(std::make_shared<C>(std::move(cell))); }
  template <typename C>
  void AddOne(const gluon::Child<C>& cell) {
    RegisterChild(cell.shared());
  }
};

// The same: here all cells may be compiled.
class HybridSequentialRNNCell : public SequentialRNNCell {
 public:
  explicit HybridSequentialRNNCell(SequentialRNNCellOptions options = {})
      : SequentialRNNCell("hybridsequentialrnncell", std::move(options)) {}
};

}  // namespace baryon::rnn

#endif  // BARYON_ENGINE_GLUON_RNN_RNN_CELL_H_
