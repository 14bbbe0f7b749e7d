#include "engine/runtime/row_chains.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/runtime/independent_rows.h"
#include "engine/runtime/slices.h"

namespace baryon {
namespace {

constexpr int64_t kCachedWeightBytes = 128 << 10;  // that stay in the second level of the cache beside a row's maps
constexpr int64_t kCachedMapBytes = 1 << 20;       // of all rows, of one step: smaller ones stay in the cache anyway

// Bytes of a step's maps, and of its weights.
struct StepBytes {
  int64_t maps = 0, weights = 0;
};
StepBytes BytesOf(const Graph& graph, const Node& node) {
  StepBytes bytes = {node.types[0].size_bytes(), 0};
  for (const Value& input : node.inputs) {
    (IsConstant(graph, input) ? bytes.weights : bytes.maps) += graph.type(input).size_bytes();
  }
  return bytes;
}

bool SuitsRows(const Graph& graph, const Node& node) {
  if (!node.is_op() || node.op->view || node.num_visible_outputs != 1) return false;
  const TensorType& type = node.types[0];
  if (type.dtype != DType::kFloat32 || type.shape.rank() < 2) return false;
  if (!KeepsRowsApart(graph, node, type.shape[0])) return false;
  const StepBytes bytes = BytesOf(graph, node);
  const int64_t rows = node.types[0].shape[0];
  return rows > 1 && bytes.weights <= std::max(bytes.maps / rows, kCachedWeightBytes);
}

bool IsWorthIt(const Graph& graph, const RowChain& chain) {
  return chain.nodes.size() > 1 && std::any_of(chain.nodes.begin(), chain.nodes.end(), [&](NodeId id) {
           return BytesOf(graph, graph.node(id)).maps > kCachedMapBytes;
         });
}

// The operators that a slice (slices.h) ties together: its maker, its readers and the join.
std::vector<std::set<NodeId>> SliceTies(const Graph& graph, const std::vector<NodeId>& order) {
  const Slices slices = PlanSlices(graph);
  std::map<Value, std::set<NodeId>> ties;
  for (NodeId id : order) {
    for (const Value& input : graph.node(id).inputs) {
      if (const Slice* slice = slices.Find(input)) ties[input].insert({input.node, id, slice->join});
    }
  }
  std::vector<std::set<NodeId>> nodes;
  for (auto& [value, tied] : ties) nodes.push_back(std::move(tied));
  return nodes;
}

// Shortens the chain until it holds all or none of each tie: a join across its border would have to copy.
void CutAtTies(const std::vector<std::set<NodeId>>& ties, const std::vector<int>& position,
               std::vector<NodeId>& nodes) {
  const auto is_within = [&](NodeId id) {
    return position[id] >= position[nodes.front()] && position[id] <= position[nodes.back()];
  };
  for (bool changed = true; changed && !nodes.empty();) {
    changed = false;
    for (const std::set<NodeId>& tie : ties) {
      const int64_t within = std::count_if(tie.begin(), tie.end(), is_within);
      if (within == 0 || within == static_cast<int64_t>(tie.size())) continue;
      const bool begins_before =
          std::any_of(tie.begin(), tie.end(), [&](NodeId id) { return position[id] < position[nodes.front()]; });
      nodes.erase(begins_before ? nodes.begin() : nodes.end() - 1);
      changed = true;
      break;
    }
  }
}

// Finds what comes in and what goes out.
void AddBorders(const Graph& graph, const std::vector<NodeId>& order, RowChain& chain) {
  const std::set<NodeId> inside(chain.nodes.begin(), chain.nodes.end());
  std::set<Value> inputs, outputs;
  for (NodeId id : order) {
    for (const Value& input : graph.node(id).inputs) {
      if (inside.count(id) == 0) {
        if (inside.count(input.node) > 0) outputs.insert(input);
      } else if (inside.count(input.node) == 0 && !IsConstant(graph, input)) {
        inputs.insert(input);
      }
    }
  }
  for (const GraphOutput& output : graph.outputs()) {
    if (inside.count(output.value.node) > 0) outputs.insert(output.value);
  }
  chain.inputs.assign(inputs.begin(), inputs.end());
  chain.outputs.assign(outputs.begin(), outputs.end());
}

}  // namespace

std::vector<RowChain> PlanRowChains(const Graph& graph) {
  const std::vector<NodeId> order = graph.TopologicalOrder();
  const std::vector<std::set<NodeId>> ties = SliceTies(graph, order);
  std::vector<int> position(graph.num_nodes(), -1);
  for (size_t i = 0; i < order.size(); ++i) position[order[i]] = static_cast<int>(i);
  std::vector<RowChain> chains;
  RowChain chain;
  const auto close = [&] {
    CutAtTies(ties, position, chain.nodes);
    if (IsWorthIt(graph, chain)) {
      AddBorders(graph, order, chain);
      chains.push_back(std::move(chain));
    }
    chain = RowChain();
  };
  for (NodeId id : order) {
    const Node& node = graph.node(id);
    if (!node.is_op()) continue;
    const bool suits = SuitsRows(graph, node);
    if (!chain.nodes.empty() && (!suits || node.types[0].shape[0] != chain.rows)) close();
    if (!suits) continue;
    chain.rows = node.types[0].shape[0];
    chain.nodes.push_back(id);
  }
  close();
  return chains;
}

absl::StatusOr<Graph> RowGraph(const Graph& graph, const RowChain& chain) {
  Graph row;
  row.np_shape = graph.np_shape;
  std::map<Value, Value> values;  // of `graph`, in `row`
  for (const Value& input : chain.inputs) {
    TensorType type = graph.type(input);
    type.shape[0] = 1;
    values[input] = {row.AddInput(absl::StrCat("input", values.size()), std::move(type)), 0};
  }
  for (NodeId id : chain.nodes) {
    const Node& node = graph.node(id);
    std::vector<Value> inputs;
    for (const Value& input : node.inputs) {
      if (const auto it = values.find(input); it != values.end()) {
        inputs.push_back(it->second);
        continue;
      }
      const Node& constant = graph.node(input.node);
      inputs.push_back(values[input] = {row.AddConstant(constant.name, constant.constant), 0});
    }
    BARYON_ASSIGN_OR_RETURN(const NodeId copy,
                            row.AddOperator(node.op->name(), node.name, node.attr_texts(), std::move(inputs)));
    values[{id, 0}] = {copy, 0};
  }
  for (const Value& output : chain.outputs) row.AddOutput(values[output], graph.node(output.node).name);
  return row;
}

}  // namespace baryon
