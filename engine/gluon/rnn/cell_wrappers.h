// What stands between and around cells: dropout, shortcuts, a second direction.
//
//   rnn::HybridSequentialRNNCell stack;
//   stack.Add(rnn::BidirectionalCell(rnn::LSTMCell(4), rnn::LSTMCell(4)), rnn::DropoutCell(0.5),
//             rnn::ResidualCell(rnn::GRUCell(8)));
//   const rnn::Unrolled unrolled = stack.Unroll(5, sequence);
#ifndef BARYON_ENGINE_GLUON_RNN_CELL_WRAPPERS_H_
#define BARYON_ENGINE_GLUON_RNN_CELL_WRAPPERS_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/gluon/rnn/rnn_cell.h"
#include "engine/graph/attrs.h"

namespace baryon::rnn {

struct DropoutCellOptions {
  IntTuple axes = {};
  std::optional<std::string> prefix = std::nullopt;
};

// Training drops elements of the input at random; inference passes them through. Without states.
class DropoutCell : public RecurrentCell {
 public:
  explicit DropoutCell(double rate, DropoutCellOptions options = {});

  std::string ToString() const override;  // "DropoutCell(rate=0.5, axes=())"

 protected:
  NDArrays Step(const NDArray& x, const NDArrays& states) override;

 private:
  double rate_;
  IntTuple axes_;
};

// Adds the input of a cell to its output; they are of one size. Parameters and states are those of the cell, its child
// "base_cell".
// Source: Wu et al., Google's Neural Machine Translation System, 2016.
class ResidualCell : public RecurrentCell {
 public:
  template <typename C>
  requires std::is_base_of_v<RecurrentCell, C>
  explicit ResidualCell(C cell) : ResidualCell(std::make_shared<C>(std::move(cell))) {}
  explicit ResidualCell(std::shared_ptr<RecurrentCell> cell);

  std::string ToString() const override;  // "ResidualCell(GRUCell(3 -> 9))"

 protected:
  NDArrays Step(const NDArray& x, const NDArrays& states) override;
};

// Training keeps some outputs and states of the step before at random; inference computes the cell, its child
// "base_cell".
// Source: Krueger et al., Zoneout: Regularizing RNNs by Randomly Preserving Hidden Activations, 2017.
class ZoneoutCell : public RecurrentCell {
 public:
  template <typename C>
  requires std::is_base_of_v<RecurrentCell, C>
  explicit ZoneoutCell(C cell, double zoneout_outputs = 0, double zoneout_states = 0)
      : ZoneoutCell(std::make_shared<C>(std::move(cell)), zoneout_outputs, zoneout_states) {}
  explicit ZoneoutCell(std::shared_ptr<RecurrentCell> cell, double zoneout_outputs = 0, double zoneout_states = 0);

  std::string ToString() const override;  // "ZoneoutCell(p_out=0.1, p_state=0.2, RNNCell(3 -> 3, relu))"

 protected:
  NDArrays Step(const NDArray& x, const NDArrays& states) override;

 private:
  double zoneout_outputs_, zoneout_states_;
};

// One cell reads the sequence from its begin, another from its end; outputs of a step stand side by side, states one
// after another. It can only be unrolled: a single step is FAILED_PRECONDITION. Children: "l_cell", "r_cell".
class BidirectionalCell : public RecurrentCell {
 public:
  template <typename L, typename R>
  requires(std::is_base_of_v<RecurrentCell, L>&& std::is_base_of_v<RecurrentCell, R>)
      BidirectionalCell(L left, R right, std::string output_prefix = "bi_")
      : BidirectionalCell(std::make_shared<L>(std::move(left)), std::make_shared<R>(std::move(right)),
                          std::move(output_prefix)) {}
  BidirectionalCell(std::shared_ptr<RecurrentCell> left, std::shared_ptr<RecurrentCell> right,
                    std::string output_prefix = "bi_");

  using RecurrentCell::Unroll;
  Unrolled Unroll(int64_t length, const NDArrays& inputs, const NDArrays& begin_state = {},
                  const UnrollOptions& options = {}) override;
  std::string ToString() const override;  // "BidirectionalCell(forward=LSTMCell(3 -> 8), backward=LSTMCell(3 -> 8))"

 protected:
  NDArrays Step(const NDArray& x, const NDArrays& states) override;

 private:
  std::string output_prefix_;
};

}  // namespace baryon::rnn

#endif  // BARYON_ENGINE_GLUON_RNN_CELL_WRAPPERS_H_
