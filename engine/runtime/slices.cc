// Joins are visited from the last to the first, so that a join that is itself a slice knows where when its inputs are
// placed.
#include "engine/runtime/slices.h"

#include <algorithm>
#include <vector>

namespace baryon {
namespace {

struct Use {
  NodeId node;
  int input;
};

bool TakesSlice(const Node& node, int operand) {
  if (!node.is_op() || !node.op->takes_slice) return false;
  return node.op->takes_slice(node.attrs.get(), operand, static_cast<int>(node.types[0].shape.rank()));
}

bool JoinsLastAxis(const Node& node) {
  if (!node.is_op() || !node.op->joins_last_axis || node.types[0].dtype != DType::kFloat32) return false;
  return node.op->joins_last_axis(node.attrs.get(), static_cast<int>(node.types[0].shape.rank()));
}

bool IsOutput(const Graph& graph, Value value) {
  return std::any_of(graph.outputs().begin(), graph.outputs().end(),
                     [&](const GraphOutput& output) { return output.value == value; });
}

// Whether `value` can live within the output of `join`, which reads it.
bool CanBeSlice(const Graph& graph, Value value, NodeId join, const std::vector<Use>& uses,
                absl::FunctionRef<bool(NodeId)> is_left_out) {
  if (is_left_out(value.node) || value.output != 0 || !TakesSlice(graph.node(value.node), OpDef::kOutput) ||
      IsOutput(graph, value))
    return false;
  const auto of_join = [&](const Use& use) { return use.node == join; };
  if (std::count_if(uses.begin(), uses.end(), of_join) != 1) return false;
  return std::all_of(uses.begin(), uses.end(), [&](const Use& use) {
    return of_join(use) || (!is_left_out(use.node) && TakesSlice(graph.node(use.node), use.input));
  });
}

}  // namespace

Slices PlanSlices(const Graph& graph, absl::FunctionRef<bool(NodeId)> is_left_out) {
  const std::vector<NodeId> order = graph.TopologicalOrder();
  std::map<Value, std::vector<Use>> uses;
  for (NodeId id : order) {
    const Node& node = graph.node(id);
    for (size_t i = 0; i < node.inputs.size(); ++i) uses[node.inputs[i]].push_back({id, static_cast<int>(i)});
  }
  Slices slices;
  for (auto id = order.rbegin(); id != order.rend(); ++id) {
    const Node& node = graph.node(*id);
    if (is_left_out(*id) || !JoinsLastAxis(node)) continue;
    const Value output = {*id, 0};
    const Shape& shape = node.types[0].shape;
    Slice slice = {output, 0, shape[shape.rank() - 1], *id};
    if (const Slice* own = slices.Find(output); own != nullptr) {
      slice = {own->whole, own->offset, own->stride, *id};
    }
    for (const Value& input : node.inputs) {
      const Shape& part = graph.type(input).shape;
      if (slices.Find(input) == nullptr && CanBeSlice(graph, input, *id, uses[input], is_left_out)) {
        slices.slices_[input] = slice;
      }
      slice.offset += part[part.rank() - 1];
    }
  }
  return slices;
}

}  // namespace baryon
