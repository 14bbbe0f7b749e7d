// Recurrent layers over [time, batch, inputs]: vanilla with relu or tanh, LSTM (perhaps with projection) and GRU, of
// one or more layers in one or both directions; see kernels/recurrent_layer.h for the computation. All weights and
// biases stand in one vector, as cuDNN wants them:
//
//   for each layer, for each direction   W_x [gates, inputs], W_h [gates, outputs], with projection W_r
//   for each layer, for each direction   b_x [gates], b_h [gates]
//
// Both directions of a layer run at once, each on its share of the threads; the next layer reads their outputs side by
// side. Sequences may have lengths: beyond them outputs are 0, and the reverse direction begins at their ends.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/base/step_loop.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/aligned_buffer.h"
#include "engine/kernels/plain_recurrent.h"
#include "engine/kernels/recurrent_layer.h"
#include "engine/ops/indexing.h"
#include "engine/ops/packed_weight.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

using kernels::AlignedBuffer;
using kernels::Cell;
using kernels::RecurrentLayer;
using kernels::RecurrentOperands;
using kernels::RecurrentShape;
using kernels::RecurrentWeights;

struct RnnAttrs {
  int64_t state_size = 0, num_layers = 0;
  Cell mode = Cell::kLstm;
  bool bidirectional = false, state_outputs = false, use_sequence_length = false;
  std::optional<int64_t> projection_size;
  std::optional<double> clip_min, clip_max;
  bool clip_nan = false;

  bool is_lstm() const { return mode == Cell::kLstm; }
  int64_t directions() const { return bidirectional ? 2 : 1; }
  int64_t outputs() const { return projection_size.value_or(state_size); }  // of one direction
  int64_t gates() const { return kernels::NumGates(mode) * state_size; }
  int64_t states() const { return num_layers * directions(); }
  int64_t layer_inputs(int64_t layer, int64_t inputs) const { return layer == 0 ? inputs : directions() * outputs(); }
  int num_inputs() const { return 3 + is_lstm() + use_sequence_length; }
  int num_outputs() const { return state_outputs ? 2 + is_lstm() : 1; }
};

absl::Status Check(const RnnAttrs& attrs) {
  if (attrs.state_size < 1) return ExpectedGot("\"state_size\" of 1 or more", attrs.state_size);
  if (attrs.num_layers < 1) return ExpectedGot("\"num_layers\" of 1 or more", attrs.num_layers);
  if (attrs.projection_size.value_or(1) < 1) return ExpectedGot("a projection of 1 or more", *attrs.projection_size);
  if (attrs.projection_size.has_value() && !attrs.is_lstm()) return ExpectedGot("a projection in LSTM only", "another");
  if (attrs.clip_min.has_value() != attrs.clip_max.has_value()) {
    return ExpectedGot("both limits of the cell state", "one");
  }
  return absl::OkStatus();
}

// Elements of W_x, W_h and W_r of one layer and direction.
int64_t WeightSize(const RnnAttrs& attrs, int64_t layer_inputs) {
  return attrs.gates() * (layer_inputs + attrs.outputs()) + attrs.projection_size.value_or(0) * attrs.state_size;
}

int64_t ParameterSize(const RnnAttrs& attrs, int64_t inputs) {
  int64_t size = 0;
  for (int64_t layer = 0; layer < attrs.num_layers; ++layer) {
    size += attrs.directions() * (WeightSize(attrs, attrs.layer_inputs(layer, inputs)) + 2 * attrs.gates());
  }
  return size;
}

