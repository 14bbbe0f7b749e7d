#include "engine/graph/graph.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/graph/op_registry.h"

namespace baryon {
namespace {

std::string NodeLabel(const Node& node) {
  return node.is_op() ? absl::StrCat("node \"", node.name, "\" (", node.op->name(), ")")
                      : absl::StrCat("input \"", node.name, "\"");
}

// How many of the declared inputs a node may lack: labels at the end, which inference does not read.
int NumOptionalInputs(const OpDef& op, int num_inputs) {
  int optional = 0;
  while (optional < num_inputs && op.input_role(num_inputs - 1 - optional) == InputRole::kLabel) ++optional;
  return optional;
}

// Replaces `known` by what `known` and `more` say together. True when that is more than before.
absl::StatusOr<bool> Merge(TensorType& known, const TensorType& more) {
  const std::optional<Shape> shape = MergeShapes(known.shape, more.shape);
  const bool same_dtype = known.dtype == DType::kUnknown || more.dtype == DType::kUnknown || known.dtype == more.dtype;
  if (!shape.has_value() || !same_dtype) {
    const bool typed = more.dtype != DType::kUnknown || known.dtype != DType::kUnknown;
    return absl::InvalidArgumentError(absl::StrCat("expected ", typed ? more.ToString() : more.shape.ToString(),
                                                   ", got ", typed ? known.ToString() : known.shape.ToString()));
  }
  const TensorType merged = {known.dtype == DType::kUnknown ? more.dtype : known.dtype, *shape};
  const bool changed = merged != known;
  known = merged;
  return changed;
}

// What the operator of `node` adds to the types of its inputs and outputs, which are known wholly, in part or not at
// all.
absl::Status CompleteNode(const Node& node, TensorTypes& inputs, TensorTypes& outputs) {
  const OpDef& op = *node.op;
  absl::Status status;
  if (op.complete_subgraph_types) {
    status = op.complete_subgraph_types(node.attrs.get(), node.subgraphs, inputs, outputs);
  } else if (op.complete_types) {
    status = op.complete_types(node.attrs.get(), inputs, outputs);
  }
  return status.ok() ? status : Annotate(status, NodeLabel(node));
}

}  // namespace

absl::Status CheckNumInputs(const OpDef& op, const void* attrs, int count) {
  const int expected = op.num_inputs(attrs);
  if (expected < 0) {
    if (count > 0) return absl::OkStatus();
    return absl::InvalidArgumentError("expected at least one input, got none");
  }
  const int least = expected - NumOptionalInputs(op, expected);
  if (count >= least && count <= expected) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("expected ", expected, expected == 1 ? " input" : " inputs", ", got ", count));
}

bool IsLabelInput(const Node& node, size_t index) {
  return node.op->input_role(static_cast<int>(index)) == InputRole::kLabel;
}

bool Node::Is(absl::string_view op_name) const {
  return is_op() && std::any_of(op->names.begin(), op->names.end(),
                                [&](const std::string& name) { return absl::string_view(name) == op_name; });
}

NodeId Graph::AddInput(std::string name, TensorType type) {
  Node node;
  node.kind = NodeKind::kInput;
  node.name = std::move(name);
  node.types = {std::move(type)};
  nodes_.push_back(std::move(node));
  inputs_.push_back(num_nodes() - 1);
  return num_nodes() - 1;
}

NodeId Graph::AddConstant(std::string name, std::shared_ptr<const Constant> constant) {
  Node node;
  node.kind = NodeKind::kConstant;
  node.name = std::move(name);
  node.types = {constant->type()};
  node.constant = std::move(constant);
  nodes_.push_back(std::move(node));
  return num_nodes() - 1;
}

absl::StatusOr<NodeId> Graph::AddOperator(absl::string_view op, std::string name, const Attrs& attrs,
                                          std::vector<Value> inputs, bool from_file,
                                          std::vector<std::shared_ptr<const Graph>> subgraphs) {
  Node node;
  node.kind = NodeKind::kOperator;
  node.name = std::move(name);
  node.op = FindOp(op);
  if (node.op == nullptr) {
    return absl::UnimplementedError(absl::StrCat("node \"", node.name, "\": unknown operator \"", op, "\""));
  }
  node.subgraphs = std::move(subgraphs);
  node.inputs = std::move(inputs);
  BARYON_RETURN_IF_ERROR(BindNode(node, attrs, from_file));
  nodes_.push_back(std::move(node));
  return num_nodes() - 1;
}

