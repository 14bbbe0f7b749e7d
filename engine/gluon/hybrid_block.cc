#include "engine/gluon/hybrid_block.h"

#include <algorithm>
#include <cstring>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "engine/base/logging.h"
#include "engine/base/status_macros.h"
#include "engine/gluon/compute.h"

namespace baryon::gluon {
namespace {

// Types of inputs for which a block is kept compiled.
constexpr size_t kMostCompiled = 64;

// Constants larger than this are taken for different when they are different tensors.
constexpr int64_t kMostComparedBytes = 1 << 16;

TensorTypes TypesOf(absl::Span<const NDArray> inputs) {
  TensorTypes types;
  for (const NDArray& input : inputs) types.push_back(input.is_none() ? TensorType() : input.type());
  return types;
}

bool SameTypes(const TensorTypes& types, absl::Span<const NDArray> inputs) {
  if (types.size() != inputs.size()) return false;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].is_none() ? types[i].dtype != DType::kUnknown : types[i] != inputs[i].type()) return false;
  }
  return true;
}

// Parameters are the same tensor in both traces; numbers that stand in Forward are made anew by each, and small.
bool SameElements(const baryon::Constant& a, const baryon::Constant& b) {
  if (a.type() != b.type()) return false;
  const absl::StatusOr<Tensor> x = a.Get(), y = b.Get();
  if (!x.ok() || !y.ok()) return false;
  if (x->raw_data() == y->raw_data()) return true;
  return x->size_bytes() <= kMostComparedBytes && std::memcmp(x->raw_data(), y->raw_data(), x->size_bytes()) == 0;
}

bool SameNode(const Node& a, const Node& b) {
  if (a.kind != b.kind || a.name != b.name) return false;
  if (a.kind == NodeKind::kInput) {
    return a.types[0].dtype == b.types[0].dtype && a.types[0].shape.rank() == b.types[0].shape.rank();
  }
  if (a.kind == NodeKind::kConstant) return SameElements(*a.constant, *b.constant);
  return a.op == b.op && a.inputs == b.inputs && a.attr_texts() == b.attr_texts() && a.subgraphs == b.subgraphs;
}

// Whether two traces differ in nothing but the sizes of inputs.
bool SameGraph(const Graph& a, const Graph& b) {
  if (a.num_nodes() != b.num_nodes() || a.outputs().size() != b.outputs().size()) return false;
  for (size_t i = 0; i < a.outputs().size(); ++i) {
    if (a.outputs()[i].value != b.outputs()[i].value) return false;
  }
  for (NodeId id = 0; id < a.num_nodes(); ++id) {
    if (!SameNode(a.node(id), b.node(id))) return false;
  }
  return true;
}

// The graph for inputs of any size: written again, with what was known of their shapes forgotten.
absl::StatusOr<Graph> WithOpenInputs(const Graph& traced) {
  Graph open;
  for (NodeId id = 0; id < traced.num_nodes(); ++id) {
    const Node& node = traced.node(id);
    if (node.kind == NodeKind::kInput) {
      open.AddInput(node.name, {node.types[0].dtype, Shape::UnknownDims(node.types[0].shape.rank())});
    } else if (node.kind == NodeKind::kConstant) {
      open.AddConstant(node.name, node.constant);
    } else {
      BARYON_RETURN_IF_ERROR(open.AddOperator(node.op->name(), node.name, node.attr_texts(), node.inputs,
                                              /*from_file=*/false, node.subgraphs)
                                 .status());
    }
  }
  for (const GraphOutput& output : traced.outputs()) open.AddOutput(output.value, output.name);
  return open;
}

}  // namespace

HybridBlock::~HybridBlock() = default;

// ---------------------------------------------------------------------------------------------------------------------
// Shapes of parameters

