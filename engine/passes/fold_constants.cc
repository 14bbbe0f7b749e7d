// An operator whose inputs are all constants becomes a constant that knows how to compute itself. Nothing is computed
// here: most such values are weights on their way into a packed form, and once they are packed nobody asks again.
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/graph/run_op.h"
#include "engine/passes/passes.h"

namespace baryon {
namespace {

bool CanFold(const Graph& graph, const Node& node) {
  if (!node.is_op() || node.op->random || node.op->dynamic || node.op->num_subgraphs > 0) return false;
  for (const Value& value : node.inputs) {
    if (graph.node(value.node).kind != NodeKind::kConstant) return false;
  }
  return true;
}

std::shared_ptr<const Constant> ComputedConstant(const Graph& graph, const Node& node, int output) {
  std::vector<std::shared_ptr<const Constant>> operands;
  std::string key = absl::StrCat(node.op->name(), "{", node.attr_texts().ToString(), "}(");
  for (const Value& value : node.inputs) {
    operands.push_back(graph.node(value.node).constant);
    absl::StrAppend(&key, operands.back()->key(), ",");
  }
  absl::StrAppend(&key, ")", output, node.inputs.empty() ? node.types[output].ToString() : "");
  return Constant::Lazy(node.types[output], std::move(key),
                        [op = node.op, attrs = node.attrs, types = node.types, operands = std::move(operands), output,
                         name = node.name]() -> absl::StatusOr<Tensor> {
                          std::vector<Tensor> inputs;
                          for (const auto& operand : operands) {
                            BARYON_ASSIGN_OR_RETURN(inputs.emplace_back(), operand->Get());
                          }
                          ThreadPool alone(1);
                          absl::StatusOr<std::vector<Tensor>> outputs = RunOp(*op, attrs, inputs, alone, types);
                          if (!outputs.ok())
                            return Annotate(outputs.status(), absl::StrCat("node \"", name, "\" (", op->name(), ")"));
                          return (*outputs)[output];
                        });
}

}  // namespace

absl::Status FoldConstants(Graph& graph) {
  for (NodeId id : graph.TopologicalOrder()) {
    if (!CanFold(graph, graph.node(id))) continue;
    for (int output = 0; output < graph.node(id).num_visible_outputs; ++output) {
      const Node& node = graph.node(id);
      const NodeId constant = graph.AddConstant(node.name, ComputedConstant(graph, node, output));
      graph.ReplaceUses({id, output}, {constant, 0});
    }
  }
  return absl::OkStatus();
}

}  // namespace baryon