// Reads the attributes, checks number and existence of the inputs, and starts the types anew.
absl::Status Graph::BindNode(Node& node, const Attrs& attrs, bool from_file) const {
  absl::StatusOr<BoundAttrs> bound = node.op->bind(attrs, from_file);
  if (!bound.ok()) return Annotate(bound.status(), NodeLabel(node));
  node.attrs = *std::move(bound);
  if (absl::Status status = CheckNumInputs(*node.op, node.attrs.get(), node.inputs.size()); !status.ok()) {
    return Annotate(status, NodeLabel(node));
  }
  if (static_cast<int>(node.subgraphs.size()) != node.op->num_subgraphs) {
    return absl::InvalidArgumentError(absl::StrCat(NodeLabel(node), ": expected ", node.op->num_subgraphs,
                                                   " subgraphs, got ", node.subgraphs.size()));
  }
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const Value value = node.inputs[i];
    const bool exists = value.node >= 0 && value.node < num_nodes() && value.output >= 0 &&
                        value.output < static_cast<int>(nodes_[value.node].types.size());
    if (!exists) {
      return absl::InvalidArgumentError(absl::StrCat(NodeLabel(node), ": input ", i, " (\"", node.op->input_name(i),
                                                     "\") names output ", value.output, " of node ", value.node,
                                                     ", which does not exist"));
    }
  }
  const int num_outputs = node.op->num_outputs(node.attrs.get(), node.inputs.size());
  node.num_visible_outputs = node.op->num_visible_outputs(node.attrs.get(), num_outputs);
  node.types.assign(num_outputs, TensorType());
  return InferNode(node);
}

absl::Status Graph::SetAttrs(NodeId id, const Attrs& attrs) { return Rebind(id, attrs, nodes_[id].inputs); }

absl::Status Graph::Rebind(NodeId id, const Attrs& attrs, std::vector<Value> inputs) {
  Node changed = nodes_[id];
  changed.inputs = std::move(inputs);
  BARYON_RETURN_IF_ERROR(BindNode(changed, attrs, /*from_file=*/false));
  nodes_[id] = std::move(changed);
  return absl::OkStatus();
}

void Graph::ReplaceUses(Value from, Value to, NodeId except) {
  for (NodeId id = 0; id < num_nodes(); ++id) {
    if (id == except) continue;
    std::replace(nodes_[id].inputs.begin(), nodes_[id].inputs.end(), from, to);
  }
  for (GraphOutput& output : outputs_) {
    if (output.value == from) output.value = to;
  }
}

void Graph::BindInput(NodeId id, std::shared_ptr<const Constant> constant) {
  Node& node = nodes_[id];
  node.kind = NodeKind::kConstant;
  node.types = {constant->type()};
  node.constant = std::move(constant);
  inputs_.erase(std::remove(inputs_.begin(), inputs_.end(), id), inputs_.end());
}

// Depth first with a stack of our own: graphs from files may be thousands of nodes deep.
std::vector<NodeId> Graph::TopologicalOrder() const {
  std::vector<NodeId> order;
  std::vector<char> visited(nodes_.size(), 0);
  std::vector<std::pair<NodeId, size_t>> stack;
  for (const GraphOutput& output : outputs_) {
    if (visited[output.value.node]) continue;
    visited[output.value.node] = 1;
    stack.emplace_back(output.value.node, 0);
    while (!stack.empty()) {
      auto& [id, next] = stack.back();
      if (next < nodes_[id].inputs.size()) {
        const NodeId input = nodes_[id].inputs[next++].node;
        if (!visited[input]) {
          visited[input] = 1;
          stack.emplace_back(input, 0);
        }
      } else {
        order.push_back(id);
        stack.pop_back();
      }
    }
  }
  return order;
}

