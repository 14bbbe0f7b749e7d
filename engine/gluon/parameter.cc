#include "engine/gluon/parameter.h"

#include <algorithm>
#include <atomic>

#include "absl/strings/str_cat.h"
#include "engine/base/logging.h"
#include "engine/base/status_macros.h"
#include "engine/gluon/trace.h"

namespace baryon::gluon {
namespace {

std::atomic<int64_t> epoch{0};

// 0 and -1 both mean unknown.
Shape Normalized(Shape shape) {
  for (int64_t axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] <= 0) shape[axis] = Shape::kUnknownDim;
  }
  return shape;
}

// Whether `shape` says nothing else than `known` where that is known.
bool Agrees(const Shape& known, const Shape& shape) {
  if (!known.has_rank()) return true;
  if (known.rank() != shape.rank()) return false;
  for (int64_t axis = 0; axis < shape.rank(); ++axis) {
    if (known[axis] >= 0 && known[axis] != shape[axis]) return false;
  }
  return true;
}

std::string ShapeText(const Shape& shape) { return shape.has_rank() ? ShapeTuple(shape) : "None"; }

}  // namespace

struct Parameter::State {
  std::string name, export_name;
  ParameterOptions options;
  bool is_constant = false;
  Tensor data;            // empty: not initialised
  bool deferred = false;  // Initialize was called, the shape is not known yet
  init::Initializer deferred_init, global_init;
  absl::Status error;  // of the last attempt to initialise
  int64_t version = 0;
};

Parameter::Parameter(std::string name, ParameterOptions options) {
  auto state = std::make_shared<State>();
  state->name = std::move(name);
  state->options = std::move(options);
  state->options.shape = Normalized(state->options.shape);
  if (!state->options.differentiable) state->options.grad_req = GradReq::kNull;
  slot_ = std::make_shared<std::shared_ptr<State>>(std::move(state));
}

// Accessors of none answer as a parameter that was never initialised would.
Parameter::State& Parameter::state() const {
  thread_local State none;
  return slot_ == nullptr ? none : **slot_;
}

const std::string& Parameter::name() const { return state().name; }
const Shape& Parameter::shape() const { return state().options.shape; }
DType Parameter::dtype() const { return state().options.dtype; }
GradReq Parameter::grad_req() const { return state().options.grad_req; }
double Parameter::lr_mult() const { return state().options.lr_mult; }
double Parameter::wd_mult() const { return state().options.wd_mult; }
bool Parameter::is_constant() const { return state().is_constant; }
bool Parameter::is_initialized() const { return !state().data.empty(); }
int64_t Parameter::version() const { return state().version; }
const std::string& Parameter::export_name() const { return state().export_name; }
const void* Parameter::identity() const { return slot_ == nullptr ? nullptr : slot_->get(); }
void Parameter::set_export_name(std::string name) { state().export_name = std::move(name); }
void Parameter::ShareWith(const Parameter& other) {
  if (slot_ == nullptr || other.slot_ == nullptr || *slot_ == *other.slot_) return;
  *slot_ = *other.slot_;
  AdvanceParameterEpoch();
}

void Parameter::set_grad_req(GradReq grad_req) {
  State& state = this->state();
  if (state.is_constant && grad_req != GradReq::kNull) {
    LogWarning(absl::StrCat("Constant parameter \"", name(),
                            "\" does not support grad_req other than \"null\", and the new value is ignored."));
    return;
  }
  state.options.grad_req = state.options.differentiable ? grad_req : GradReq::kNull;
}

absl::Status Parameter::NotInitialized() const {
  const State& state = this->state();
  if (slot_ == nullptr) return absl::NotFoundError("there is no such parameter");
  if (!state.error.ok()) return state.error;
  if (state.deferred) {
    return absl::FailedPreconditionError(absl::StrCat(
        "Parameter '", name(),
        "' has not been initialized yet because initialization was deferred. Actual initialization happens during the "
        "first forward pass. Please pass one batch of data through the network before accessing Parameters. You can "
        "also avoid deferred initialization by specifying in_units, num_features, etc., for network layers."));
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "Parameter '", name(),
      "' has not been initialized. Note that you should initialize parameters and create Trainer with "
      "Block.collect_params() instead of Block.params because the later does not include Parameters of nested child "
      "Blocks"));
}

NDArray Parameter::data() const {
  const State& state = this->state();
  Trace* const trace = Trace::Current();
  const std::string& name = state.export_name.empty() ? state.name : state.export_name;
  if (slot_ != nullptr && !state.is_constant && trace != nullptr && trace->parameters_are_inputs()) {
    return trace->AddParameterInput(&state, name, {dtype(), shape()});
  }
  if (state.data.empty()) return NotInitialized();
  return trace == nullptr ? NDArray(state.data) : trace->AddConstant(&state, name, state.data);
}

absl::Status Parameter::SetShape(const Shape& shape) {
  const Shape wanted = Normalized(shape);
  if (slot_ == nullptr) return NotInitialized();
  if (!Agrees(this->shape(), wanted)) {
    return absl::InvalidArgumentError(absl::StrCat("Expected shape ", ShapeText(wanted),
                                                   " is incompatible with given shape ", ShapeText(this->shape()),
                                                   " for Parameter ", name(), "."));
  }
  state().options.shape = wanted;
  return absl::OkStatus();
}

// Whoever compiled the old elements sees another version.
void Parameter::Store(Tensor tensor) {
  State& state = this->state();
  state.options.shape = tensor.shape();
  state.data = std::move(tensor);
  state.deferred = false;
  state.error = absl::OkStatus();
  state.version = epoch.fetch_add(1) + 1;
}

