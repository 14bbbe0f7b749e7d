// One pass over the nodes in depth-first order: a variable becomes a graph input, an operator a node. Files from before
// 0.9 lack inputs that operators gained later; those become variables named after operator and input.
// Source of the upgrade rules: src/nnvm/legacy_json_util.cc of MXNet 1.9.1; checked by running it.
#include "engine/io/symbol_json.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "engine/base/logging.h"
#include "engine/base/status_macros.h"
#include "engine/graph/op_registry.h"
#include "engine/io/symbol_file.h"

namespace baryon {
namespace {

using UnknownOperators = std::map<std::string, std::vector<std::string>>;

constexpr int kVersionWithAllInputs = 900;   // 0.9.0
constexpr int kVersionWithArgmaxAxis = 905;  // 0.9.5
// See engine/ops/type_rules.h.
constexpr char kNpShapeAttr[] = "__np_shape__";
constexpr char kMxnet2Attr[] = "__mxnet_2__";
constexpr int kMxnet2 = 20000;

// --- Unknown operators

void CollectUnknownOperators(const SymbolFile& file, UnknownOperators& unknown) {
  for (const SymbolNode& node : file.nodes) {
    for (const SymbolFile& subgraph : node.subgraphs) CollectUnknownOperators(subgraph, unknown);
    if (node.is_variable() || FindOp(node.op) != nullptr) continue;
    const std::string* op_type = node.op == "Custom" ? node.attrs.Find("op_type") : nullptr;
    unknown[op_type == nullptr ? node.op : absl::StrCat("Custom op_type=", *op_type)].push_back(node.name);
  }
}

// "a", "b", "c" and 12 more
std::string ShortList(const std::vector<std::string>& names) {
  constexpr size_t kMostShown = 3;
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kMostShown); ++i) {
    absl::StrAppend(&text, i == 0 ? "\"" : ", \"", names[i], "\"");
  }
  if (names.size() > kMostShown) absl::StrAppend(&text, " and ", names.size() - kMostShown, " more");
  return text;
}

absl::Status UnknownOperatorsError(const UnknownOperators& unknown) {
  const auto& [first_op, first_nodes] = *unknown.begin();
  if (unknown.size() == 1 && first_nodes.size() == 1) {
    return absl::UnimplementedError(absl::StrCat("node \"", first_nodes[0], "\": unknown operator \"", first_op, "\""));
  }
  constexpr size_t kMostShown = 20;
  std::string text;
  size_t count = 0;
  for (const auto& [op, nodes] : unknown) {
    if (++count > kMostShown) break;
    absl::StrAppend(&text, count == 1 ? "\"" : "; \"", op, "\" at ", nodes.size() == 1 ? "node " : "nodes ",
                    ShortList(nodes));
  }
  if (unknown.size() > kMostShown) absl::StrAppend(&text, "; and ", unknown.size() - kMostShown, " operators more");
  return absl::UnimplementedError(absl::StrCat("unknown operators: ", text));
}

// --- Building

// Training hints that old files spell without underscores: "lr_mult", or "weight_lr_mult" for an input.
bool IsOldHiddenAttr(absl::string_view name) {
  for (absl::string_view key : {"ctx_group", "lr_mult", "wd_mult", "force_mirroring", "mirror_stage"}) {
    if (name == key || absl::EndsWith(name, absl::StrCat("_", key))) return true;
  }
  return false;
}

// What the whole file says, its subgraphs included.
struct FileContext {
  int mxnet_version;
  bool np_shape;
  absl::string_view where;
};

class GraphBuilder {
 public:
  GraphBuilder(const SymbolFile& file, const FileContext& context) : file_(file), context_(context) {}

  absl::StatusOr<Graph> Build() {
    graph_.np_shape = context_.np_shape;
    BARYON_ASSIGN_OR_RETURN(const std::vector<int32_t> order, file_.DepthFirstOrder());
    ids_.assign(file_.nodes.size(), -1);
    for (int32_t index : order) {
      const SymbolNode& node = file_.nodes[index];
      if (node.is_variable()) {
        ids_[index] = AddVariable(node.name);
      } else {
        BARYON_ASSIGN_OR_RETURN(ids_[index], AddOperator(node));
      }
    }
    BARYON_RETURN_IF_ERROR(AddOutputs());
    if (!repeated_variables_.empty()) {
      LogWarning(
          absl::StrCat(context_.where, ": variables of one name are taken for one: ", ShortList(repeated_variables_)));
    }
    return std::move(graph_);
  }

 private:
  NodeId AddVariable(const std::string& name) {
    const auto [known, is_new] = variables_.emplace(name, graph_.num_nodes());
    if (is_new) return graph_.AddInput(name, {});
    repeated_variables_.push_back(name);
    return known->second;
  }

  absl::StatusOr<NodeId> AddOperator(const SymbolNode& node) {
    std::vector<Value> inputs;
    for (const SymbolEntry& entry : node.inputs) {
      BARYON_ASSIGN_OR_RETURN(inputs.emplace_back(), ToValue(entry, absl::StrCat("node \"", node.name, "\"")));
    }
    std::vector<std::shared_ptr<const Graph>> subgraphs;
    for (const SymbolFile& file : node.subgraphs) {
      absl::StatusOr<Graph> subgraph = GraphBuilder(file, context_).Build();
      if (!subgraph.ok()) return Annotate(subgraph.status(), absl::StrCat("subgraph of node \"", node.name, "\""));
      subgraphs.push_back(std::make_shared<const Graph>(*std::move(subgraph)));
    }
    const Attrs attrs = OperatorAttrs(node);
    if (context_.mxnet_version < kVersionWithAllInputs) AppendMissingInputs(node, attrs, inputs);
    return graph_.AddOperator(node.op, node.name, attrs, std::move(inputs), /*from_file=*/true, std::move(subgraphs));
  }

