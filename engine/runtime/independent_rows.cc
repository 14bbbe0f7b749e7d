#include "engine/runtime/independent_rows.h"

#include <algorithm>

#include "absl/types/span.h"

namespace baryon {
namespace {

bool HasRows(const TensorType& type, int64_t rows) {
  return type.shape.has_rank() && type.shape.rank() > 0 && type.shape[0] == rows;
}

bool AllHaveRows(const Graph& graph, absl::Span<const Value> values, int64_t rows, int64_t rank) {
  return std::all_of(values.begin(), values.end(), [&](Value value) {
    const TensorType& type = graph.type(value);
    return !IsConstant(graph, value) && HasRows(type, rows) && (rank == 0 || type.shape.rank() == rank);
  });
}

bool AllAreConstant(const Graph& graph, absl::Span<const Value> values) {
  return std::all_of(values.begin(), values.end(), [&](Value value) { return IsConstant(graph, value); });
}

// Whether the attribute `axis` is another than that of the rows.
bool IsWithinRows(const Node& node) {
  const int64_t axis = node.Get<int64_t>("axis"), rank = node.types[0].shape.rank();
  return rank > 1 && axis != 0 && axis != -rank;
}

// Layers with constant weights, whose axes are no rows; what is added to their results has rows like the data.
bool IsRowwiseLayer(const Graph& graph, const Node& node, int64_t rows) {
  if (!node.Is("Convolution") && !node.Is("FullyConnected") && !node.Is("_conv_depthwise")) return false;
  // Its first axis is time, however long: steps of one item may be computed together.
  if (node.Is("FullyConnected") && node.Get<int64_t>("batch_axis") > 0) return false;
  absl::Span<const Value> weights = absl::MakeConstSpan(node.inputs).subspan(1);
  if (!node.Is("_conv_depthwise") && node.Get<bool>("residual")) {
    if (!AllHaveRows(graph, weights.last(1), rows, node.types[0].shape.rank())) return false;
    weights.remove_suffix(1);
  }
  return AllAreConstant(graph, weights) && AllHaveRows(graph, {node.inputs[0]}, rows, 0) &&
         graph.type(node.inputs[0]).shape.rank() > 1;
}

// Batch norm by constant statistics.
bool IsRowwiseNorm(const Graph& graph, const Node& node, int64_t rows) {
  if (!node.Is("BatchNorm") && !node.Is("_contrib_BatchNormWithReLU")) return false;
  return IsWithinRows(node) && AllAreConstant(graph, absl::MakeConstSpan(node.inputs).subspan(1)) &&
         AllHaveRows(graph, {node.inputs[0]}, rows, node.types[0].shape.rank());
}

bool IsSoftmaxWithinRows(const Node& node) {
  return (node.Is("softmax") || node.Is("log_softmax")) && node.inputs.size() == 1 && IsWithinRows(node);
}

}  // namespace

bool KeepsRowsApart(const Graph& graph, const Node& node, int64_t rows) {
  if (!node.is_op() || node.op->random || node.op->dynamic || node.op->num_subgraphs > 0) return false;
  for (int output = 0; output < node.num_visible_outputs; ++output) {
    if (!HasRows(node.types[output], rows)) return false;
  }
  if (IsRowwiseLayer(graph, node, rows) || IsRowwiseNorm(graph, node, rows)) return true;
  if (node.op->view || node.Is("Pooling") || IsSoftmaxWithinRows(node)) {
    return node.inputs.size() == 1 && AllHaveRows(graph, node.inputs, rows, 0);
  }
  const int64_t rank = node.types[0].shape.rank();
  const bool joins = node.op->joins_last_axis && node.op->joins_last_axis(node.attrs.get(), static_cast<int>(rank));
  return (node.op->elementwise || (joins && rank > 1)) && !node.inputs.empty() &&
         AllHaveRows(graph, node.inputs, rows, rank);
}

bool RowsAreIndependent(const Graph& graph, int64_t rows) {
  for (NodeId id : graph.TopologicalOrder()) {
    const Node& node = graph.node(id);
    if (node.kind == NodeKind::kConstant) continue;
    if (node.is_op() ? !KeepsRowsApart(graph, node, rows) : !HasRows(node.types[0], rows)) return false;
  }
  return std::all_of(graph.outputs().begin(), graph.outputs().end(),
                     [&](const GraphOutput& output) { return AllHaveRows(graph, {output.value}, rows, 0); });
}

}  // namespace baryon
