#include "engine/gluon/trace.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/gluon/naming.h"

namespace baryon {
namespace {

thread_local Trace* current_trace = nullptr;

int64_t NextId() {
  static std::atomic<int64_t> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

// What list_outputs() calls `value`.
std::string OutputName(const Graph& graph, Value value) {
  const Node& node = graph.node(value.node);
  if (!node.is_op()) return node.name;
  return absl::StrCat(node.name, "_", node.op->output_name(value.output, static_cast<int>(node.types.size())));
}

}  // namespace

Trace::Trace(Parameters parameters)
    : parameters_(parameters), id_(NextId()), outer_(std::exchange(current_trace, this)) {}

Trace::~Trace() { current_trace = outer_; }

Trace* Trace::Current() { return current_trace; }

NDArray Trace::ArrayOf(Value value) const {
  NDArray array;
  array.tensor_ = Tensor::Borrow(graph_.type(value), nullptr, nullptr);
  array.trace_ = id_;
  array.node_ = value.node;
  array.output_ = value.output;
  return array;
}

NDArray Trace::AddInput(std::string name, TensorType type) {
  const NodeId id = graph_.AddInput(std::move(name), std::move(type));
  depends_on_input_.push_back(true);
  return ArrayOf({id, 0});
}

NDArray Trace::AddConstant(const void* key, std::string name, const Tensor& elements) {
  if (const auto it = constants_.find(key); key != nullptr && it != constants_.end()) return ArrayOf({it->second, 0});
  return AddKeyed(key, graph_.AddConstant(std::move(name), Constant::Literal(elements)));
}

NDArray Trace::AddParameterInput(const void* key, std::string name, TensorType type) {
  if (const auto it = constants_.find(key); it != constants_.end()) return ArrayOf({it->second, 0});
  return AddKeyed(key, graph_.AddInput(std::move(name), std::move(type)));
}

NDArray Trace::AddKeyed(const void* key, NodeId id) {
  depends_on_input_.push_back(false);
  if (key != nullptr) constants_[key] = id;
  return ArrayOf({id, 0});
}

absl::StatusOr<Value> Trace::ValueOf(const NDArray& array) {
  BARYON_RETURN_IF_ERROR(array.status());
  if (array.is_none()) return absl::InvalidArgumentError("expected an array, got none");
  if (array.trace_ == id_) return Value{array.node_, array.output_};
  if (array.is_traced()) {
    return absl::FailedPreconditionError(
        "expected a value of the block that is being traced, got one of another trace");
  }
  // The elements themselves are the key: the graph keeps them, so their address is not used again.
  const NDArray constant =
      AddConstant(array.tensor().raw_data(), gluon::OperatorScope::NameOf("", "constant"), array.tensor());
  if (constant.type() == array.type()) return Value{constant.node_, constant.output_};
  // The same memory under another shape.
  const NDArray other = AddConstant(nullptr, gluon::OperatorScope::NameOf("", "constant"), array.tensor());
  return Value{other.node_, other.output_};
}

absl::StatusOr<NDArrays> Trace::AddOperator(absl::string_view op, std::string name, const Attrs& attrs,
                                            absl::Span<const NDArray> inputs) {
  std::vector<Value> values;
  bool depends = false;
  for (const NDArray& input : inputs) {
    BARYON_ASSIGN_OR_RETURN(values.emplace_back(), ValueOf(input));
    depends = depends || depends_on_input_[values.back().node];
  }
  BARYON_ASSIGN_OR_RETURN(const NodeId id, graph_.AddOperator(op, std::move(name), attrs, std::move(values)));
  depends_on_input_.push_back(depends);
  NDArrays outputs;
  for (int32_t i = 0; i < graph_.node(id).num_visible_outputs; ++i) outputs.push_back(ArrayOf({id, i}));
  return outputs;
}

// A node of another graph, typed; `here` has the values that its inputs became, none for labels that are not given.
absl::StatusOr<NodeId> Trace::CopyNode(const Node& node, absl::Span<const Value> here) {
  bool depends = false;
  NodeId id;
  if (node.kind == NodeKind::kConstant) {
    id = graph_.AddConstant(node.name, node.constant);
  } else {
    std::vector<Value> inputs;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const Value first = here[node.inputs[i].node];
      if (first.node < 0 && IsLabelInput(node, i)) break;
      inputs.push_back({first.node, first.output + node.inputs[i].output});
      depends = depends || (first.node >= 0 && depends_on_input_[first.node]);
    }
    BARYON_ASSIGN_OR_RETURN(id, graph_.AddOperator(node.op->name(), node.name, node.attr_texts(), std::move(inputs),
                                                   /*from_file=*/false, node.subgraphs));
    // Types that follow from what comes behind the node.
    for (size_t i = 0; i < node.types.size(); ++i) graph_.SetType({id, static_cast<int32_t>(i)}, node.types[i]);
  }
  depends_on_input_.push_back(depends);
  return id;
}

absl::StatusOr<NDArrays> Trace::AddGraph(const Graph& graph, absl::Span<const NDArray> inputs) {
  Graph typed = graph;
  std::vector<Value> here(graph.num_nodes());  // output 0 of each node, as a value of this graph
  for (size_t i = 0; i < inputs.size(); ++i) {
    const NodeId id = graph.inputs()[i];
    if (inputs[i].is_none()) continue;
    BARYON_ASSIGN_OR_RETURN(here[id], ValueOf(inputs[i]));
    typed.SetType({id, 0}, inputs[i].type());
  }
  BARYON_RETURN_IF_ERROR(InferTypes(typed));
  for (NodeId id : typed.TopologicalOrder()) {
    if (typed.node(id).kind == NodeKind::kInput) continue;
    BARYON_ASSIGN_OR_RETURN(const NodeId copy, CopyNode(typed.node(id), here));
    here[id] = {copy, 0};
  }
  NDArrays outputs;
  for (const GraphOutput& output : typed.outputs()) {
    const Value first = here[output.value.node];
    outputs.push_back(ArrayOf({first.node, first.output + output.value.output}));
  }
  return outputs;
}

bool Trace::DependsOnInput(const NDArray& array) const { return array.trace_ == id_ && depends_on_input_[array.node_]; }

absl::StatusOr<Graph> Trace::Finish(absl::Span<const NDArray> outputs) && {
  absl::flat_hash_set<std::string> names;
  for (const NDArray& output : outputs) {
    BARYON_ASSIGN_OR_RETURN(const Value value, ValueOf(output));
    const std::string name = OutputName(graph_, value);
    std::string unique = name;
    for (int copy = 1; !names.insert(unique).second; ++copy) unique = absl::StrCat(name, "_", copy);
    graph_.AddOutput(value, std::move(unique));
  }
  return std::move(graph_);
}

}  // namespace baryon
