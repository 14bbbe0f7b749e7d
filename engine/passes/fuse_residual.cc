// z = conv(x) + y becomes conv(x, residual = y), where the sum is formed while the convolution's results are still in
// registers. The convolution must have no other reader, and nothing may stand between it and the addition.
#include <utility>

#include "engine/base/status_macros.h"
#include "engine/passes/passes.h"

namespace baryon {
namespace {

bool IsAddition(const Graph& graph, const Node& node) {
  if (!node.is_op() || node.inputs.size() != 2) return false;
  if (!node.Is("elemwise_add") && !node.Is("broadcast_add") && !node.Is("_npi_add") && !node.Is("_grad_add"))
    return false;
  return graph.type(node.inputs[0]) == node.types[0] && graph.type(node.inputs[1]) == node.types[0] &&
         node.inputs[0] != node.inputs[1] && node.types[0].dtype == DType::kFloat32;
}

bool CanTakeResidual(const Node& node) {
  if (!node.Is("Convolution") && !node.Is("FullyConnected")) return false;
  return !node.Get<bool>("residual") && node.Get<std::string>("activation") == "none";
}

// Whether `target` is `from` or computed from it.
bool DependsOn(const Graph& graph, NodeId target, NodeId from) {
  std::vector<NodeId> stack = {target};
  std::vector<bool> seen(graph.num_nodes(), false);
  while (!stack.empty()) {
    const NodeId id = stack.back();
    stack.pop_back();
    if (id == from) return true;
    if (seen[id]) continue;
    seen[id] = true;
    for (const Value& value : graph.node(id).inputs) stack.push_back(value.node);
  }
  return false;
}

}  // namespace

absl::Status FuseResidual(Graph& graph) {
  const std::vector<std::vector<int>> uses = graph.UseCounts();
  for (NodeId id : graph.TopologicalOrder()) {
    const Node node = graph.node(id);
    if (!IsAddition(graph, node)) continue;
    // Networks write `body + shortcut` or `shortcut + body`; where both are convolutions either will do.
    for (int side : {0, 1}) {
      const Value layer_value = node.inputs[side], residual = node.inputs[1 - side];
      const Node layer = graph.node(layer_value.node);
      if (!layer.is_op() || !CanTakeResidual(layer) || uses[layer_value.node][0] != 1) continue;
      if (DependsOn(graph, residual.node, layer_value.node)) continue;
      Attrs attrs = layer.attr_texts();
      attrs.Set("residual", "True");
      std::vector<Value> inputs = layer.inputs;
      inputs.push_back(residual);
      BARYON_RETURN_IF_ERROR(graph.Rebind(layer_value.node, attrs, std::move(inputs)));
      graph.ReplaceUses({id, 0}, layer_value);
      break;
    }
  }
  return absl::OkStatus();
}

}  // namespace baryon