  Attrs OperatorAttrs(const SymbolNode& node) const {
    Attrs attrs;
    for (const auto& [name, text] : node.attrs) {
      if (!IsHiddenAttr(name) && !IsOldHiddenAttr(name)) attrs.Set(name, text);
    }
    const bool is_argmax = node.op == "argmax" || node.op == "argmin";
    if (context_.mxnet_version < kVersionWithArgmaxAxis && is_argmax) {
      const std::string* axis = attrs.Find("axis");
      if (axis != nullptr && *axis == "-1") attrs.Erase("axis");  // meant "all of them" then
    }
    if (context_.np_shape) attrs.Set(kNpShapeAttr, FormatAttr(true));
    if (context_.mxnet_version >= kMxnet2) attrs.Set(kMxnet2Attr, FormatAttr(true));
    return attrs;
  }

  void AppendMissingInputs(const SymbolNode& node, const Attrs& attrs, std::vector<Value>& inputs) {
    const OpDef& op = *FindOp(node.op);
    const absl::StatusOr<BoundAttrs> bound = op.bind(attrs, /*from_file=*/true);
    if (!bound.ok()) return;  // AddOperator reports it
    for (int i = static_cast<int>(inputs.size()); i < op.num_inputs(bound->get()); ++i) {
      inputs.push_back({AddVariable(absl::StrCat(node.name, "_", op.input_name(i))), 0});
    }
  }

  absl::StatusOr<Value> ToValue(const SymbolEntry& entry, absl::string_view whose) const {
    const Node& node = graph_.node(ids_[entry.node]);
    const int num_outputs = static_cast<int>(node.types.size());
    if (entry.output < num_outputs) return Value{ids_[entry.node], entry.output};
    return absl::DataLossError(absl::StrCat(whose, ": expected one of ", num_outputs, " outputs of node \"", node.name,
                                            "\", got output ", entry.output));
  }

  absl::Status AddOutputs() {
    absl::flat_hash_set<std::string> names;
    absl::flat_hash_map<std::string, int> repeats;  // of names: so that many outputs of one name take no quadratic time
    for (const SymbolEntry& head : file_.heads) {
      BARYON_ASSIGN_OR_RETURN(const Value value, ToValue(head, "heads"));
      const Node& node = graph_.node(value.node);
      std::string base = node.name;
      if (node.is_op()) {
        const int num_outputs = static_cast<int>(node.types.size());
        absl::StrAppend(&base, "_", node.op->output_name(value.output, num_outputs));
      }
      std::string name = base;
      for (int& i = repeats[base]; !names.insert(name).second;) name = absl::StrCat(base, "_", ++i);
      graph_.AddOutput(value, std::move(name));
    }
    return absl::OkStatus();
  }

  const SymbolFile& file_;
  const FileContext& context_;
  Graph graph_;
  std::vector<NodeId> ids_;  // by the file's numbers
  absl::flat_hash_map<std::string, NodeId> variables_;
  std::vector<std::string> repeated_variables_;
};

// What __shape__ and __dtype__ of a variable say. Without NumPy shapes a dimension of 0 is unknown, and so is rank 0.
TensorType DeclaredType(const SymbolNode& variable, bool np_shape) {
  TensorType declared;
  IntTuple dims;
  const std::string *shape = variable.attrs.Find("__shape__"), *dtype = variable.attrs.Find("__dtype__");
  if (shape != nullptr && ParseAttr(*shape, dims).ok()) {
    for (int64_t& dim : dims) {
      if (dim < 0 || (dim == 0 && !np_shape)) dim = Shape::kUnknownDim;
    }
    if (np_shape || !dims.empty()) declared.shape = Shape(absl::MakeConstSpan(dims));
  }
  if (dtype != nullptr) ParseAttr(*dtype, declared.dtype).IgnoreError();
  return declared;
}

}  // namespace

absl::StatusOr<Symbol> ReadSymbol(absl::string_view json, absl::string_view where) {
  BARYON_ASSIGN_OR_RETURN(const SymbolFile file, ParseSymbolFile(json, where));
  UnknownOperators unknown;
  CollectUnknownOperators(file, unknown);
  if (!unknown.empty()) return Annotate(UnknownOperatorsError(unknown), where);
  const FileContext context = {file.mxnet_version, file.np_shape, where};
  absl::StatusOr<Graph> graph = GraphBuilder(file, context).Build();
  if (!graph.ok()) return Annotate(graph.status(), where);
  Symbol symbol = {*std::move(graph), file.mxnet_version, {}};
  for (const SymbolNode& node : file.nodes) {
    if (node.is_variable()) symbol.declared.emplace(node.name, DeclaredType(node, file.np_shape));
  }
  return symbol;
}

absl::StatusOr<UnknownOperators> FindUnknownOperators(absl::string_view json, absl::string_view where) {
  BARYON_ASSIGN_OR_RETURN(const SymbolFile file, ParseSymbolFile(json, where));
  UnknownOperators unknown;
  CollectUnknownOperators(file, unknown);
  return unknown;
}

}  // namespace baryon