template <typename T>
RecurrentWeights<T> WeightsAt(const RnnAttrs& attrs, int64_t inputs, int64_t layer, int64_t direction,
                              const T* parameters) {
  const auto size = [&](int64_t l) { return WeightSize(attrs, attrs.layer_inputs(l, inputs)); };
  const T *weight = parameters, *bias = parameters;
  for (int64_t l = 0; l < attrs.num_layers; ++l) {
    bias += attrs.directions() * size(l);
    if (l < layer) weight += attrs.directions() * size(l);
  }
  weight += direction * size(layer);
  bias += (layer * attrs.directions() + direction) * 2 * attrs.gates();
  RecurrentWeights<T> weights;
  weights.input = weight;
  weights.recurrent = weights.input + attrs.gates() * attrs.layer_inputs(layer, inputs);
  weights.projection =
      attrs.projection_size.has_value() ? weights.recurrent + attrs.gates() * attrs.outputs() : nullptr;
  weights.input_bias = bias;
  weights.recurrent_bias = bias + attrs.gates();
  return weights;
}

// ---------------------------------------------------------------------------------------------------------------------
// Types

// What the types of all inputs and outputs are when steps, sequences and inputs are these; -1 stands for unknown.
struct RnnTypes {
  TensorTypes inputs, outputs;
};
RnnTypes TypesFor(const RnnAttrs& attrs, DType dtype, int64_t steps, int64_t batch, int64_t inputs) {
  const TensorType state = {dtype, {attrs.states(), batch, attrs.outputs()}};
  const TensorType cell = {dtype, {attrs.states(), batch, attrs.state_size}};
  const int64_t size = inputs < 0 ? Shape::kUnknownDim : ParameterSize(attrs, inputs);
  RnnTypes types = {{{dtype, {steps, batch, inputs}}, {dtype, {size}}, state},
                    {{dtype, {steps, batch, attrs.directions() * attrs.outputs()}}, state, cell}};
  if (attrs.is_lstm()) types.inputs.push_back(cell);
  if (attrs.use_sequence_length) types.inputs.push_back({DType::kUnknown, {batch}});
  types.outputs.resize(attrs.num_outputs());
  return types;
}

constexpr const char* kInputNames[] = {"data", "parameters", "state", "state_cell"};

absl::StatusOr<TensorTypes> InferTypes(const RnnAttrs& attrs, const TensorTypes& inputs) {
  const TensorType& data = inputs[0];
  BARYON_RETURN_IF_ERROR(CheckFloating("data", data));
  BARYON_RETURN_IF_ERROR(CheckRank("data", data, 3));
  const RnnTypes types = TypesFor(attrs, data.dtype, data.shape[0], data.shape[1], data.shape[2]);
  for (size_t i = 1; i < inputs.size(); ++i) {
    const bool is_length = attrs.use_sequence_length && i + 1 == inputs.size();
    const TensorType expected = {is_length ? inputs[i].dtype : data.dtype, types.inputs[i].shape};
    if (inputs[i].dtype != expected.dtype || !MergeShapes(inputs[i].shape, expected.shape).has_value()) {
      return InputMismatch(is_length ? "sequence_length" : kInputNames[i], expected, inputs[i]);
    }
  }
  return types.outputs;
}

// Begin states are often made in the graph, for a batch that only the data knows.
absl::Status CompleteTypes(const RnnAttrs& attrs, TensorTypes& inputs, TensorTypes& outputs) {
  DType dtype = outputs[0].dtype;
  for (size_t i = 0; i < inputs.size() && dtype == DType::kUnknown; ++i) {
    if (i < 3u + attrs.is_lstm()) dtype = inputs[i].dtype;
  }
  const auto dim = [](const TensorType& type, int64_t rank, int64_t axis) {
    return type.shape.has_rank() && type.shape.rank() == rank ? type.shape[axis] : Shape::kUnknownDim;
  };
  const int64_t steps = std::max(dim(inputs[0], 3, 0), dim(outputs[0], 3, 0));
  int64_t batch = std::max(dim(inputs[0], 3, 1), dim(outputs[0], 3, 1));
  batch = std::max({batch, dim(inputs[2], 3, 1),
                    dim(inputs.back(), attrs.use_sequence_length ? 1 : 3, attrs.use_sequence_length ? 0 : 1)});
  int64_t layer_inputs = dim(inputs[0], 3, 2);
  if (const int64_t size = dim(inputs[1], 1, 0); layer_inputs < 0 && size >= 0) {
    const int64_t rest = size - ParameterSize(attrs, 0), row = attrs.directions() * attrs.gates();
    if (rest >= 0 && rest % row == 0) layer_inputs = rest / row;
  }
  const RnnTypes types = TypesFor(attrs, dtype, steps, batch, layer_inputs);
  const auto merge = [](const TensorTypes& known, TensorTypes& all) -> absl::Status {
    for (size_t i = 0; i < all.size(); ++i) {
      const std::optional<Shape> shape = MergeShapes(all[i].shape, known[i].shape);
      if (!shape.has_value()) return ExpectedGot(known[i].ToString(), all[i].ToString());
      all[i].shape = *shape;
      if (all[i].dtype == DType::kUnknown) all[i].dtype = known[i].dtype;
    }
    return absl::OkStatus();
  };
  BARYON_RETURN_IF_ERROR(merge(types.inputs, inputs));
  return merge(types.outputs, outputs);
}

