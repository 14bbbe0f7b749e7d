// pool(conv(x)) becomes conv(x, pool = max) where the pooling has windows of 2 x 2 with stride 2 and the convolution
// few channels and filters: then most of its time would go into writing results that the pooling reads once. Larger
// ones have better algorithms than the one that can pool.
#include <optional>
#include <string>
#include <vector>

#include "engine/base/status_macros.h"
#include "engine/passes/int_tuples.h"
#include "engine/passes/passes.h"

namespace baryon {
namespace {

constexpr int64_t kMostChannels = 8, kMostFilters = 64;
constexpr int64_t kLeastWidthOfOverhang = 4;  // where a row ends, as many results as the kernel hangs over are wasted

// The pooling as an attribute of the convolution before it.
std::optional<std::string> AsAttr(const Graph& graph, const Node& pooling) {
  if (!pooling.Is("Pooling") || pooling.Get<bool>("global_pool")) return std::nullopt;
  const std::string type = pooling.Get<std::string>("pool_type");
  const bool pairs = pooling.Get<IntTuple>("kernel") == IntTuple{2, 2} &&
                     pooling.Get<IntTuple>("stride") == IntTuple{2, 2} && AllAre(pooling.Get<IntTuple>("pad"), 0);
  if (!pairs || pooling.Get<std::string>("layout") != "NHWC" || (type != "max" && type != "avg")) return std::nullopt;
  const Shape &in = graph.type(pooling.inputs[0]).shape, &out = pooling.types[0].shape;
  for (int64_t axis : {1, 2}) {
    // Rounded up, it would have a window that reaches beyond the input.
    if (out[axis] != in[axis] / 2 || out[axis] == 0) return std::nullopt;
  }
  return type;
}

bool CanPool(const Graph& graph, const Node& node) {
  if (!node.Is("Convolution") || node.types[0].dtype != DType::kFloat32) return false;
  const bool is_plain = AllAre(node.Get<IntTuple>("stride"), 1) && node.Get<int64_t>("num_group") == 1 &&
                        !node.Get<bool>("residual") && node.Get<std::string>("layout") == "NHWC" &&
                        node.Get<std::string>("pool") == "none";
  if (!is_plain) return false;
  const Shape& weight = graph.type(node.inputs[1]).shape;  // [filters, height, width, channels]
  const IntTuple dilation = node.Get<IntTuple>("dilate");
  const int64_t overhang = (weight[2] - 1) * (dilation.empty() ? 1 : dilation[1]);
  return weight[3] <= kMostChannels && weight[0] <= kMostFilters &&
         overhang * kLeastWidthOfOverhang <= node.types[0].shape[2];
}

}  // namespace

absl::Status FusePool(Graph& graph) {
  const std::vector<std::vector<int>> uses = graph.UseCounts();
  for (NodeId id : graph.TopologicalOrder()) {
    const Node node = graph.node(id);
    if (!node.is_op() || node.inputs.size() != 1) continue;
    const Value layer = node.inputs[0];
    if (!graph.node(layer.node).is_op() || uses[layer.node][0] != 1) continue;
    if (!CanPool(graph, graph.node(layer.node))) continue;
    const std::optional<std::string> pool = AsAttr(graph, node);
    if (!pool.has_value()) continue;
    Attrs attrs = graph.node(layer.node).attr_texts();
    attrs.Set("pool", *pool);
    BARYON_RETURN_IF_ERROR(graph.SetAttrs(layer.node, attrs));
    graph.ReplaceUses({id, 0}, layer);
  }
  return absl::OkStatus();
}

}  // namespace baryon
