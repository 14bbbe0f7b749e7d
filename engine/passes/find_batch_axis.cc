// FullyConnected(data [time, batch, units]) {flatten=False} gets {batch_axis=1}: only then may it multiply neighbouring
// rows together (Strassen's method) without a row's result depending on what else is in the batch.
//
// The batch is axis 0 of every input of the model. From there it is followed through the operators of transformers. In
// a model whose items do not depend on each other all operands of a sum have it at the same place, so one of them is
// enough. Behind any other operator it is lost, and layers behind that multiply row by row.
#include <algorithm>
#include <optional>
#include <vector>

#include "engine/base/status_macros.h"
#include "engine/passes/passes.h"

namespace baryon {
namespace {

// The axis of a value that counts items, where it is known.
using BatchAxis = std::optional<int>;

bool IsElementwise(const Node& node) { return node.op->elementwise || node.Is("LeakyReLU") || node.Is("SequenceMask"); }

class BatchFinder {
 public:
  explicit BatchFinder(const Graph& graph) : graph_(graph), axes_(graph.num_nodes()) {}

  // For each node behind those it reads.
  void Visit(NodeId id) {
    const Node& node = graph_.node(id);
    if (node.kind == NodeKind::kInput && node.types[0].shape.rank() > 0) axes_[id] = 0;
    if (node.is_op() && !node.inputs.empty()) axes_[id] = Behind(node);
  }
  // Of output 0.
  BatchAxis Of(NodeId id) const { return axes_[id]; }

 private:
  BatchAxis Of(Value value) const { return value.output == 0 ? axes_[value.node] : std::nullopt; }

  BatchAxis Behind(const Node& node) const {
    if (IsElementwise(node)) return BehindElementwise(node);
    const BatchAxis data = Of(node.inputs[0]);
    if (!data.has_value()) return std::nullopt;
    const int rank = graph_.type(node.inputs[0]).shape.rank();
    if (node.Is("Embedding")) return data;
    if (node.Is("transpose")) return BehindTranspose(node, *data, rank);
    if (node.Is("LayerNorm")) return (node.Get<int64_t>("axis") + rank) % rank != *data ? data : std::nullopt;
    if (node.Is("FullyConnected")) return node.Get<bool>("flatten") || *data == rank - 1 ? std::nullopt : data;
    const bool attention =
        node.Is("_contrib_interleaved_matmul_selfatt_valatt") || node.Is("_contrib_interleaved_matmul_encdec_valatt");
    return attention && *data == 1 ? data : std::nullopt;
  }

  // As in the operands that are not broadcast.
  BatchAxis BehindElementwise(const Node& node) const {
    BatchAxis axis;
    for (const Value& input : node.inputs) {
      const BatchAxis other = Of(input);
      if (!other.has_value() || graph_.type(input).shape != node.types[0].shape) continue;
      if (axis.has_value() && *axis != *other) return std::nullopt;
      axis = other;
    }
    return axis;
  }

  static BatchAxis BehindTranspose(const Node& node, int axis, int rank) {
    const IntTuple axes = node.Get<IntTuple>("axes");
    if (axes.empty()) return rank - 1 - axis;
    const auto at = std::find_if(axes.begin(), axes.end(), [&](int64_t from) { return (from + rank) % rank == axis; });
    return at == axes.end() ? std::nullopt : BatchAxis(static_cast<int>(at - axes.begin()));
  }

  const Graph& graph_;
  std::vector<BatchAxis> axes_;  // of output 0 of each node
};

}  // namespace

absl::Status FindBatchAxis(Graph& graph) {
  BatchFinder finder(graph);
  for (NodeId id : graph.TopologicalOrder()) {
    finder.Visit(id);
    const Node& node = graph.node(id);
    if (!node.is_op() || !node.Is("FullyConnected")) continue;
    const BatchAxis axis = finder.Of(id);
    const bool has_sequences = node.types[0].shape.rank() > 2;
    if (!axis.has_value() || !has_sequences) continue;
    Attrs attrs = node.attr_texts();
    attrs.Set("batch_axis", FormatAttr(static_cast<int64_t>(*axis)));
    BARYON_RETURN_IF_ERROR(graph.SetAttrs(id, attrs));
  }
  return absl::OkStatus();
}

}  // namespace baryon
