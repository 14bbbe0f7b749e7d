// valatt(x, softmax(qk(x))) becomes _self_attention(x), whose scores stay in the cache. Scores and weights must have no
// other reader.
#include <optional>
#include <vector>

#include "engine/base/status_macros.h"
#include "engine/passes/passes.h"

namespace baryon {
namespace {

constexpr char kScores[] = "_contrib_interleaved_matmul_selfatt_qk";
constexpr char kValues[] = "_contrib_interleaved_matmul_selfatt_valatt";

bool IsPlainSoftmax(const Graph& graph, const Node& node) {
  if (!node.is_op() || !node.Is("softmax")) return false;
  const int64_t axis = node.Get<int64_t>("axis");
  const bool over_keys = axis == -1 || axis == node.types[0].shape.rank() - 1;
  const bool whole = node.inputs.size() < 2 || graph.type(node.inputs[1]).dtype == DType::kInt32;
  return over_keys && whole && !node.Get<std::optional<double>>("temperature").has_value();
}

// Whether `values` weighs its values with the softmax of scores of the same data, which nobody else reads.
bool WeighsByOwnScores(const Graph& graph, const Node& values, const std::vector<std::vector<int>>& uses) {
  const Value weights = values.inputs[1];
  const Node& softmax = graph.node(weights.node);
  if (!IsPlainSoftmax(graph, softmax) || uses[weights.node][0] != 1) return false;
  const NodeId id = softmax.inputs[0].node;
  const Node& scores = graph.node(id);
  if (!scores.is_op() || !scores.Is(kScores) || uses[id][0] != 1) return false;
  return scores.inputs[0] == values.inputs[0] && scores.Get<int64_t>("heads") == values.Get<int64_t>("heads");
}

}  // namespace

absl::Status FuseAttention(Graph& graph) {
  const std::vector<std::vector<int>> uses = graph.UseCounts();
  for (NodeId id : graph.TopologicalOrder()) {
    const Node values = graph.node(id);
    if (!values.is_op() || !values.Is(kValues) || values.types[0].dtype != DType::kFloat32) continue;
    if (!WeighsByOwnScores(graph, values, uses)) continue;
    std::vector<Value> inputs = graph.node(values.inputs[1].node).inputs;
    inputs[0] = values.inputs[0];
    Attrs attrs = {{"heads", FormatAttr(values.Get<int64_t>("heads"))}, {"use_length", FormatAttr(inputs.size() > 1)}};
    BARYON_ASSIGN_OR_RETURN(const NodeId fused,
                            graph.AddOperator("_self_attention", values.name, attrs, std::move(inputs)));
    graph.ReplaceUses({id, 0}, {fused, 0});
  }
  return absl::OkStatus();
}

}  // namespace baryon