// ---------------------------------------------------------------------------------------------------------------------
// Computing

RecurrentShape LayerShape(const RnnAttrs& attrs, const Shape& data, int64_t layer, int64_t direction) {
  RecurrentShape shape;
  shape.cell = attrs.mode;
  shape.steps = data[0];
  shape.batch = data[1];
  shape.inputs = attrs.layer_inputs(layer, data[2]);
  shape.units = attrs.state_size;
  shape.projection = attrs.projection_size.value_or(0);
  shape.reverse = direction == 1;
  if (attrs.clip_min.has_value()) {
    shape.lower = static_cast<float>(*attrs.clip_min);
    shape.upper = static_cast<float>(*attrs.clip_max);
    shape.limit_nan = attrs.clip_nan;
  }
  return shape;
}

// What a layer works on in one direction. `in` is the data or the layer before, [time, batch, directions, outputs].
template <typename T>
RecurrentOperands<T> LayerOperands(const RnnAttrs& attrs, const OpContext& context, int64_t layer, int64_t direction,
                                   const T* in, T* out, const int64_t* lengths) {
  const int64_t batch = context.input(0).shape()[1], state = layer * attrs.directions() + direction;
  const int64_t state_offset = state * batch * attrs.outputs(), cell_offset = state * batch * attrs.state_size;
  const auto output = [&](int i, int64_t offset) -> T* {
    const bool wanted = i < context.num_outputs() && context.output(i).has_data();
    return wanted ? context.output(i).template data<T>() + offset : nullptr;
  };
  RecurrentOperands<T> operands;
  operands.in = in;
  operands.state = context.input(2).template data<const T>() + state_offset;
  operands.cell = attrs.is_lstm() ? context.input(3).template data<const T>() + cell_offset : nullptr;
  operands.out = out + direction * attrs.outputs();
  operands.out_stride = attrs.directions() * attrs.outputs();
  operands.last_state = output(1, state_offset);
  operands.last_cell = attrs.is_lstm() ? output(2, cell_offset) : nullptr;
  operands.lengths = lengths;
  return operands;
}

// Reads the lengths of all sequences into `lengths`.
absl::Status ReadLengths(const OpContext& context, int64_t* lengths) {
  const int64_t steps = context.input(0).shape()[0], batch = context.input(0).shape()[1];
  BARYON_RETURN_IF_ERROR(
      ResolveIndices(context.input(context.num_inputs() - 1), 0, batch, IndexMode::kKeep, 0, lengths));
  for (int64_t n = 0; n < batch; ++n) {
    if (lengths[n] < 0 || lengths[n] > steps) {
      return ExpectedGot(absl::StrCat("a sequence length in [0, ", steps, "]"), lengths[n]);
    }
  }
  return absl::OkStatus();
}

// Layers alternate between the output and one other array, so that the last one writes the output.
template <typename T>
T* LayerOutput(const RnnAttrs& attrs, const OpContext& context, int64_t layer, T* other) {
  return (attrs.num_layers - 1 - layer) % 2 == 0 ? context.output(0).template data<T>() : other;
}

