// The graph that MXNet writes: all parameters, each as a vector, joined to the one that the operator wants. Compiled,
// that is done once, and the weights are packed with it.
#include "engine/gluon/rnn/rnn_layer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/gluon/invoke.h"
#include "engine/gluon/np.h"
#include "engine/gluon/trace.h"

namespace baryon::rnn {
namespace {

using gluon::Parameter;

// Known dimensions differ.
bool Contradict(const Shape& a, const Shape& b) {
  if (a.rank() != b.rank()) return true;
  for (int64_t axis = 0; axis < a.rank(); ++axis) {
    if (a[axis] >= 0 && b[axis] >= 0 && a[axis] != b[axis]) return true;
  }
  return false;
}

NDArray SwapTimeAndBatch(const NDArray& x) { return np::SwapAxes(x, 0, 1); }

}  // namespace

RecurrentLayer::RecurrentLayer(Config config)
    : HybridBlock({.hint = config.hint, .prefix = config.prefix}), config_(std::move(config)) {
  if (config_.layout != "TNC" && config_.layout != "NTC") {
    Fail(absl::InvalidArgumentError(
        absl::StrCat("Invalid layout ", config_.layout, "; must be one of ['TNC' or 'NTC']")));
  }
  if (config_.num_layers < 1) {
    Fail(absl::InvalidArgumentError(absl::StrCat("expected one layer or more, got ", config_.num_layers)));
  }
  for (int64_t layer = 0; layer < config_.num_layers; ++layer) {
    RegisterParameters(layer, "l");
    if (config_.bidirectional) RegisterParameters(layer, "r");
  }
}

void RecurrentLayer::RegisterParameters(int64_t layer, const std::string& direction) {
  const int64_t rows = config_.gates * config_.hidden_size, projection = config_.projection_size;
  const int64_t outputs = projection > 0 ? projection : config_.hidden_size;
  const auto add = [&](const char* kind, const Shape& shape, const init::Initializer& init) {
    const std::string name = absl::StrCat(direction, layer, "_", kind);
    Register(name,
             Parameter(name, {.shape = shape, .dtype = config_.dtype, .init = init, .allow_deferred_init = true}));
  };
  add("i2h_weight", {rows, layer == 0 ? config_.input_size : directions() * outputs}, config_.i2h_weight);
  add("h2h_weight", {rows, outputs}, config_.h2h_weight);
  add("i2h_bias", {rows}, config_.i2h_bias);
  add("h2h_bias", {rows}, config_.h2h_bias);
  if (projection > 0) add("h2r_weight", {projection, config_.hidden_size}, config_.h2r_weight);
}

absl::Status RecurrentLayer::InferShape(const NDArray& x) {
  if (x.ndim() != 3) {
    return absl::InvalidArgumentError(absl::StrCat(class_name(), ": expected an input of three axes (", config_.layout,
                                                   "), got shape ", ShapeTuple(x.shape())));
  }
  const Shape shape = {config_.gates * config_.hidden_size, x.shape()[2]};
  BARYON_RETURN_IF_ERROR(param("l0_i2h_weight").SetShape(shape));
  return config_.bidirectional ? param("r0_i2h_weight").SetShape(shape) : absl::OkStatus();
}

// "l0_i2h_weight" as the stack of cells has it that the layer stands for.
std::string RecurrentLayer::FileName(const std::string& name) const {
  const size_t end = name.find('_');
  const std::string layer = name.substr(1, end - 1), rest = name.substr(end + 1);
  const std::string cell = config_.bidirectional ? absl::StrCat(name.substr(0, 1), "_cell.") : "";
  return absl::StrCat("_unfused.", layer, ".", cell, rest);
}

absl::StatusOr<Tensor> RecurrentLayer::Fuse() const { return JoinedParameters().AsTensor(); }

// How many columns the input has follows from the length.
absl::StatusOr<NamedTensors> RecurrentLayer::Unfuse(const Tensor& fused) const {
  const auto reads_input = [](const std::string& name) { return name.substr(1) == "0_i2h_weight"; };
  const int64_t rows = config_.gates * config_.hidden_size;
  int64_t rest = fused.num_elements();
  for (const auto& [name, parameter] : params()) rest -= reads_input(name) ? 0 : parameter.size();
  const int64_t columns = rest / std::max<int64_t>(rows * directions(), 1);
  if (fused.shape().rank() != 1 || columns < 1 || columns * rows * directions() != rest) {
    return absl::InvalidArgumentError(absl::StrCat("expected the parameters of ", ToString(),
                                                   " in one vector, got shape ", ShapeTuple(fused.shape())));
  }
  NamedTensors parts;
  int64_t begin = 0;
  for (const char* kind : {"_weight", "_bias"}) {
    for (const auto& [name, parameter] : params()) {
      if (!absl::EndsWith(name, kind)) continue;
      const Shape shape = reads_input(name) ? Shape{rows, columns} : parameter.shape();
      parts.emplace_back(name, fused.Rows(begin, begin + shape.num_elements()).Reshaped(shape));
      begin += shape.num_elements();
    }
  }
  return parts;
}

void RecurrentLayer::Cast(DType dtype) {
  HybridBlock::Cast(dtype);
  config_.dtype = dtype;
}

// ---------------------------------------------------------------------------------------------------------------------
// States

std::vector<StateInfo> RecurrentLayer::StateInfos(int64_t batch_size) const {
  const int64_t depth = config_.num_layers * directions();
  const int64_t outputs = config_.projection_size > 0 ? config_.projection_size : config_.hidden_size;
  std::vector<StateInfo> infos = {{{depth, batch_size, outputs}, "LNC"}};
  if (is_lstm()) infos.push_back({{depth, batch_size, config_.hidden_size}, "LNC"});
  return infos;
}

NDArrays RecurrentLayer::BeginState(int64_t batch_size) const {
  NDArrays states;
  for (const StateInfo& info : StateInfos(batch_size)) states.push_back(np::Zeros(info.shape, config_.dtype));
  return states;
}

// In a graph they are made for whatever batch comes.
NDArrays RecurrentLayer::ZeroStates(const NDArray& x, const std::string& name_prefix) const {
  const int64_t batch = x.shape().rank() == 3 ? x.shape()[config_.layout == "TNC" ? 1 : 0] : 0;
  const std::vector<StateInfo> infos = StateInfos(x.is_traced() ? 0 : batch);
  NDArrays states;
  for (size_t i = 0; i < infos.size(); ++i) {
    if (!x.is_traced()) {
      states.push_back(np::Zeros(infos[i].shape, x.dtype()));
      continue;
    }
    const Attrs attrs = {
        {"shape", ShapeTuple(infos[i].shape)}, {"dtype", AttrText(x.dtype())}, {"__layout__", infos[i].layout}};
    states.push_back(InvokeOne("_zeros", attrs, {}, {.name = absl::StrCat(name_prefix, "h0_", i)}));
  }
  return states;
}

absl::Status RecurrentLayer::CheckStates(const Arguments& arguments) const {
  const std::vector<StateInfo> infos = StateInfos(arguments.x.shape()[config_.layout == "TNC" ? 1 : 0]);
  for (size_t i = 0; i < infos.size(); ++i) {
    BARYON_RETURN_IF_ERROR(arguments.states[i].status());
    const Shape& shape = arguments.states[i].shape();
    if (!Contradict(infos[i].shape, shape)) continue;
    return absl::InvalidArgumentError(absl::StrCat("Invalid recurrent state shape. Expecting ",
                                                   ShapeTuple(infos[i].shape), ", got ", ShapeTuple(shape), "."));
  }
  return absl::OkStatus();
}

// ---------------------------------------------------------------------------------------------------------------------
// Calling

absl::StatusOr<RecurrentLayer::Arguments> RecurrentLayer::Parse(absl::Span<const NDArray> inputs) const {
  const size_t num_states = is_lstm() ? 2 : 1, lengths = config_.use_sequence_length ? 1 : 0;
  if (inputs.size() != 1 + lengths && inputs.size() != 1 + num_states + lengths) {
    return absl::InvalidArgumentError(absl::StrCat(class_name(), ": expected ", 1 + lengths, " inputs, or ",
                                                   1 + num_states + lengths, " with states, got ", inputs.size()));
  }
  Arguments arguments;
  arguments.x = inputs[0];
  if (lengths > 0) arguments.sequence_length = inputs.back();
  if (inputs.size() > 1 + lengths && !inputs[1].is_none()) {
    arguments.states.assign(inputs.begin() + 1, inputs.begin() + 1 + num_states);
  }
  return arguments;
}

// States that are made for a block which is being traced are its nodes, named behind its prefix.
NDArrays RecurrentLayer::CallMany(absl::Span<const NDArray> inputs) {
  const absl::StatusOr<Arguments> arguments = Parse(inputs);
  if (Trace::Current() == nullptr || !status().ok() || !arguments.ok() || !arguments->states.empty() ||
      !arguments->x.is_traced()) {
    return HybridBlock::CallMany(inputs);
  }
  NDArrays all = {arguments->x};
  for (NDArray& state : ZeroStates(arguments->x, prefix())) all.push_back(std::move(state));
  if (config_.use_sequence_length) all.push_back(arguments->sequence_length);
  only_output_ = true;
  NDArrays outputs = HybridBlock::CallMany(all);
  only_output_ = false;
  return outputs;
}

NDArrays RecurrentLayer::ForwardMany(absl::Span<const NDArray> inputs) {
  absl::StatusOr<Arguments> arguments = Parse(inputs);
  if (!arguments.ok()) return {arguments.status()};
  const bool only_output = only_output_ || arguments->states.empty();
  if (arguments->states.empty()) arguments->states = ZeroStates(arguments->x, "");
  if (absl::Status status = CheckStates(*arguments); !status.ok()) return {status};

  const bool batch_first = config_.layout == "NTC";
  NDArrays operands = {batch_first ? SwapTimeAndBatch(arguments->x) : arguments->x};
  operands.push_back(JoinedParameters());
  for (const NDArray& state : arguments->states) operands.push_back(state);
  if (config_.use_sequence_length) operands.push_back(arguments->sequence_length);
  NDArrays outputs = Invoke("RNN", OperatorAttrs(), operands);
  if (batch_first) outputs[0] = SwapTimeAndBatch(outputs[0]);
  if (only_output) outputs.resize(1);
  return outputs;
}

// Weights of all layers and directions, then biases.
NDArray RecurrentLayer::JoinedParameters() const {
  NDArrays vectors;
  const auto add = [&](absl::string_view kind) {
    for (const auto& [name, parameter] : params()) {
      if (!absl::EndsWith(name, kind)) continue;
      vectors.push_back(InvokeOne("Reshape", {{"shape", "(-1,)"}}, {parameter.data()}, {.hint = "reshape"}));
    }
  };
  add("_weight");
  add("_bias");
  return InvokeOne("_rnn_param_concat", {{"dim", "0"}, {"num_args", AttrText(vectors.size())}}, vectors);
}

Attrs RecurrentLayer::OperatorAttrs() const {
  Attrs attrs = {{"state_size", AttrText(config_.hidden_size)},
                 {"num_layers", AttrText(config_.num_layers)},
                 {"mode", config_.mode},
                 {"bidirectional", AttrText(config_.bidirectional)},
                 {"p", AttrText(config_.dropout)},
                 {"state_outputs", "True"},
                 {"use_sequence_length", AttrText(config_.use_sequence_length)}};
  if (config_.projection_size > 0) attrs.Set("projection_size", AttrText(config_.projection_size));
  if (config_.clip_min.has_value()) attrs.Set("lstm_state_clip_min", AttrText(*config_.clip_min));
  if (config_.clip_max.has_value()) attrs.Set("lstm_state_clip_max", AttrText(*config_.clip_max));
  if (config_.clip_nan) attrs.Set("lstm_state_clip_nan", "True");
  return attrs;
}

RecurrentOutput RecurrentLayer::operator()(const NDArray& x, const NDArrays& states, const NDArray& sequence_length) {
  NDArrays inputs = {x};
  inputs.insert(inputs.end(), states.begin(), states.end());
  if (config_.use_sequence_length) inputs.push_back(sequence_length);
  return ToRecurrentOutput(Call(inputs), states.size());
}

std::string RecurrentLayer::OutputShapes(absl::Span<const NDArray> outputs) const {
  return outputs.size() == 1 ? Block::OutputShapes(outputs) : ShapesWithStates(outputs);
}

std::string RecurrentLayer::ToString() const {
  const int64_t inputs = param("l0_i2h_weight").shape()[1];
  std::string text = absl::StrCat(class_name(), "(", inputs < 0 ? "None" : absl::StrCat(inputs), " -> ",
                                  config_.hidden_size, ", ", config_.layout);
  if (config_.num_layers != 1) absl::StrAppend(&text, ", num_layers=", config_.num_layers);
  if (config_.dropout != 0) absl::StrAppend(&text, ", dropout=", FormatAttr(config_.dropout));
  if (config_.bidirectional) text += ", bidirectional";
  return text + ")";
}

// ---------------------------------------------------------------------------------------------------------------------
// The three

namespace {

// What the options of all three say alike.
template <typename Config, typename Options>
Config CommonConfig(const char* hint, std::string mode, int64_t gates, int64_t hidden_size, Options& options) {
  Config config;
  config.hint = hint;
  config.mode = std::move(mode);
  config.gates = gates;
  config.hidden_size = hidden_size;
  config.num_layers = options.num_layers;
  config.layout = std::move(options.layout);
  config.dropout = options.dropout;
  config.bidirectional = options.bidirectional;
  config.input_size = options.input_size;
  config.i2h_weight = std::move(options.i2h_weight_initializer);
  config.h2h_weight = std::move(options.h2h_weight_initializer);
  config.i2h_bias = std::move(options.i2h_bias_initializer);
  config.h2h_bias = std::move(options.h2h_bias_initializer);
  config.dtype = options.dtype;
  config.use_sequence_length = options.use_sequence_length;
  config.prefix = std::move(options.prefix);
  return config;
}

template <typename Config>
Config LstmConfig(int64_t hidden_size, LSTMOptions& options) {
  Config config = CommonConfig<Config>("lstm", "lstm", 4, hidden_size, options);
  config.projection_size = options.projection_size;
  config.h2r_weight = std::move(options.h2r_weight_initializer);
  config.clip_min = options.state_clip_min;
  config.clip_max = options.state_clip_max;
  config.clip_nan = options.state_clip_nan;
  return config;
}

}  // namespace

RNN::RNN(int64_t hidden_size, RNNOptions options)
    : RecurrentLayer(CommonConfig<Config>("rnn", "rnn_" + options.activation, 1, hidden_size, options)) {}

LSTM::LSTM(int64_t hidden_size, LSTMOptions options) : RecurrentLayer(LstmConfig<Config>(hidden_size, options)) {}

GRU::GRU(int64_t hidden_size, GRUOptions options)
    : RecurrentLayer(CommonConfig<Config>("gru", "gru", 3, hidden_size, options)) {}

}  // namespace baryon::rnn