absl::Status HybridBlock::InferShape(const NDArray&) {
  std::string unknown;
  for (const auto& [name, parameter] : params()) {
    if (parameter.shape().IsFullyKnown()) continue;
    absl::StrAppend(&unknown, unknown.empty() ? "" : ", ", parameter.name(), " (", ShapeTuple(parameter.shape()), ")");
  }
  if (unknown.empty()) return absl::OkStatus();
  const std::string name = class_name();
  return absl::FailedPreconditionError(absl::StrCat(
      name, " has parameters with unknown shape. You need to either specify the shape in __init__ or implement ", name,
      ".infer_shape to set the parameter shapes based on the first input. Parameters with unknown shapes are ",
      unknown));
}

absl::Status HybridBlock::InferShapeMany(absl::Span<const NDArray> inputs) {
  return InferShape(inputs.empty() ? NDArray() : inputs[0]);
}

absl::Status HybridBlock::PrepareParameters(absl::Span<const NDArray> inputs) {
  if (params().empty()) return absl::OkStatus();
  BARYON_RETURN_IF_ERROR(InferShapeMany(inputs));
  for (auto [name, parameter] : params()) BARYON_RETURN_IF_ERROR(parameter.FinishDeferredInit());
  return absl::OkStatus();
}

// ---------------------------------------------------------------------------------------------------------------------
// Calling

NDArrays HybridBlock::CallMany(absl::Span<const NDArray> inputs) {
  if (!status().ok()) return {status()};
  for (const NDArray& input : inputs) {
    if (!input.ok()) return {input};
  }
  return RunHooked(inputs, [&]() -> NDArrays {
    if (!compiles() || Trace::Current() != nullptr) return ForwardPrepared(inputs);
    absl::StatusOr<NDArrays> outputs = CallCompiled(inputs);
    if (!outputs.ok()) return {outputs.status()};
    return *std::move(outputs);
  });
}

NDArrays HybridBlock::ForwardPrepared(absl::Span<const NDArray> inputs) {
  if (absl::Status status = PrepareParameters(inputs); !status.ok()) return {status};
  if (Trace::Current() == nullptr) return ForwardMany(inputs);
  if (names_like_parent()) return ForwardMany(inputs);
  const OperatorScope scope(prefix());
  return ForwardMany(inputs);
}

absl::StatusOr<NDArrays> HybridBlock::CallCompiled(absl::Span<const NDArray> inputs) {
  Compiled* compiled = FindCompiled(inputs);
  if (compiled == nullptr) {
    BARYON_ASSIGN_OR_RETURN(compiled, Compile(inputs));
  }
  absl::InlinedVector<Tensor, 4> tensors;
  for (const NDArray& input : inputs) {
    if (!input.is_none()) tensors.push_back(input.tensor());
  }
  BARYON_ASSIGN_OR_RETURN(std::vector<Tensor> results, compiled->executable->Run(absl::MakeConstSpan(tensors)));
  return NDArrays(std::make_move_iterator(results.begin()), std::make_move_iterator(results.end()));
}

HybridBlock::Compiled* HybridBlock::FindCompiled(absl::Span<const NDArray> inputs) {
  for (size_t i = compiled_.size(); i-- > 0;) {
    Compiled& compiled = *compiled_[i];
    if (!SameTypes(compiled.input_types, inputs)) continue;
    if (!IsCurrent(compiled)) {
      compiled_.clear();
      return nullptr;
    }
    if (i + 1 < compiled_.size()) std::swap(compiled_[i], compiled_.back());
    return &compiled;
  }
  return nullptr;
}

bool HybridBlock::IsCurrent(Compiled& compiled) const {
  if (&compiled.executable->pool() != &ComputePool()) return false;
  const int64_t epoch = ParameterEpoch();
  if (compiled.epoch == epoch) return true;
  if (compiled.structure != structure_version()) return false;
  for (const auto& [parameter, version] : compiled.parameters) {
    if (parameter.version() != version) return false;
  }
  compiled.epoch = epoch;
  return true;
}

absl::StatusOr<Graph> HybridBlock::TraceGraph(const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(status());
  return TraceForward(inputs, Trace::Parameters::kInputs);
}