class RnnKernel : public Kernel {
 public:
  RnnKernel(const RnnAttrs& attrs, const Shape& data, int num_threads)
      : attrs_(attrs), inputs_(data[2]), num_threads_(num_threads) {
    const int per_direction = std::max(num_threads / static_cast<int>(attrs.directions()), 1);
    int64_t layer_bytes = 0, task_bytes = 0;
    for (int64_t i = 0; i < attrs.states(); ++i) {
      const int64_t layer = i / attrs.directions(), direction = i % attrs.directions();
      layers_.emplace_back(LayerShape(attrs, data, layer, direction), per_direction);
      packed_offsets_.push_back(packed_size_);
      packed_size_ += AlignedSize(layers_.back().packed_size() * sizeof(float)) / sizeof(float);
      layer_bytes = std::max(layer_bytes, layers_.back().shared_bytes());
      task_bytes = std::max(task_bytes, layers_.back().workspace_bytes());
    }
    layer_bytes_ = AlignedSize(layer_bytes);
    task_bytes_ = AlignedSize(task_bytes);
    lengths_bytes_ = attrs.use_sequence_length ? AlignedSize(data[1] * sizeof(int64_t)) : 0;
    const int64_t outputs = data[0] * data[1] * attrs.directions() * attrs.outputs();
    between_bytes_ = attrs.num_layers > 1 ? AlignedSize(outputs * sizeof(float)) : 0;
  }

  int64_t packed_size() const { return packed_size_; }
  void Pack(const float* parameters, float* packed) const {
    for (size_t i = 0; i < layers_.size(); ++i) {
      const int64_t layer = i / attrs_.directions(), direction = i % attrs_.directions();
      layers_[i].Pack(WeightsAt(attrs_, inputs_, layer, direction, parameters), packed + packed_offsets_[i]);
    }
  }
  void SetPacked(std::shared_ptr<const AlignedBuffer> packed) { packed_ = std::move(packed); }

  // The blocks of all threads are used as one.
  int64_t workspace_bytes() const override {
    return AlignedSize((SharedBytes() + num_threads_ - 1) / num_threads_) + task_bytes_;
  }
  std::string algorithm() const override {
    return absl::StrCat("recurrent ", layers_[0].ToString(), packed_ == nullptr ? ", packed at run time" : "");
  }
  int64_t num_multiplications() const override {
    int64_t count = 0;
    for (const RecurrentLayer& layer : layers_) count += layer.num_multiplications();
    return count;
  }
  bool packs_input(int i) const override { return i == 1 && packed_ != nullptr; }

  void Compute(OpContext& context) const override {
    char* const between = context.workspace();
    char* const lengths_at = between + between_bytes_;
    char* const packed_at = lengths_at + lengths_bytes_;
    char* const layers_at = packed_at + (packed_ == nullptr ? packed_size_ * sizeof(float) : 0);
    const float* packed = packed_ != nullptr ? packed_->data() : reinterpret_cast<float*>(packed_at);
    if (packed_ == nullptr) Pack(context.input(1).data<const float>(), reinterpret_cast<float*>(packed_at));
    int64_t* lengths = nullptr;
    if (attrs_.use_sequence_length) {
      lengths = reinterpret_cast<int64_t*>(lengths_at);
      if (absl::Status status = ReadLengths(context, lengths); !status.ok()) return context.Fail(std::move(status));
    }
    const float* in = context.input(0).data<const float>();
    for (int64_t layer = 0; layer < attrs_.num_layers; ++layer) {
      float* out = LayerOutput(attrs_, context, layer, reinterpret_cast<float*>(between));
      Side sides[2];
      for (int64_t d = 0; d < attrs_.directions(); ++d) {
        const int64_t i = layer * attrs_.directions() + d;
        sides[d] = {&layers_[i], packed + packed_offsets_[i],
                    LayerOperands<float>(attrs_, context, layer, d, in, out, lengths), layers_at + d * layer_bytes_};
      }
      RunLayer(context, sides, layers_at + attrs_.directions() * layer_bytes_);
      in = out;
    }
  }