std::vector<std::vector<int>> Graph::UseCounts() const {
  std::vector<std::vector<int>> counts(nodes_.size());
  for (size_t id = 0; id < nodes_.size(); ++id) counts[id].resize(nodes_[id].types.size());
  for (NodeId id : TopologicalOrder()) {
    for (const Value& value : nodes_[id].inputs) ++counts[value.node][value.output];
  }
  for (const GraphOutput& output : outputs_) ++counts[output.value.node][output.value.output];
  return counts;
}

void Graph::Prune() {
  std::vector<NodeId> order = inputs_;
  for (NodeId id : TopologicalOrder()) {
    if (nodes_[id].kind != NodeKind::kInput) order.push_back(id);
  }
  std::vector<NodeId> renumbered(nodes_.size(), -1);
  std::vector<Node> kept;
  kept.reserve(order.size());
  for (NodeId id : order) {
    renumbered[id] = static_cast<NodeId>(kept.size());
    kept.push_back(std::move(nodes_[id]));
    for (Value& value : kept.back().inputs) value.node = renumbered[value.node];
  }
  nodes_ = std::move(kept);
  for (size_t i = 0; i < inputs_.size(); ++i) inputs_[i] = static_cast<NodeId>(i);
  for (GraphOutput& output : outputs_) output.value.node = renumbered[output.value.node];
}

// Applies the type rule of `node` as far as its input types allow and merges the result into its types.
absl::Status Graph::InferNode(Node& node) const {
  TensorTypes inputs;
  if (node.op->num_subgraphs > 0) {
    for (const Value& value : node.inputs) inputs.push_back(type(value));
    TensorTypes outputs = node.types;
    BARYON_RETURN_IF_ERROR(CompleteNode(node, inputs, outputs));
    node.types = std::move(outputs);
    return absl::OkStatus();
  }
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const TensorType& input = type(node.inputs[i]);
    if (IsLabelInput(node, i) && !input.IsFullyKnown()) break;  // not given: the rule sees what stands before it
    const bool enough = input.IsFullyKnown() ||
                        (node.op->accepts_unknown_dims && input.shape.has_rank() && input.dtype != DType::kUnknown);
    if (!enough) return absl::OkStatus();
    inputs.push_back(input);
  }
  absl::StatusOr<TensorTypes> outputs = node.op->infer_types(node.attrs.get(), inputs);
  if (!outputs.ok()) return Annotate(outputs.status(), NodeLabel(node));
  if (outputs->size() != node.types.size()) {
    return absl::InternalError(absl::StrCat(NodeLabel(node), ": the type rule gave ", outputs->size(),
                                            " outputs, expected ", node.types.size()));
  }
  for (size_t i = 0; i < outputs->size(); ++i) {
    if (absl::StatusOr<bool> merged = Merge(node.types[i], (*outputs)[i]); !merged.ok()) {
      return Annotate(merged.status(), absl::StrCat(NodeLabel(node), ": output ", i));
    }
    if (node.types[i].shape.IsFullyKnown() && !node.types[i].shape.CheckedNumElements().has_value()) {
      return absl::ResourceExhaustedError(
          absl::StrCat(NodeLabel(node), ": output ", i, " of ", node.types[i].ToString(), " is too large"));
    }
  }
  return absl::OkStatus();
}

