#include "engine/runtime/executable.h"

#include <malloc.h>

#include <algorithm>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/base/thread_width.h"
#include "engine/graph/run_op.h"

namespace baryon {
namespace {

bool NeedsInterpreter(const Graph& graph) {
  for (NodeId id : graph.TopologicalOrder()) {
    const Node& node = graph.node(id);
    if (node.is_op() && node.op->dynamic) return true;
    for (const std::shared_ptr<const Graph>& subgraph : node.subgraphs) {
      if (NeedsInterpreter(*subgraph)) return true;
    }
  }
  return false;
}

TensorTypes TypesOf(absl::Span<const Tensor> inputs) {
  TensorTypes types;
  for (const Tensor& input : inputs) types.push_back(input.empty() ? TensorType() : input.type());
  return types;
}

// Plans differ in the number of rows before they differ in anything else.
bool HaveSameRows(const TensorTypes& types, absl::Span<const Tensor> inputs) {
  if (types.empty() || inputs.empty()) return true;
  const Shape &a = types[0].shape, &b = inputs[0].shape();
  return a.rank() == 0 || b.rank() == 0 || a[0] == b[0];
}

}  // namespace

Executable::Executable(Graph graph, Signature signature, ThreadPool& pool, CompileOptions options)
    : graph_(std::move(graph)),
      signature_(std::move(signature)),
      pool_(pool),
      options_(std::move(options)),
      interpreted_(NeedsInterpreter(graph_)),
      workspaces_(pool) {}

Executable::~Executable() = default;

absl::StatusOr<std::shared_ptr<const Executable>> Executable::Create(Graph graph, ThreadPool& pool,
                                                                     CompileOptions options) {
  graph.Prune();
  BARYON_ASSIGN_OR_RETURN(Signature signature, InferSignature(graph));
  return std::shared_ptr<const Executable>(
      new Executable(std::move(graph), std::move(signature), pool, std::move(options)));
}

absl::Status Executable::CheckInputs(absl::Span<const Tensor> inputs) const {
  if (inputs.size() != signature_.inputs.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected ", signature_.inputs.size(), " inputs, got ", inputs.size()));
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    const TensorSpec& spec = signature_.inputs[i];
    if (!inputs[i].empty()) {
      const absl::Status status = CheckInput(spec, inputs[i].type());
      if (!status.ok() && !TakesReshaped(spec, inputs, i)) return status;
    } else if (!spec.optional) {
      return absl::InvalidArgumentError(
          absl::StrCat("input \"", spec.name, "\" is missing, expected ", spec.type.ToString()));
    }
  }
  return absl::OkStatus();
}

// Some operators take an input in a second shape of as many elements, [units, 1] for the bias of a dense layer. The
// signature has the usual one; what else fits shows when it is compiled.
bool Executable::TakesReshaped(const TensorSpec& spec, absl::Span<const Tensor> inputs, size_t i) const {
  const TensorType& type = inputs[i].type();
  const bool same_dtype = spec.type.dtype == DType::kUnknown || spec.type.dtype == type.dtype;
  const bool as_many =
      same_dtype && spec.type.shape.IsFullyKnown() && spec.type.shape.num_elements() == type.shape.num_elements();
  return as_many && !interpreted_ && PlanFor(TypesOf(inputs)).ok();
}

const Plan* Executable::FindPlan(absl::Span<const Tensor> inputs) const {
  for (const std::atomic<const Plan*>& slot : plans_) {
    const Plan* plan = slot.load(std::memory_order_acquire);
    if (plan == nullptr) return nullptr;
    bool fits = plan->input_types().size() == inputs.size() && HaveSameRows(plan->input_types(), inputs);
    for (size_t i = 0; fits && i < inputs.size(); ++i) {
      const TensorType& type = plan->input_types()[i];
      fits = inputs[i].empty() ? type.dtype == DType::kUnknown : type == inputs[i].type();
    }
    if (fits) return plan;
  }
  return nullptr;
}

absl::StatusOr<std::shared_ptr<const Plan>> Executable::PlanFor(const TensorTypes& input_types) const {
  absl::MutexLock lock(&compile_mutex_);
  for (const std::shared_ptr<const Plan>& plan : owned_) {
    if (plan->input_types() == input_types) return plan;
  }
  absl::StatusOr<std::shared_ptr<const Plan>> compiled =
      Compile(graph_, input_types, pool_.num_threads(), options_, prepared_);
  if (!compiled.ok()) return ExplainMisfit(compiled.status(), signature_, input_types);
  const std::shared_ptr<const Plan> plan = *std::move(compiled);
  // Gives back what reading and compiling took: megabytes, of which a forward pass needs none. Once, for a server
  // compiles a plan for each number of rows; and not in the background, where a thread that seldom runs would hold the
  // locks of the heap that those in the foreground wait for.
  if (owned_.empty() && !ThreadWidth::in_background()) malloc_trim(0);
  if (owned_.size() < kMostPlans) {
    plans_[owned_.size()].store(plan.get(), std::memory_order_release);
    owned_.push_back(plan);
  }
  return plan;
}

absl::StatusOr<TensorTypes> Executable::OutputTypes(const TensorTypes& input_types) const {
  BARYON_ASSIGN_OR_RETURN(const std::shared_ptr<const Plan> plan, PlanFor(input_types));
  return plan->output_types();
}

absl::Status Executable::RunPlan(const Plan& plan, absl::Span<const Tensor> inputs, absl::Span<Tensor> outputs) const {
  absl::InlinedVector<const void*, 8> input_data;
  absl::InlinedVector<void*, 8> output_data;
  for (const Tensor& input : inputs) input_data.push_back(input.raw_data());
  for (Tensor& output : outputs) output_data.push_back(output.mutable_raw_data());
  BARYON_ASSIGN_OR_RETURN(std::unique_ptr<Workspace> workspace, workspaces_.Take(plan));
  const absl::Status status = plan.Run(*workspace, input_data, output_data);
  workspaces_.Return(std::move(workspace));
  return status;
}

absl::Status Executable::Run(absl::Span<const Tensor> inputs, absl::Span<Tensor> outputs) const {
  const Plan* plan = FindPlan(inputs);
  std::shared_ptr<const Plan> owner;
  if (plan == nullptr) {
    BARYON_RETURN_IF_ERROR(CheckInputs(inputs));
    if (interpreted_) {
      BARYON_ASSIGN_OR_RETURN(std::vector<Tensor> results, RunGraph(graph_, inputs, pool_));
      if (results.size() != outputs.size()) return absl::InvalidArgumentError("wrong number of outputs");
      for (size_t i = 0; i < results.size(); ++i) {
        if (results[i].type() != outputs[i].type()) return absl::InvalidArgumentError("wrong output type");
        std::copy_n(static_cast<const char*>(results[i].raw_data()), results[i].size_bytes(),
                    static_cast<char*>(outputs[i].mutable_raw_data()));
      }
      return absl::OkStatus();
    }
    BARYON_ASSIGN_OR_RETURN(owner, PlanFor(TypesOf(inputs)));
    plan = owner.get();
  }
  bool fits = outputs.size() == plan->output_types().size();
  for (size_t i = 0; fits && i < outputs.size(); ++i) fits = outputs[i].type() == plan->output_types()[i];
  if (!fits) return absl::InvalidArgumentError("the outputs do not have the types that OutputTypes gives");
  return RunPlan(*plan, inputs, outputs);
}

absl::StatusOr<std::vector<Tensor>> Executable::Run(absl::Span<const Tensor> inputs) const {
  const Plan* plan = FindPlan(inputs);
  std::shared_ptr<const Plan> owner;
  if (plan == nullptr) {
    BARYON_RETURN_IF_ERROR(CheckInputs(inputs));
    if (interpreted_) return RunGraph(graph_, inputs, pool_);
    BARYON_ASSIGN_OR_RETURN(owner, PlanFor(TypesOf(inputs)));
    plan = owner.get();
  }
  std::vector<Tensor> outputs;
  for (const TensorType& type : plan->output_types()) {
    BARYON_ASSIGN_OR_RETURN(Tensor output, Tensor::TryAllocate(type));
    outputs.push_back(std::move(output));
  }
  BARYON_RETURN_IF_ERROR(RunPlan(*plan, inputs, absl::MakeSpan(outputs)));
  return outputs;
}

absl::StatusOr<NamedTensors> Executable::Run(const NamedTensors& inputs) const {
  std::vector<Tensor> ordered(signature_.inputs.size());
  for (const auto& [name, tensor] : inputs) {
    size_t i = 0;
    while (i < ordered.size() && signature_.inputs[i].name != name) ++i;
    if (i == ordered.size()) {
      std::string known;
      for (const TensorSpec& spec : signature_.inputs)
        absl::StrAppend(&known, known.empty() ? "\"" : ", \"", spec.name, "\"");
      return absl::InvalidArgumentError(absl::StrCat("no input is called \"", name, "\", expected ", known));
    }
    if (!ordered[i].empty()) return absl::InvalidArgumentError(absl::StrCat("input \"", name, "\" is given twice"));
    ordered[i] = tensor;
  }
  BARYON_ASSIGN_OR_RETURN(std::vector<Tensor> results, Run(absl::MakeConstSpan(ordered)));
  NamedTensors outputs;
  for (size_t i = 0; i < results.size(); ++i) {
    outputs.emplace_back(signature_.outputs[i].name, std::move(results[i]));
  }
  return outputs;
}

}  // namespace baryon