 private:
  // One direction of a layer while it runs.
  struct Side {
    const RecurrentLayer* layer = nullptr;
    const float* packed = nullptr;
    RecurrentOperands<float> operands;
    char* shared = nullptr;
  };

  int64_t SharedBytes() const {
    const int64_t packed = packed_ == nullptr ? packed_size_ * static_cast<int64_t>(sizeof(float)) : 0;
    return between_bytes_ + lengths_bytes_ + packed + attrs_.directions() * layer_bytes_;
  }

  // Both directions are cut alike.
  void RunLayer(OpContext& context, const Side* sides, char* scratch) const {
    const int directions = static_cast<int>(attrs_.directions());
    for (int d = 0; d < directions; ++d) sides[d].layer->Begin(sides[d].operands, sides[d].shared);
    const RecurrentLayer& first = *sides[0].layer;
    for (int64_t chunk = 0; chunk < first.num_chunks(); ++chunk) {
      ForTasks(context, directions * first.num_product_tasks(chunk), [&](int task, int worker) {
        const Side& side = sides[task % directions];
        side.layer->RunProduct(chunk, task / directions, side.packed, side.operands, side.shared,
                               scratch + worker * task_bytes_);
      });
      StepLoop loops[2] = {StepLoop(first.num_parts()), StepLoop(first.num_parts())};
      ForTasks(context, directions * first.num_parts(), [&](int task, int worker) {
        const Side& side = sides[task % directions];
        loops[task % directions].Run(first.num_phases(chunk), task / directions, [&](int64_t phase, int part) {
          side.layer->RunPhase(chunk, phase, part, side.packed, side.operands, side.shared,
                               scratch + worker * task_bytes_);
        });
      });
    }
    for (int d = 0; d < directions; ++d) sides[d].layer->End(sides[d].operands, sides[d].shared);
  }

  template <typename Fn>
  static void ForTasks(OpContext& context, int num_tasks, Fn&& fn) {
    num_tasks == 1 ? fn(0, 0) : context.ParallelFor(num_tasks, fn);
  }

  const RnnAttrs attrs_;
  const int64_t inputs_;
  const int num_threads_;
  std::vector<RecurrentLayer> layers_;   // layer after layer, direction after direction
  std::vector<int64_t> packed_offsets_;  // of each in the packed weights
  int64_t packed_size_ = 0;
  std::shared_ptr<const AlignedBuffer> packed_;  // nullptr: packed at run time
  // Memory that tasks share: the outputs between layers, lengths, packed weights, what each direction keeps; then
  // scratch for each thread.
  int64_t between_bytes_ = 0, lengths_bytes_ = 0, layer_bytes_ = 0, task_bytes_ = 0;
};

// Other element types, in plain loops over sequences.
template <typename T>
class PlainRnnKernel : public Kernel {
 public:
  PlainRnnKernel(const RnnAttrs& attrs, const Shape& data) : attrs_(attrs), data_(data) {
    int64_t scratch = 0;
    for (int64_t layer = 0; layer < attrs.num_layers; ++layer) {
      scratch = std::max(scratch, kernels::PlainRecurrentScratch(LayerShape(attrs, data, layer, 0)));
    }
    scratch_bytes_ = AlignedSize(scratch * sizeof(ComputeType<T>));
    lengths_bytes_ = AlignedSize(data[1] * sizeof(int64_t));
  }

  int64_t workspace_bytes() const override {
    return scratch_bytes_ + lengths_bytes_ + data_[0] * data_[1] * attrs_.directions() * attrs_.outputs() * sizeof(T);
  }
  std::string algorithm() const override { return "plain loops"; }

