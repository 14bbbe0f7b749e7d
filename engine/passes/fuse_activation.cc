// relu(conv(x)) becomes conv(x, activation = relu): the activation is applied to results in registers or in the first
// level of the cache. The layer must have no other reader.
//
// A batch norm has an operator of its own for that, and for relu alone. One that is left here stands before its
// convolution (ResNet v2, DenseNet), where nothing can take it in: two passes over the map become one.
#include <optional>
#include <utility>
#include <vector>

#include "engine/base/status_macros.h"
#include "engine/passes/passes.h"

namespace baryon {
namespace {

// An activation as attributes of the layer before it.
struct Fusion {
  std::string activation;
  double alpha = 0, beta = 0;
};

std::optional<Fusion> AsFusion(const Node& node) {
  for (const char* name : {"relu", "sigmoid", "tanh", "softsign"}) {
    if (node.Is(name)) return Fusion{name};
  }
  if (node.Is("Activation")) return Fusion{node.Get<std::string>("act_type")};
  if (node.Is("clip") && node.Get<double>("a_min") <= node.Get<double>("a_max")) {
    return Fusion{"clip", node.Get<double>("a_min"), node.Get<double>("a_max")};
  }
  if (node.Is("LeakyReLU")) {
    const std::string type = node.Get<std::string>("act_type");
    if (type == "leaky" || type == "elu") return Fusion{type, node.Get<double>("slope")};
    if (type == "gelu" || type == "selu") return Fusion{type};
  }
  return std::nullopt;
}

bool CanTakeActivation(const Node& node) {
  const bool layer = node.Is("Convolution") || node.Is("FullyConnected");
  return layer && node.types[0].dtype == DType::kFloat32 && node.Get<std::string>("activation") == "none";
}

// Whether it is a batch norm whose statistics nobody can read.
bool CanTakeRelu(const Node& node) {
  return node.Is("BatchNorm") && node.types[0].dtype == DType::kFloat32 && !node.Get<bool>("output_mean_var");
}

}  // namespace

absl::Status FuseActivation(Graph& graph) {
  const std::vector<std::vector<int>> uses = graph.UseCounts();
  const NodeId first_new = graph.num_nodes();  // from there on those that this pass made, with their activation
  std::vector<bool> fused(first_new, false);
  for (NodeId id : graph.TopologicalOrder()) {
    const Node node = graph.node(id);
    if (!node.is_op() || node.inputs.size() != 1) continue;
    const Value layer = node.inputs[0];
    if (layer.node >= first_new || fused[layer.node]) continue;
    if (!graph.node(layer.node).is_op() || uses[layer.node][0] != 1) continue;
    const std::optional<Fusion> fusion = AsFusion(node);
    if (!fusion.has_value()) continue;
    if (fusion->activation == "relu" && CanTakeRelu(graph.node(layer.node))) {
      const Node norm = graph.node(layer.node);
      BARYON_ASSIGN_OR_RETURN(const NodeId both, graph.AddOperator("_contrib_BatchNormWithReLU", norm.name,
                                                                   norm.attr_texts(), norm.inputs));
      graph.ReplaceUses({id, 0}, {both, 0});
      continue;
    }
    if (!CanTakeActivation(graph.node(layer.node))) continue;
    Attrs attrs = graph.node(layer.node).attr_texts();
    attrs.Set("activation", fusion->activation);
    attrs.Set("act_alpha", FormatAttr(fusion->alpha));
    attrs.Set("act_beta", FormatAttr(fusion->beta));
    BARYON_RETURN_IF_ERROR(graph.SetAttrs(layer.node, attrs));
    graph.ReplaceUses({id, 0}, layer);
    fused[layer.node] = true;
  }
  return absl::OkStatus();
}

}  // namespace baryon
