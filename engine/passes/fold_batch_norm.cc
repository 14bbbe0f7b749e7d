// y = gamma (conv(x, w) + b - mean) / sqrt(var + eps) + beta  is  conv(x, s w) + s (b - mean) + beta  with
// s = gamma / sqrt(var + eps) for each output channel. The scaled weights are written as nodes on constants
// (_fold_batch_norm_weight, _fold_batch_norm_bias), which compute in double precision; constant folding does the rest.
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/passes/passes.h"

namespace baryon {
namespace {

bool IsConstant(const Graph& graph, Value value) { return graph.node(value.node).kind == NodeKind::kConstant; }

// Axis of the output channels in the weight, or nothing when batch norm cannot be folded into `node`.
std::optional<int64_t> WeightChannelAxis(const Node& node) {
  if (node.Is("Convolution") || node.Is("FullyConnected")) return 0;
  if (node.Is("Deconvolution") && node.Get<int64_t>("num_group") == 1) return 1;
  return std::nullopt;
}

// Axis of the channels in the output of `node`.
int64_t OutputChannelAxis(const Node& node) { return node.Is("FullyConnected") ? node.types[0].shape.rank() - 1 : 1; }

bool CanFold(const Graph& graph, const Node& norm, const std::vector<std::vector<int>>& uses, NodeId norm_id) {
  const Value data = norm.inputs[0];
  const Node& layer = graph.node(data.node);
  if (!layer.is_op() || !WeightChannelAxis(layer).has_value() || uses[data.node][0] != 1) return false;
  if (uses[norm_id][1] > 0 || uses[norm_id][2] > 0 || norm.types[0].dtype != DType::kFloat32) return false;
  for (size_t i = 1; i < norm.inputs.size(); ++i) {
    if (!IsConstant(graph, norm.inputs[i])) return false;
  }
  for (size_t i = 1; i < layer.inputs.size(); ++i) {
    if (!IsConstant(graph, layer.inputs[i])) return false;
  }
  const std::optional<int64_t> axis = NormalizeAxis(norm.Get<int64_t>("axis"), norm.types[0].shape.rank());
  return axis == OutputChannelAxis(layer);
}

absl::Status Fold(Graph& graph, NodeId norm_id) {
  const Node norm = graph.node(norm_id);
  const NodeId layer_id = norm.inputs[0].node;
  const Node layer = graph.node(layer_id);
  const Value gamma = norm.inputs[1], beta = norm.inputs[2], mean = norm.inputs[3], var = norm.inputs[4];
  const bool has_bias = !layer.Get<bool>("no_bias");
  Attrs fold = {{"eps", FormatAttr(norm.Get<double>("eps"))}, {"fix_gamma", FormatAttr(norm.Get<bool>("fix_gamma"))}};

  fold.Set("has_bias", FormatAttr(has_bias));
  std::vector<Value> bias_inputs = {gamma, beta, mean, var};
  if (has_bias) bias_inputs.push_back(layer.inputs[2]);
  BARYON_ASSIGN_OR_RETURN(
      const NodeId bias,
      graph.AddOperator("_fold_batch_norm_bias", absl::StrCat(norm.name, "_bias"), fold, std::move(bias_inputs)));
  fold.Erase("has_bias");
  fold.Set("axis", FormatAttr(*WeightChannelAxis(layer)));
  BARYON_ASSIGN_OR_RETURN(const NodeId weight,
                          graph.AddOperator("_fold_batch_norm_weight", absl::StrCat(layer.name, "_weight_folded"), fold,
                                            {layer.inputs[1], gamma, var}));
  Attrs attrs = layer.attr_texts();
  attrs.Set("no_bias", "False");
  BARYON_RETURN_IF_ERROR(graph.Rebind(layer_id, attrs, {layer.inputs[0], {weight, 0}, {bias, 0}}));
  graph.ReplaceUses({norm_id, 0}, {layer_id, 0});
  return absl::OkStatus();
}

}  // namespace

absl::Status FoldBatchNorm(Graph& graph) {
  const std::vector<std::vector<int>> uses = graph.UseCounts();
  for (NodeId id : graph.TopologicalOrder()) {
    const Node& node = graph.node(id);
    const bool is_norm = node.Is("BatchNorm") || node.Is("_contrib_SyncBatchNorm");
    if (is_norm && CanFold(graph, node, uses, id)) BARYON_RETURN_IF_ERROR(Fold(graph, id));
  }
  return absl::OkStatus();
}

}  // namespace baryon
