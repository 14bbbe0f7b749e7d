#include "engine/passes/passes.h"

namespace baryon {
namespace {

// Views keep all elements, so one of the same type is the same value; so is a cast to the dtype that is there.
bool IsIdentity(const Graph& graph, const Node& node) {
  if (!node.is_op() || node.inputs.empty()) return false;
  const bool candidate = node.op->view || node.Is("Cast") || node.Is("amp_cast");
  return candidate && graph.type(node.inputs[0]) == node.types[0];
}

}  // namespace

absl::Status RemoveIdentity(Graph& graph) {
  for (NodeId id : graph.TopologicalOrder()) {
    const Node& node = graph.node(id);
    if (IsIdentity(graph, node)) graph.ReplaceUses({id, 0}, node.inputs[0]);
  }
  return absl::OkStatus();
}

}  // namespace baryon