absl::StatusOr<Graph> HybridBlock::TraceForward(const TensorTypes& inputs, Trace::Parameters parameters) {
  ResolveNames();
  AnnounceTrace();
  Trace trace(parameters);
  const auto is_given = [](const TensorType& type) { return type.dtype != DType::kUnknown; };
  const auto given = std::count_if(inputs.begin(), inputs.end(), is_given);
  NDArrays traced;
  int64_t number = 0;
  for (const TensorType& input : inputs) {
    if (!is_given(input)) {
      traced.emplace_back();
    } else {
      traced.push_back(trace.AddInput(given == 1 ? "data" : absl::StrCat("data", number++), input));
    }
  }
  const NDArrays outputs = ForwardPrepared(traced);
  return std::move(trace).Finish(outputs);
}

absl::StatusOr<HybridBlock::Compiled*> HybridBlock::Compile(absl::Span<const NDArray> inputs) {
  for (const NDArray& input : inputs) {
    if (!input.is_none() && !input.has_elements()) return input.AsTensor().status();
  }
  auto compiled = std::make_unique<Compiled>();
  compiled->input_types = TypesOf(inputs);
  BARYON_ASSIGN_OR_RETURN(Graph graph, TraceForward(compiled->input_types, Trace::Parameters::kConstants));
  compiled->graph = std::make_shared<const Graph>(std::move(graph));
  compiled->epoch = ParameterEpoch();
  compiled->structure = structure_version();
  for (const auto& [name, parameter] : CollectParams()) {
    compiled->parameters.emplace_back(parameter, parameter.version());
  }
  for (const std::unique_ptr<Compiled>& other : compiled_) {
    if (SameGraph(*compiled->graph, *other->graph) && IsCurrent(*other)) compiled->executable = other->executable;
  }
  if (compiled->executable == nullptr) {
    BARYON_ASSIGN_OR_RETURN(Graph open, WithOpenInputs(*compiled->graph));
    CompileOptions options;
    options.numerics = hybridize_options_.numerics;
    BARYON_ASSIGN_OR_RETURN(compiled->executable, Executable::Create(std::move(open), ComputePool(), options));
  }
  if (compiled_.size() == kMostCompiled) compiled_.erase(compiled_.begin());
  compiled_.push_back(std::move(compiled));
  return compiled_.back().get();
}

std::shared_ptr<const Graph> HybridBlock::traced_graph() const {
  return compiled_.empty() ? nullptr : compiled_.back()->graph;
}

std::shared_ptr<const Executable> HybridBlock::executable() const {
  return compiled_.empty() ? nullptr : compiled_.back()->executable;
}

// ---------------------------------------------------------------------------------------------------------------------
// Structure

void HybridBlock::Hybridize(bool active, const HybridizeOptions& options) {
  active_ = active;
  hybridize_options_ = options;
  compiled_.clear();
  if (active && has_hooks()) {
    const std::string text = ToString();
    LogWarning(absl::StrCat("\"", text, "\" is being hybridized while still having forward hook/pre-hook. If \"", text,
                            "\" is a child of HybridBlock, the hooks will not take effect."));
  }
  Block::Hybridize(active, options);
}

void HybridBlock::RegisterChild(std::shared_ptr<Block> block, std::string name) {
  if (dynamic_cast<HybridBlock*>(block.get()) == nullptr) {
    return Fail(absl::InvalidArgumentError(
        absl::StrCat("Children of HybridBlock must also be HybridBlock, but ", block->ToString(), " has type ",
                     block->class_name(), ". If you are using Sequential, please try HybridSequential instead.")));
  }
  Block::RegisterChild(std::move(block), std::move(name));
  if (active_) {
    LogWarning(
        "Currently the model has been hybridized. Automatically deactivate the hybridization when adding new children "
        "block.");
    active_ = false;
  }
  compiled_.clear();
}

void HybridBlock::Cast(DType dtype) {
  if (active_) {
    LogWarning(
        "Currently the model has been hybridized. Automatically deactivate the hybridization when cast the block to "
        "use another data type.");
    active_ = false;
  }
  compiled_.clear();
  Block::Cast(dtype);
}

}  // namespace baryon::gluon
