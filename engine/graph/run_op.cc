#include "engine/graph/run_op.h"

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"

namespace baryon {
namespace {

// A subgraph run node by node.
class InterpretedSubgraph : public PreparedSubgraph {
 public:
  InterpretedSubgraph(const Graph& graph, std::vector<SubgraphInput> inputs)
      : graph_(graph), inputs_(std::move(inputs)) {}

  absl::Status Run(absl::Span<const void* const> inputs, absl::Span<void* const> outputs,
                   ThreadPool& pool) const override {
    std::vector<Tensor> tensors(inputs_.size());
    for (size_t i = 0; i < inputs_.size(); ++i) {
      if (inputs_[i].constant != nullptr) {
        BARYON_ASSIGN_OR_RETURN(tensors[i], inputs_[i].constant->Get());
      } else {
        tensors[i] = Tensor::Borrow(inputs_[i].type, inputs[i], nullptr);
      }
    }
    BARYON_ASSIGN_OR_RETURN(const std::vector<Tensor> results, RunGraph(graph_, tensors, pool));
    for (size_t i = 0; i < results.size(); ++i) std::memcpy(outputs[i], results[i].raw_data(), results[i].size_bytes());
    return absl::OkStatus();
  }

 private:
  const Graph& graph_;
  const std::vector<SubgraphInput> inputs_;
};

absl::StatusOr<std::unique_ptr<const PreparedSubgraph>> Interpreted(const Graph& graph,
                                                                    const std::vector<SubgraphInput>& inputs) {
  return std::make_unique<InterpretedSubgraph>(graph, inputs);
}

// The types of all outputs, as far as they follow from the inputs.
absl::StatusOr<TensorTypes> OutputTypes(const OpDef& op, const BoundAttrs& attrs, TensorTypes inputs,
                                        absl::Span<const std::shared_ptr<const Graph>> subgraphs) {
  if (op.num_subgraphs == 0) return op.infer_types(attrs.get(), inputs);
  TensorTypes outputs(op.num_outputs(attrs.get(), static_cast<int>(inputs.size())));
  BARYON_RETURN_IF_ERROR(op.complete_subgraph_types(attrs.get(), subgraphs, inputs, outputs));
  return outputs;
}

}  // namespace

absl::Status ComputeOp(const OpDef& op, const BoundAttrs& attrs, absl::Span<const Tensor> inputs,
                       const TensorTypes& output_types, absl::Span<Tensor> outputs, ThreadPool& pool,
                       absl::Span<const std::shared_ptr<const Graph>> subgraphs) {
  TensorTypes input_types;
  std::vector<TensorView> input_views, output_views;
  for (const Tensor& input : inputs) {
    input_types.push_back(input.type());
    input_views.push_back(input.view());
  }
  for (size_t i = 0; i < output_types.size(); ++i) {
    void* data = i < outputs.size() && !outputs[i].empty() ? outputs[i].mutable_raw_data() : nullptr;
    output_views.emplace_back(output_types[i].dtype, &output_types[i].shape, data);
  }

  std::unique_ptr<Kernel> kernel;
  Tensor workspace;
  int64_t workspace_bytes = 0;
  PreparedCache cache;
  if (op.prepare) {
    std::vector<std::shared_ptr<const Constant>> constants;
    for (const Tensor& input : inputs) constants.push_back(Constant::Literal(input));
    PrepareContext context(input_types, output_types, std::move(constants), pool.num_threads(), Numerics::kStrict,
                           cache, subgraphs, Interpreted);
    BARYON_ASSIGN_OR_RETURN(kernel, op.prepare(attrs.get(), context));
    workspace_bytes = AlignedSize(kernel->workspace_bytes());
    if (workspace_bytes > 0) {
      BARYON_ASSIGN_OR_RETURN(workspace, Tensor::TryAllocate({DType::kUInt8, {workspace_bytes * pool.num_threads()}}));
    }
  }
  Resources resources(pool, static_cast<char*>(workspace.mutable_raw_data()), workspace_bytes);
  OpContext context(input_views, output_views, resources);
  if (kernel != nullptr) {
    kernel->Compute(context);
  } else {
    op.compute(attrs.get(), context);
  }
  return resources.status();
}

absl::StatusOr<std::vector<Tensor>> RunOp(const OpDef& op, const BoundAttrs& attrs, absl::Span<const Tensor> inputs,
                                          ThreadPool& pool, absl::Span<const TensorType> known,
                                          absl::Span<const std::shared_ptr<const Graph>> subgraphs) {
  if (op.dynamic) return op.compute_dynamic(attrs.get(), inputs, pool);
  TensorTypes input_types;
  for (const Tensor& input : inputs) input_types.push_back(input.type());
  BARYON_ASSIGN_OR_RETURN(TensorTypes output_types, OutputTypes(op, attrs, std::move(input_types), subgraphs));
  for (size_t i = 0; i < output_types.size() && i < known.size(); ++i) {
    if (!output_types[i].IsFullyKnown()) output_types[i] = known[i];
  }
  if (op.view) return std::vector<Tensor>{inputs[0].Reshaped(output_types[0].shape)};
  std::vector<Tensor> outputs(op.num_visible_outputs(attrs.get(), output_types.size()));
  for (size_t i = 0; i < outputs.size(); ++i) {
    BARYON_ASSIGN_OR_RETURN(outputs[i], Tensor::TryAllocate(output_types[i]));
  }
  BARYON_RETURN_IF_ERROR(ComputeOp(op, attrs, inputs, output_types, absl::MakeSpan(outputs), pool, subgraphs));
  return outputs;
}

absl::StatusOr<std::vector<Tensor>> RunGraph(const Graph& untyped, absl::Span<const Tensor> inputs, ThreadPool& pool) {
  if (inputs.size() != untyped.inputs().size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected ", untyped.inputs().size(), " inputs, got ", inputs.size()));
  }
  Graph graph = untyped;
  std::vector<std::vector<Tensor>> values(graph.num_nodes());
  for (size_t i = 0; i < inputs.size(); ++i) {
    values[graph.inputs()[i]] = {inputs[i]};
    if (!inputs[i].empty()) graph.SetType({graph.inputs()[i], 0}, inputs[i].type());
  }
  BARYON_RETURN_IF_ERROR(InferTypes(graph));
  for (NodeId id : graph.TopologicalOrder()) {
    const Node& node = graph.node(id);
    if (node.kind == NodeKind::kConstant) {
      BARYON_ASSIGN_OR_RETURN(Tensor tensor, node.constant->Get());
      values[id].push_back(std::move(tensor));
    }
    if (!node.is_op()) continue;
    std::vector<Tensor> operands;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const Value value = node.inputs[i];
      if (IsLabelInput(node, i) && !graph.type(value).IsFullyKnown()) break;
      if (value.output >= static_cast<int>(values[value.node].size())) {
        return absl::InvalidArgumentError(absl::StrCat("node \"", node.name, "\" reads the hidden output ",
                                                       value.output, " of node \"", graph.node(value.node).name, "\""));
      }
      operands.push_back(values[value.node][value.output]);
    }
    absl::StatusOr<std::vector<Tensor>> results =
        RunOp(*node.op, node.attrs, operands, pool, node.types, node.subgraphs);
    if (!results.ok()) {
      return Annotate(results.status(), absl::StrCat("node \"", node.name, "\" (", node.op->name(), ")"));
    }
    values[id] = *std::move(results);
  }
  std::vector<Tensor> outputs;
  for (const GraphOutput& output : graph.outputs()) outputs.push_back(values[output.value.node][output.value.output]);
  return outputs;
}

}  // namespace baryon
