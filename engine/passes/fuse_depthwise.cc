// depthwise(conv(x)) becomes _conv_depthwise(x) where the convolution is a pointwise one, or a 3x3 one of an image's
// three colours, the map between the two is too large for a core's own cache and nobody else reads it. Smaller ones
// stay there anyway, and rows at the borders of tasks would be computed twice for nothing.
#include <string>
#include <vector>

#include "engine/base/status_macros.h"
#include "engine/passes/int_tuples.h"
#include "engine/passes/passes.h"

namespace baryon {
namespace {

constexpr int64_t kLeastMapBytes = 1 << 20;  // of one item
constexpr int64_t kLeastChannels = 64;       // of a pointwise one: a few rows of fewer are too short a product
constexpr int64_t kColours = 3;

// What both have to be.
bool IsPlain(const Graph& graph, const Node& node) {
  if (!node.is_op() || !node.Is("Convolution") || node.types[0].dtype != DType::kFloat32) return false;
  const bool plain = node.Get<std::string>("layout") == "NHWC" && AllAre(node.Get<IntTuple>("dilate"), 1) &&
                     !node.Get<bool>("residual") && node.Get<std::string>("pool") == "none" &&
                     node.Get<std::string>("algorithm").empty();
  return plain && graph.node(node.inputs[1].node).kind == NodeKind::kConstant;
}

bool ReadsChannelsLast(const Node& node) {
  const std::string data_layout = node.Get<std::string>("data_layout");
  return data_layout == "None" || data_layout == "NHWC";
}

bool IsPointwise(const Node& node) {
  return node.Get<IntTuple>("kernel") == IntTuple{1, 1} && AllAre(node.Get<IntTuple>("stride"), 1) &&
         AllAre(node.Get<IntTuple>("pad"), 0) && ReadsChannelsLast(node);
}

// Larger kernels have better algorithms than one that computes rows.
bool ReadsColours(const Graph& graph, const Node& node) {
  return graph.type(node.inputs[1]).shape[3] == kColours && node.Get<IntTuple>("kernel") == IntTuple{3, 3};
}

bool IsFirst(const Graph& graph, const Node& node) {
  if (!IsPlain(graph, node) || node.Get<int64_t>("num_group") != 1) return false;
  return ReadsColours(graph, node) || (IsPointwise(node) && node.types[0].shape[3] >= kLeastChannels);
}

IntTuple StrideOf(const Node& node) { return Filled(node.Get<IntTuple>("stride"), 2, 1); }
IntTuple PadOf(const Node& node) { return Filled(node.Get<IntTuple>("pad"), 2, 0); }

bool IsDepthwise(const Graph& graph, const Node& node) {
  if (!IsPlain(graph, node) || node.Get<IntTuple>("kernel") != IntTuple{3, 3} || !ReadsChannelsLast(node)) return false;
  const IntTuple stride = StrideOf(node), pad = PadOf(node);
  const int64_t channels = graph.type(node.inputs[0]).shape[3];
  return stride[0] == stride[1] && stride[0] <= 2 && pad[0] <= 1 && pad[1] <= 1 &&
         node.Get<int64_t>("num_group") == channels && node.types[0].shape[3] == channels;
}

bool IsLarge(const TensorType& map) { return map.shape[0] > 0 && map.size_bytes() / map.shape[0] >= kLeastMapBytes; }

std::vector<Value> InputsOf(const Node& first, const Node& depthwise) {
  std::vector<Value> inputs = first.inputs;
  inputs.insert(inputs.end(), depthwise.inputs.begin() + 1, depthwise.inputs.end());
  return inputs;
}

Attrs AttrsOf(const Node& first, const Node& depthwise) {
  Attrs attrs = {{"first_kernel", FormatAttr(first.Get<IntTuple>("kernel"))},
                 {"first_stride", FormatAttr(StrideOf(first))},
                 {"first_pad", FormatAttr(PadOf(first))},
                 {"first_data_layout", ReadsChannelsLast(first) ? "NHWC" : "NCHW"},
                 {"stride", FormatAttr(StrideOf(depthwise))},
                 {"pad", FormatAttr(PadOf(depthwise))},
                 {"first_bias", FormatAttr(first.inputs.size() > 2)},
                 {"bias", FormatAttr(depthwise.inputs.size() > 2)}};
  for (const auto& [node, prefix] : {std::pair(&first, "first_"), std::pair(&depthwise, "")}) {
    attrs.Set(std::string(prefix) + "activation", node->Get<std::string>("activation"));
    for (const char* name : {"act_alpha", "act_beta"}) {
      attrs.Set(std::string(prefix) + name, FormatAttr(node->Get<double>(name)));
    }
  }
  return attrs;
}

}  // namespace

absl::Status FuseDepthwise(Graph& graph) {
  const std::vector<std::vector<int>> uses = graph.UseCounts();
  for (NodeId id : graph.TopologicalOrder()) {
    const Node depthwise = graph.node(id);
    if (!IsDepthwise(graph, depthwise)) continue;
    const Value map = depthwise.inputs[0];
    const Node first = graph.node(map.node);
    if (!IsFirst(graph, first) || uses[map.node][0] != 1 || !IsLarge(graph.type(map))) continue;
    BARYON_ASSIGN_OR_RETURN(
        const NodeId fused,
        graph.AddOperator("_conv_depthwise", depthwise.name, AttrsOf(first, depthwise), InputsOf(first, depthwise)));
    graph.ReplaceUses({id, 0}, {fused, 0});
  }
  return absl::OkStatus();
}

}  // namespace baryon