absl::Status InferTypes(Graph& graph) {
  const std::vector<NodeId> order = graph.TopologicalOrder();
  for (bool changed = true; changed;) {
    changed = false;
    bool unknown = false;
    for (NodeId id : order) {
      Node& node = graph.nodes_[id];
      if (node.is_op()) BARYON_RETURN_IF_ERROR(graph.InferNode(node));
      for (const TensorType& type : node.types) unknown = unknown || !type.IsFullyKnown();
    }
    if (!unknown) break;
    for (auto it = order.rbegin(); it != order.rend(); ++it) {
      Node& node = graph.nodes_[*it];
      if (!node.is_op()) continue;
      TensorTypes inputs;
      for (const Value& value : node.inputs) inputs.push_back(graph.type(value));
      TensorTypes outputs = node.types;
      BARYON_RETURN_IF_ERROR(CompleteNode(node, inputs, outputs));
      for (size_t i = 0; i < outputs.size(); ++i) {
        absl::StatusOr<bool> merged = Merge(node.types[i], outputs[i]);
        if (!merged.ok()) return Annotate(merged.status(), absl::StrCat(NodeLabel(node), ": output ", i));
        changed = changed || *merged;
      }
      for (size_t i = 0; i < inputs.size(); ++i) {
        TensorType& known = graph.nodes_[node.inputs[i].node].types[node.inputs[i].output];
        absl::StatusOr<bool> merged = Merge(known, inputs[i]);
        if (!merged.ok()) {
          return Annotate(merged.status(), absl::StrCat(NodeLabel(node), ": \"", node.op->input_name(i), "\""));
        }
        changed = changed || *merged;
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CompleteTypes(const Graph& graph, TensorTypes& inputs, TensorTypes& outputs) {
  if (graph.inputs().size() != inputs.size() || graph.outputs().size() != outputs.size()) {
    return absl::InvalidArgumentError(absl::StrCat("expected a subgraph of ", inputs.size(), " inputs and ",
                                                   outputs.size(), " outputs, got ", graph.inputs().size(), " and ",
                                                   graph.outputs().size()));
  }
  Graph typed = graph;
  const auto set = [&](Value value, const TensorType& type) -> absl::Status {
    TensorType merged = typed.type(value);
    BARYON_RETURN_IF_ERROR(Merge(merged, type).status());
    typed.SetType(value, std::move(merged));
    return absl::OkStatus();
  };
  for (size_t i = 0; i < inputs.size(); ++i) BARYON_RETURN_IF_ERROR(set({typed.inputs()[i], 0}, inputs[i]));
  for (size_t i = 0; i < outputs.size(); ++i) BARYON_RETURN_IF_ERROR(set(typed.outputs()[i].value, outputs[i]));
  BARYON_RETURN_IF_ERROR(InferTypes(typed));
  for (size_t i = 0; i < inputs.size(); ++i) inputs[i] = typed.type({typed.inputs()[i], 0});
  for (size_t i = 0; i < outputs.size(); ++i) outputs[i] = typed.type(typed.outputs()[i].value);
  return absl::OkStatus();
}

absl::Status CheckTypesKnown(const Graph& graph) {
  const std::vector<NodeId> order = graph.TopologicalOrder();
  std::vector<bool> needed(graph.num_nodes(), false);
  for (NodeId id : order) {
    const Node& node = graph.node(id);
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (!IsLabelInput(node, i)) needed[node.inputs[i].node] = true;
    }
  }
  for (const GraphOutput& output : graph.outputs()) needed[output.value.node] = true;
  for (NodeId id : order) {
    const Node& node = graph.node(id);
    if (!needed[id] || (node.is_op() && node.op->dynamic)) continue;
    for (int i = 0; i < node.num_visible_outputs; ++i) {
      if (node.types[i].IsFullyKnown()) continue;
      return absl::InvalidArgumentError(absl::StrCat(
          NodeLabel(node), ": its shape cannot be inferred from the inputs, got ", node.types[i].ToString()));
    }
  }
  return absl::OkStatus();
}

absl::Status VerifyGraph(const Graph& graph) {
  absl::flat_hash_set<std::string> names;
  for (const GraphOutput& output : graph.outputs()) {
    if (output.value.node < 0 || output.value.node >= graph.num_nodes() || output.value.output < 0 ||
        output.value.output >= static_cast<int>(graph.node(output.value.node).types.size())) {
      return absl::InternalError(absl::StrCat("graph output \"", output.name, "\" names no value"));
    }
    if (!names.insert(output.name).second) {
      return absl::InternalError(absl::StrCat("two graph outputs are called \"", output.name, "\""));
    }
  }
  Graph again = graph;
  for (NodeId id : again.TopologicalOrder()) {
    const Node& node = again.node(id);
    if (!node.is_op()) continue;
    const TensorTypes before = node.types;
    BARYON_RETURN_IF_ERROR(again.SetAttrs(id, node.attr_texts()));
    for (size_t i = 0; i < before.size(); ++i) {
      const TensorType& after = again.node(id).types[i];
      if (after.IsFullyKnown() && before[i].IsFullyKnown() && after != before[i]) {
        return absl::InternalError(absl::StrCat(NodeLabel(again.node(id)), ": output ", i, " is ", after.ToString(),
                                                " by its rule and ", before[i].ToString(), " in the graph"));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace baryon
