#include "engine/gluon/rnn/rnn_cell.h"

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/gluon/invoke.h"
#include "engine/gluon/np.h"
#include "engine/gluon/trace.h"

namespace baryon::rnn {
namespace {

using gluon::Parameter;

int64_t TimeAxis(const UnrollOptions& options) { return options.layout == "TNC" ? 0 : 1; }

// What a sequence of `valid_length` ends with.
NDArray LastOf(const NDArrays& steps, const NDArray& valid_length) {
  return InvokeOne("SequenceLast", {{"use_sequence_length", "True"}, {"axis", "0"}},
                   {StackSteps(steps, 0), valid_length});
}

NDArray Activated(const NDArray& x, const std::string& activation, const std::string& name) {
  for (const char* op : {"tanh", "relu", "sigmoid", "softsign"}) {
    if (activation == op) return InvokeOne(op, {}, {x}, {.name = name});
  }
  return InvokeOne("Activation", {{"act_type", activation}}, {x}, {.name = name});
}

NDArray Sum(const NDArray& a, const NDArray& b, const std::string& name) {
  return InvokeOne("elemwise_add", {}, {a, b}, {.name = name});
}

NDArray Product(const NDArray& a, const NDArray& b, const std::string& name) {
  return InvokeOne("elemwise_mul", {}, {a, b}, {.name = name});
}

// The parts of `gates`, one for each gate. After an error each has it.
NDArrays Gates(const NDArray& gates, int64_t count, const std::string& name) {
  NDArrays parts = Invoke("SliceChannel", {{"num_outputs", AttrText(count)}}, {gates}, {.name = name});
  if (!parts[0].ok()) parts.resize(count, NDArray(parts[0]));
  return parts;
}

}  // namespace

// ---------------------------------------------------------------------------------------------------------------------
// All cells

std::vector<StateInfo> RecurrentCell::StateInfos(int64_t batch_size) const {
  std::vector<StateInfo> all;
  for (int64_t i = 0; i < static_cast<int64_t>(children().size()); ++i) {
    for (StateInfo& info : cell(i).StateInfos(batch_size)) all.push_back(std::move(info));
  }
  return all;
}

NDArrays RecurrentCell::BeginState(int64_t batch_size, DType dtype) const {
  NDArrays states;
  for (const StateInfo& info : StateInfos(batch_size)) states.push_back(np::Zeros(info.shape, dtype));
  return states;
}

NDArrays RecurrentCell::BeginStateFor(const NDArray& x) const {
  if (!x.is_traced()) return BeginState(x.ndim() > 0 ? x.shape()[0] : 0, x.dtype());
  NDArrays states;
  for (int64_t i = 0; i < static_cast<int64_t>(children().size()); ++i) {
    for (NDArray& state : cell(i).BeginStateFor(x)) states.push_back(std::move(state));
  }
  if (!children().empty()) return states;
  for (const StateInfo& info : StateInfos()) {
    const Attrs attrs = {
        {"shape", ShapeTuple(info.shape)}, {"dtype", AttrText(x.dtype())}, {"__layout__", info.layout}};
    const std::string name = absl::StrCat(prefix(), "begin_state_", states.size());
    states.push_back(InvokeOne("_zeros", attrs, {}, {.name = name}));
  }
  return states;
}

void RecurrentCell::RegisterChild(std::shared_ptr<gluon::Block> block, std::string name) {
  if (dynamic_cast<RecurrentCell*>(block.get()) == nullptr) {
    return Fail(absl::InvalidArgumentError(
        absl::StrCat(class_name(), ": expected a recurrent cell, got ", block->class_name())));
  }
  HybridBlock::RegisterChild(std::move(block), std::move(name));
}

RecurrentOutput RecurrentCell::operator()(const NDArray& x, const NDArrays& states) {
  NDArrays inputs = {x};
  inputs.insert(inputs.end(), states.begin(), states.end());
  return ToRecurrentOutput(Call(inputs), states.size());
}

void RecurrentCell::Reset() {
  step_ = -1;
  for (int64_t i = 0; i < static_cast<int64_t>(children().size()); ++i) cell(i).Reset();
}

Unrolled RecurrentCell::FailedUnroll(const absl::Status& status) const {
  return {{status}, NDArrays(StateInfos().size(), status)};
}

std::string RecurrentCell::StepName(absl::string_view name) const { return absl::StrCat("t", step_, "_", name); }

NDArrays RecurrentCell::CallMany(absl::Span<const NDArray> inputs) {
  if (Trace::Current() == nullptr) Reset();
  return HybridBlock::CallMany(inputs);
}

NDArrays RecurrentCell::ForwardMany(absl::Span<const NDArray> inputs) {
  const size_t num_states = StateInfos().size();
  if (inputs.size() != 1 + num_states) {
    return {absl::InvalidArgumentError(
        absl::StrCat(class_name(), ": expected an input and ", num_states, " states, got ", inputs.size(), " arrays"))};
  }
  ++step_;
  return Step(inputs[0], {inputs.begin() + 1, inputs.end()});
}

Unrolled RecurrentCell::Unroll(int64_t length, const NDArray& inputs, const NDArrays& begin_state,
                               const UnrollOptions& options) {
  const int64_t axis = TimeAxis(options);
  if (inputs.ok() && (inputs.ndim() < 2 || inputs.shape()[axis] != length)) {
    return FailedUnroll(
        absl::InvalidArgumentError(absl::StrCat(class_name(), ": expected ", length, " steps (", options.layout,
                                                "), got an input of shape ", ShapeTuple(inputs.shape()))));
  }
  const NDArrays steps = SplitSteps(inputs, length, axis);
  return steps[0].ok() ? Unroll(length, steps, begin_state, options) : FailedUnroll(steps[0].status());
}

Unrolled RecurrentCell::Unroll(int64_t length, const NDArrays& inputs, const NDArrays& begin_state,
                               const UnrollOptions& options) {
  Reset();
  if (static_cast<int64_t>(inputs.size()) != length || length < 1) {
    return FailedUnroll(
        absl::InvalidArgumentError(absl::StrCat(class_name(), ": expected ", length, " steps, got ", inputs.size())));
  }
  NDArrays states = begin_state.empty() ? BeginStateFor(inputs[0]) : begin_state;
  NDArrays outputs;
  std::vector<NDArrays> all_states(states.size());  // of each state, step by step
  for (const NDArray& input : inputs) {
    RecurrentOutput next = (*this)(input, states);
    if (!next.output.ok()) return FailedUnroll(next.output.status());
    outputs.push_back(std::move(next.output));
    states = std::move(next.states);
    for (size_t i = 0; i < states.size(); ++i) all_states[i].push_back(states[i]);
  }
  const int64_t axis = TimeAxis(options);
  if (!options.valid_length.is_none()) {
    for (size_t i = 0; i < states.size(); ++i) states[i] = LastOf(all_states[i], options.valid_length);
    const Attrs attrs = {{"use_sequence_length", "True"}, {"axis", AttrText(axis)}};
    outputs = {InvokeOne("SequenceMask", attrs, {StackSteps(outputs, axis), options.valid_length})};
    if (!options.merge_outputs) outputs = SplitSteps(outputs[0], length, axis);
  } else if (options.merge_outputs) {
    outputs = {StackSteps(outputs, axis)};
  }
  return {std::move(outputs), std::move(states)};
}

// ---------------------------------------------------------------------------------------------------------------------
// Cells with weights

WeightedCell::WeightedCell(gluon::BlockOptions names, int64_t gates, int64_t hidden_size, int64_t input_size,
                           int64_t num_states, const Initializers& initializers)
    : RecurrentCell(std::move(names)), gates_(gates), hidden_size_(hidden_size), num_states_(num_states) {
  const int64_t rows = gates * hidden_size;
  const auto add = [this](const char* name, const Shape& shape, const init::Initializer& init) {
    Register(name, Parameter(name, {.shape = shape, .init = init, .allow_deferred_init = true}));
  };
  add("i2h_weight", {rows, input_size}, initializers.i2h_weight);
  add("h2h_weight", {rows, hidden_size}, initializers.h2h_weight);
  add("i2h_bias", {rows}, initializers.i2h_bias);
  add("h2h_bias", {rows}, initializers.h2h_bias);
}

std::vector<StateInfo> WeightedCell::StateInfos(int64_t batch_size) const {
  return std::vector<StateInfo>(num_states_, StateInfo{{batch_size, hidden_size_}, "NC"});
}

absl::Status WeightedCell::InferShapeMany(absl::Span<const NDArray> inputs) {
  if (inputs[0].ndim() < 1) {
    return absl::InvalidArgumentError(absl::StrCat(class_name(), ": expected an input of two axes, got a scalar"));
  }
  return param("i2h_weight").SetShape({gates_ * hidden_size_, inputs[0].shape().back()});
}

NDArray WeightedCell::FromInput(const NDArray& x) const {
  return InvokeOne("FullyConnected", {{"num_hidden", AttrText(gates_ * hidden_size_)}},
                   {x, param("i2h_weight").data(), param("i2h_bias").data()}, {.name = StepName("i2h")});
}

NDArray WeightedCell::FromHidden(const NDArray& h) const {
  return InvokeOne("FullyConnected", {{"num_hidden", AttrText(gates_ * hidden_size_)}},
                   {h, param("h2h_weight").data(), param("h2h_bias").data()}, {.name = StepName("h2h")});
}

std::string WeightedCell::ToString() const {
  const Shape& shape = param("i2h_weight").shape();
  return absl::StrCat(class_name(), "(", shape[1] < 0 ? "None" : absl::StrCat(shape[1]), " -> ", shape[0], ")");
}

RNNCell::RNNCell(int64_t hidden_size, RNNCellOptions options)
    : WeightedCell({.hint = "rnn", .prefix = std::move(options.prefix)}, 1, hidden_size, options.input_size, 1,
                   {std::move(options.i2h_weight_initializer), std::move(options.h2h_weight_initializer),
                    std::move(options.i2h_bias_initializer), std::move(options.h2h_bias_initializer)}),
      activation_(std::move(options.activation)) {}

NDArrays RNNCell::Step(const NDArray& x, const NDArrays& states) {
  const NDArray from_input = FromInput(x);
  const NDArray sum = Sum(from_input, FromHidden(states[0]), StepName("plus0"));
  const NDArray output = Activated(sum, activation_, StepName("out"));
  return {output, output};
}

std::string RNNCell::ToString() const {
  std::string text = WeightedCell::ToString();
  return text.insert(text.size() - 1, ", " + activation_);
}

LSTMCell::LSTMCell(int64_t hidden_size, LSTMCellOptions options)
    : WeightedCell({.hint = "lstm", .prefix = std::move(options.prefix)}, 4, hidden_size, options.input_size, 2,
                   {std::move(options.i2h_weight_initializer), std::move(options.h2h_weight_initializer),
                    std::move(options.i2h_bias_initializer), std::move(options.h2h_bias_initializer)}),
      activation_(std::move(options.activation)),
      recurrent_activation_(std::move(options.recurrent_activation)) {}

NDArrays LSTMCell::Step(const NDArray& x, const NDArrays& states) {
  const NDArray from_input = FromInput(x);
  const NDArray sum = Sum(from_input, FromHidden(states[0]), StepName("plus0"));
  const NDArrays gates = Gates(sum, 4, StepName("slice"));
  const NDArray in_gate = Activated(gates[0], recurrent_activation_, StepName("i"));
  const NDArray forget_gate = Activated(gates[1], recurrent_activation_, StepName("f"));
  const NDArray in_transform = Activated(gates[2], activation_, StepName("c"));
  const NDArray out_gate = Activated(gates[3], recurrent_activation_, StepName("o"));
  const NDArray kept = Product(forget_gate, states[1], StepName("mul0"));
  const NDArray next_c = Sum(kept, Product(in_gate, in_transform, StepName("mul1")), StepName("state"));
  const NDArray shown =
      InvokeOne("Activation", {{"act_type", activation_}}, {next_c}, {.name = StepName("activation0")});
  const NDArray next_h = Product(out_gate, shown, StepName("out"));
  return {next_h, next_h, next_c};
}

GRUCell::GRUCell(int64_t hidden_size, GRUCellOptions options)
    : WeightedCell({.hint = "gru", .prefix = std::move(options.prefix)}, 3, hidden_size, options.input_size, 1,
                   {std::move(options.i2h_weight_initializer), std::move(options.h2h_weight_initializer),
                    std::move(options.i2h_bias_initializer), std::move(options.h2h_bias_initializer)}) {}

// h' = (1 - z) n + z h, where the reset gate acts on the product with the state.
NDArrays GRUCell::Step(const NDArray& x, const NDArrays& states) {
  const NDArray from_input = FromInput(x), from_hidden = FromHidden(states[0]);
  const NDArrays in = Gates(from_input, 3, StepName("i2h_slice"));
  const NDArrays hidden = Gates(from_hidden, 3, StepName("h2h_slice"));
  const auto activation = [](const char* type, const NDArray& x, const std::string& name) {
    return InvokeOne("Activation", {{"act_type", type}}, {x}, {.name = name});
  };
  const NDArray reset = activation("sigmoid", Sum(in[0], hidden[0], StepName("plus0")), StepName("r_act"));
  const NDArray update = activation("sigmoid", Sum(in[1], hidden[1], StepName("plus1")), StepName("z_act"));
  const NDArray through = Product(reset, hidden[2], StepName("mul0"));
  const NDArray fresh = activation("tanh", Sum(in[2], through, StepName("plus2")), StepName("h_act"));
  const NDArray ones = InvokeOne("ones_like", {}, {update}, {.name = StepName("ones_like0")});
  const NDArray rest = InvokeOne("elemwise_sub", {}, {ones, update}, {.name = StepName("minus0")});
  const NDArray next = Product(rest, fresh, StepName("mul1"));
  const NDArray output = Sum(next, Product(update, states[0], StepName("mul20")), StepName("out"));
  return {output, output};
}

// ---------------------------------------------------------------------------------------------------------------------
// Cells upon each other

SequentialRNNCell::SequentialRNNCell(SequentialRNNCellOptions options)
    : SequentialRNNCell("sequentialrnncell", std::move(options)) {}

SequentialRNNCell::SequentialRNNCell(std::string hint, SequentialRNNCellOptions options)
    : RecurrentCell({.hint = std::move(hint), .prefix = std::move(options.prefix)}) {}

NDArrays SequentialRNNCell::Step(const NDArray& x, const NDArrays& states) {
  NDArray input = x;
  NDArrays next_states;
  auto state = states.begin();
  for (int64_t i = 0; i < size(); ++i) {
    RecurrentCell& cell = (*this)[i];
    const auto end = state + static_cast<int64_t>(cell.StateInfos().size());
    RecurrentOutput next = cell(input, NDArrays(state, end));
    if (!next.output.ok()) return {next.output};
    input = std::move(next.output);
    next_states.insert(next_states.end(), next.states.begin(), next.states.end());
    state = end;
  }
  next_states.insert(next_states.begin(), input);
  return next_states;
}

// Cell by cell, as MXNet does; the same as step by step.
Unrolled SequentialRNNCell::Unroll(int64_t length, const NDArrays& inputs, const NDArrays& begin_state,
                                   const UnrollOptions& options) {
  if (!status().ok()) return FailedUnroll(status());
  Reset();
  NDArrays states = begin_state;
  if (states.empty() && !inputs.empty()) states = BeginStateFor(inputs[0]);
  if (const size_t expected = StateInfos().size(); states.size() != expected) {
    return FailedUnroll(absl::InvalidArgumentError(
        absl::StrCat(class_name(), ": expected ", expected, " states, got ", states.size())));
  }
  Unrolled all = {inputs, {}};
  auto state = states.begin();
  for (int64_t i = 0; i < size(); ++i) {
    const auto end = state + static_cast<int64_t>((*this)[i].StateInfos().size());
    UnrollOptions own = options;
    own.merge_outputs = options.merge_outputs && i + 1 == size();
    Unrolled next = (*this)[i].Unroll(length, all.outputs, NDArrays(state, end), own);
    if (!next.outputs[0].ok()) return FailedUnroll(next.outputs[0].status());
    all.outputs = std::move(next.outputs);
    all.states.insert(all.states.end(), next.states.begin(), next.states.end());
    state = end;
  }
  return all;
}

std::string SequentialRNNCell::ToString() const {
  std::string text = class_name() + "(\n";
  for (const auto& [name, cell] : children()) absl::StrAppend(&text, "(", name, "): ", cell->ToString(), "\n");
  return text + ")";
}

}  // namespace baryon::rnn