absl::Status Parameter::SetData(const NDArray& data) {
  BARYON_ASSIGN_OR_RETURN(const Tensor tensor, data.AsTensor());
  BARYON_RETURN_IF_ERROR(SetShape(tensor.shape()));
  if (!is_initialized() && !state().deferred) {
    return absl::FailedPreconditionError(absl::StrCat("Parameter '", name(), "' has not been initialized"));
  }
  Store(tensor.Cast(dtype()));
  return absl::OkStatus();
}

absl::Status Parameter::CheckLoad(const TensorType& type, const LoadOptions& options) const {
  if (slot_ == nullptr) return NotInitialized();
  const auto refuse = [&](absl::string_view what, absl::string_view expected, absl::string_view saved,
                          absl::string_view advice) {
    return absl::InvalidArgumentError(absl::StrCat("Failed loading Parameter '", name(), "' from saved params: ", what,
                                                   " incompatible expected ", expected, " vs saved ", saved, advice));
  };
  if (!Agrees(shape(), type.shape)) return refuse("shape", ShapeText(shape()), ShapeText(type.shape), "");
  if (type.dtype == dtype() || options.cast_dtype) return absl::OkStatus();
  return refuse("dtype", DTypeName(dtype()), DTypeName(type.dtype),
                ". Set cast_dtype=True to cast the dtype of saved params.");
}

absl::Status Parameter::LoadData(const NDArray& data, const LoadOptions& options) {
  BARYON_ASSIGN_OR_RETURN(const Tensor tensor, data.AsTensor());
  BARYON_RETURN_IF_ERROR(CheckLoad(tensor.type(), options));
  if (options.dtype_source == DTypeSource::kSaved) state().options.dtype = tensor.dtype();
  Store(tensor.Cast(dtype()));
  return absl::OkStatus();
}

absl::Status Parameter::Initialize(const init::Initializer& init, const init::Initializer& default_init,
                                   bool force_reinit) {
  if (slot_ == nullptr) return NotInitialized();
  State& state = this->state();
  if (state.is_constant) return absl::OkStatus();
  if (is_initialized() && !force_reinit) {
    LogWarning(absl::StrCat("Parameter '", name(),
                            "' is already initialized, ignoring. Set force_reinit=True to re-initialize."));
    return absl::OkStatus();
  }
  state.data = Tensor();
  state.error = absl::OkStatus();
  state.deferred = true;
  state.global_init = init.empty() ? default_init : init;
  state.deferred_init = init.empty() && !state.options.init.empty() ? state.options.init : state.global_init;
  if (shape().IsFullyKnown()) return FinishDeferredInit();
  if (state.options.allow_deferred_init) return absl::OkStatus();
  state.deferred = false;
  return state.error = absl::InvalidArgumentError(absl::StrCat(
             "Cannot initialize Parameter '", name(), "' because it has invalid shape: ", ShapeText(shape()), "."));
}

absl::Status Parameter::FinishDeferredInit() {
  State& state = this->state();
  if (!state.deferred) return absl::OkStatus();
  if (!shape().IsFullyKnown()) {
    return absl::InvalidArgumentError(absl::StrCat("Cannot initialize Parameter '", name(),
                                                   "' because it has invalid shape: ", ShapeText(shape()),
                                                   ". Please specify in_units, in_channels, etc for `Block`s."));
  }
  absl::StatusOr<Tensor> made =
      state.deferred_init({name(), {dtype(), shape()}, random::ThreadGenerator(), state.global_init});
  if (!made.ok()) {
    state.deferred = false;
    return state.error = Annotate(made.status(), absl::StrCat("initializing Parameter '", name(), "'"));
  }
  Store(*std::move(made));
  return absl::OkStatus();
}

void Parameter::Cast(DType dtype) {
  if (slot_ == nullptr) return;
  state().options.dtype = dtype;
  if (is_initialized()) Store(state().data.Cast(dtype));
}

std::string Parameter::ToString() const {
  return absl::StrCat(is_constant() ? "Constant" : "Parameter", " (shape=", ShapeText(shape()),
                      ", dtype=", DTypeName(dtype()), ")");
}

std::ostream& operator<<(std::ostream& out, const Parameter& parameter) { return out << parameter.ToString(); }

Constant::Constant(const NDArray& value) : Constant("const", value) {}

Constant::Constant(std::string name, const NDArray& value)
    : Parameter(std::move(name), {.shape = value.shape(), .dtype = value.dtype(), .differentiable = false}) {
  state().is_constant = true;
  const absl::StatusOr<Tensor> tensor = value.AsTensor();
  if (tensor.ok()) {
    Store(*tensor);
  } else {
    state().error = tensor.status();
  }
}

int64_t ParameterEpoch() { return epoch.load(std::memory_order_acquire); }

void AdvanceParameterEpoch() { epoch.fetch_add(1); }

void ParameterDict::Set(std::string name, Parameter parameter) {
  const auto known =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.first == name; });
  if (known == entries_.end()) return Add(std::move(name), std::move(parameter));
  known->second = std::move(parameter);
}

std::vector<std::string> ParameterDict::names() const {
  std::vector<std::string> names;
  for (const auto& [name, parameter] : entries_) names.push_back(name);
  return names;
}

Parameter ParameterDict::Find(absl::string_view name) const {
  for (const auto& [known, parameter] : entries_) {
    if (absl::string_view(known) == name) return parameter;
  }
  return {};
}

std::string ParameterDict::ToString() const {
  std::string text = "{";
  for (const auto& [name, parameter] : entries_) {
    absl::StrAppend(&text, text.size() > 1 ? ", " : "", "'", name, "': ", parameter.ToString());
  }
  return text + "}";
}

std::ostream& operator<<(std::ostream& out, const ParameterDict& parameters) { return out << parameters.ToString(); }

}  // namespace baryon::gluon