  void Compute(OpContext& context) const override {
    int64_t* lengths = nullptr;
    if (attrs_.use_sequence_length) {
      lengths = reinterpret_cast<int64_t*>(context.workspace() + scratch_bytes_);
      if (absl::Status status = ReadLengths(context, lengths); !status.ok()) return context.Fail(std::move(status));
    }
    const T* in = context.input(0).data<const T>();
    for (int64_t layer = 0; layer < attrs_.num_layers; ++layer) {
      T* out = LayerOutput(attrs_, context, layer,
                           reinterpret_cast<T*>(context.workspace() + scratch_bytes_ + lengths_bytes_));
      const int64_t directions = attrs_.directions();
      context.ParallelFor(static_cast<int>(directions * data_[1]), [&](int task, int worker) {
        const int64_t direction = task % directions;
        kernels::PlainRecurrentSequence(LayerShape(attrs_, data_, layer, direction),
                                        WeightsAt(attrs_, data_[2], layer, direction, context.input(1).data<const T>()),
                                        LayerOperands<T>(attrs_, context, layer, direction, in, out, lengths),
                                        task / directions,
                                        reinterpret_cast<ComputeType<T>*>(context.workspace(worker)));
      });
      in = out;
    }
  }

 private:
  const RnnAttrs attrs_;
  const Shape data_;
  int64_t scratch_bytes_ = 0, lengths_bytes_ = 0;
};

absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const RnnAttrs& attrs, PrepareContext& context) {
  const TensorType& data = context.inputs()[0];
  if (data.dtype != DType::kFloat32) {
    return DispatchFloating(data.dtype, [&](auto tag) -> std::unique_ptr<Kernel> {
      return std::make_unique<PlainRnnKernel<typename decltype(tag)::type>>(attrs, data.shape);
    });
  }
  auto kernel = std::make_unique<RnnKernel>(attrs, data.shape, context.num_threads());
  const std::string form = absl::StrCat("recurrent ", kernels::ActiveCellTarget(attrs.mode).name, " cell ", attrs.mode,
                                        " ", attrs.num_layers, "x", attrs.directions(), "x", attrs.state_size);
  const auto pack = [&](const float* parameters, float* packed) { kernel->Pack(parameters, packed); };
  BARYON_ASSIGN_OR_RETURN(std::shared_ptr<const AlignedBuffer> packed,
                          PackedWeight(context, 1, form, kernel->packed_size(), pack));
  kernel->SetPacked(std::move(packed));
  return std::unique_ptr<Kernel>(std::move(kernel));
}

OpSpec<RnnAttrs> Spec() {
  OpSpec<RnnAttrs> spec;
  spec.names = {"RNN", "_npx_rnn"};
  spec.inputs = {"data", Parameter("parameters"), "state", "state_cell", "sequence_length"};
  spec.outputs = {"output", "state_output", "statecell_output"};
  spec.attrs = {
      RequiredAttr("state_size", &RnnAttrs::state_size),
      RequiredAttr("num_layers", &RnnAttrs::num_layers),
      Required(
          EnumAttr("mode", &RnnAttrs::mode,
                   {{"rnn_relu", Cell::kRelu}, {"rnn_tanh", Cell::kTanh}, {"lstm", Cell::kLstm}, {"gru", Cell::kGru}})),
      Attr("bidirectional", &RnnAttrs::bidirectional),
      Attr("state_outputs", &RnnAttrs::state_outputs),
      Attr("projection_size", &RnnAttrs::projection_size),
      Attr("lstm_state_clip_min", &RnnAttrs::clip_min),
      Attr("lstm_state_clip_max", &RnnAttrs::clip_max),
      Attr("lstm_state_clip_nan", &RnnAttrs::clip_nan),
      Attr("use_sequence_length", &RnnAttrs::use_sequence_length)};
  spec.ignored_attrs = {"p"};  // dropout between layers
  spec.check = Check;
  spec.num_inputs = [](const RnnAttrs& attrs) { return attrs.num_inputs(); };
  spec.num_outputs = [](const RnnAttrs& attrs, int) { return attrs.num_outputs(); };
  spec.infer_types = InferTypes;
  spec.complete_types = CompleteTypes;
  spec.prepare = Prepare;
  spec.accepts_unknown_dims = true;
  return spec;
}
const OpRegistration<RnnAttrs> kRnn(Spec());

}  // namespace
}  // namespace baryon
