#include "engine/base/status_macros.h"
#include "engine/passes/passes.h"

namespace baryon {

absl::Status RemoveLabels(Graph& graph) {
  for (NodeId id : graph.TopologicalOrder()) {
    const Node& node = graph.node(id);
    if (!node.is_op()) continue;
    std::vector<Value> kept;
    for (size_t i = 0; i < node.inputs.size() && !IsLabelInput(node, i); ++i) kept.push_back(node.inputs[i]);
    if (kept.size() < node.inputs.size()) BARYON_RETURN_IF_ERROR(graph.Rebind(id, node.attr_texts(), std::move(kept)));
  }
  return absl::OkStatus();
}

}  // namespace baryon
