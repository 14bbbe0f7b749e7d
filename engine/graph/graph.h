// The model as data: nodes that name each other by number. What loaders build, passes rewrite and the runtime compiles.
#ifndef BARYON_ENGINE_GRAPH_GRAPH_H_
#define BARYON_ENGINE_GRAPH_GRAPH_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "engine/base/check.h"
#include "engine/graph/attrs.h"
#include "engine/graph/constant.h"
#include "engine/graph/op_def.h"
#include "engine/tensor/tensor.h"

namespace baryon {

using NodeId = int32_t;

// One output of one node.
struct Value {
  NodeId node = -1;
  int32_t output = 0;

  friend bool operator==(const Value& a, const Value& b) { return a.node == b.node && a.output == b.output; }
  friend bool operator!=(const Value& a, const Value& b) { return !(a == b); }
  friend bool operator<(const Value& a, const Value& b) {
    return a.node != b.node ? a.node < b.node : a.output < b.output;
  }
  template <typename H>
  friend H AbslHashValue(H h, const Value& value) {
    return H::combine(std::move(h), value.node, value.output);
  }
};

enum class NodeKind { kInput, kConstant, kOperator };

// A node. Its inputs, attributes and types change through Graph only.
struct Node {
  NodeKind kind = NodeKind::kInput;
  std::string name;
  TensorTypes types;  // of its outputs, hidden ones included; known wholly, in part or not at all

  std::shared_ptr<const Constant> constant;  // kConstant

  const OpDef* op = nullptr;  // kOperator, and the fields below
  BoundAttrs attrs;
  std::vector<Value> inputs;
  std::vector<std::shared_ptr<const Graph>> subgraphs;
  int num_visible_outputs = 1;

  bool is_op() const { return kind == NodeKind::kOperator; }
  // True for an operator one of whose names is `op_name`.
  bool Is(absl::string_view op_name) const;
  // The attribute texts, defaults included.
  Attrs attr_texts() const { return op->format(attrs.get()); }
  // The value of an attribute that the operator declares with type T:  node.Get<int64_t>("axis").
  template <typename T>
  T Get(absl::string_view attr) const {
    const Attrs texts = attr_texts();
    const std::string* text = texts.Find(attr);
    BARYON_CHECK(text != nullptr);
    T value{};
    BARYON_CHECK(ParseAttr(*text, value).ok());
    return value;
  }
};

// OK when `op` with `attrs` takes `count` inputs; else INVALID_ARGUMENT.
absl::Status CheckNumInputs(const OpDef& op, const void* attrs, int count);

struct GraphOutput {
  Value value;
  std::string name;
};

// True when `value`, an input of the operator `node` at position `index`, serves training only.
bool IsLabelInput(const Node& node, size_t index);

// A value: copies share constants and nothing else. One thread changes it; many may read it.
class Graph {
 public:
  // Each adds a node and returns its number. Types of inputs may be unknown.
  NodeId AddInput(std::string name, TensorType type);
  NodeId AddConstant(std::string name, std::shared_ptr<const Constant> constant);
  // Reads the attributes, checks the number of inputs, and applies the type rule when the input types are known.
  // `from_file` refuses attributes that only passes may set. Errors: UNIMPLEMENTED for an unknown operator,
  // INVALID_ARGUMENT for the rest, naming the node.
  absl::StatusOr<NodeId> AddOperator(absl::string_view op, std::string name, const Attrs& attrs,
                                     std::vector<Value> inputs, bool from_file = false,
                                     std::vector<std::shared_ptr<const Graph>> subgraphs = {});

  int num_nodes() const { return static_cast<int>(nodes_.size()); }
  const Node& node(NodeId id) const { return nodes_[id]; }
  const TensorType& type(Value value) const { return nodes_[value.node].types[value.output]; }

  // Input nodes in the order in which they were added.
  const std::vector<NodeId>& inputs() const { return inputs_; }
  const std::vector<GraphOutput>& outputs() const { return outputs_; }
  void AddOutput(Value value, std::string name) { outputs_.push_back({value, std::move(name)}); }

  // --- Rewriting. None of these leaves a node with stale types, except SetType and SetInput (call InferTypes).
  void SetType(Value value, TensorType type) { nodes_[value.node].types[value.output] = std::move(type); }
  void SetName(NodeId id, std::string name) { nodes_[id].name = std::move(name); }
  void SetInput(NodeId id, int index, Value value) { nodes_[id].inputs[index] = value; }
  // Replaces the attributes of an operator node and applies its type rule again.
  absl::Status SetAttrs(NodeId id, const Attrs& attrs);
  // The same with other inputs, as many as the attributes ask for.
  absl::Status Rebind(NodeId id, const Attrs& attrs, std::vector<Value> inputs);
  // Makes every node and graph output that uses `from` use `to` instead, except the node `except`.
  void ReplaceUses(Value from, Value to, NodeId except = -1);
  // Turns an input into a constant, keeping its number and name.
  void BindInput(NodeId id, std::shared_ptr<const Constant> constant);

  // Operators, constants and inputs that outputs depend on, each after what it reads.
  std::vector<NodeId> TopologicalOrder() const;
  // How often each value is read, by nodes that outputs depend on and by outputs; indexed like
  // use_counts[node][output].
  std::vector<std::vector<int>> UseCounts() const;
  // Drops nodes that no output depends on (inputs stay) and renumbers the rest in topological order.
  void Prune();

  // NumPy shape semantics (rank 0, size 0) as the file declares them; else 0 means an unknown dimension.
  bool np_shape = false;

 private:
  absl::Status BindNode(Node& node, const Attrs& attrs, bool from_file) const;
  absl::Status InferNode(Node& node) const;
  friend absl::Status InferTypes(Graph& graph);

  std::vector<Node> nodes_;
  std::vector<NodeId> inputs_;
  std::vector<GraphOutput> outputs_;
};

// Infers the types of all values from those of inputs and constants: forward by the type rules, and where something
// stays unknown also backward (complete_types), until nothing changes. Errors: INVALID_ARGUMENT with the node, what
// was expected and what came. Types that nothing determines stay unknown; see CheckTypesKnown.
absl::Status InferTypes(Graph& graph);

// For operators with subgraphs: infers the types of `graph` from what is known of its inputs and outputs and adds to
// both what follows. Errors: those of InferTypes; INVALID_ARGUMENT, not as many inputs or outputs.
absl::Status CompleteTypes(const Graph& graph, TensorTypes& inputs, TensorTypes& outputs);

// INVALID_ARGUMENT, naming an input or node, when the type of a visible value that outputs depend on is not known.
// Labels of loss operators may be unknown: inference does not read them.
absl::Status CheckTypesKnown(const Graph& graph);

// Checks what every pass must leave intact: inputs exist and come first, attributes are bound, outputs exist, names of
// outputs are unique, and applying the type rules again gives the types that stand there. For tests and the pass
// runner.
absl::Status VerifyGraph(const Graph& graph);

}  // namespace baryon

#endif  // BARYON_ENGINE_GRAPH_GRAPH_H_
