// One pass over the nodes in their order: a variable becomes a graph input, an operator a node. Files from before 0.9
// lack inputs that operators gained later; those become variables named after operator and input.
#include "engine/io/symbol_json.h"

#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/base/status_macros.h"
#include "engine/graph/op_registry.h"

namespace baryon {
namespace {

using Json = nlohmann::json;

constexpr int kVersionWithoutField = 800;

absl::Status Broken(absl::string_view where, absl::string_view what) {
  return absl::DataLossError(absl::StrCat(where, ": ", what));
}

absl::StatusOr<Json> ParseFile(absl::string_view text, absl::string_view where) {
  Json json = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Broken(where, "expected JSON");
  if (!json.is_object()) return Broken(where, "expected a JSON object with nodes");
  for (const char* key : {"nodes", "arg_nodes", "heads"}) {
    if (!json.contains(key) || !json[key].is_array())
      return Broken(where, absl::StrCat("expected an array \"", key, "\""));
  }
  return json;
}

// The value of graph attribute `name`, an ["int", value] pair; `otherwise` when it is absent or something else.
int64_t GraphAttr(const Json& json, const char* name, int64_t otherwise) {
  if (!json.contains("attrs") || !json["attrs"].is_object() || !json["attrs"].contains(name)) return otherwise;
  const Json& pair = json["attrs"][name];
  return pair.is_array() && pair.size() == 2 && pair[1].is_number_integer() ? pair[1].get<int64_t>() : otherwise;
}

// Attributes of a node: "attrs", before 1.0 "attr", before 0.9 also "param"; the first spelling of a name wins.
Attrs NodeAttrs(const Json& node) {
  Attrs attrs;
  for (const char* key : {"attrs", "param", "attr"}) {
    if (!node.contains(key) || !node[key].is_object()) continue;
    for (const auto& [name, value] : node[key].items()) {
      if (attrs.Find(name) == nullptr) attrs.Set(name, value.is_string() ? value.get<std::string>() : value.dump());
    }
  }
  return attrs;
}

// Training hints that old files spell without underscores ("lr_mult", "weight_lr_mult").
bool IsOldHiddenAttr(absl::string_view name) {
  for (absl::string_view key : {"ctx_group", "lr_mult", "wd_mult", "force_mirroring", "mirror_stage"}) {
    if (name == key || absl::EndsWith(name, absl::StrCat("_", key))) return true;
  }
  return false;
}

class SymbolReader {
 public:
  SymbolReader(const Json& json, absl::string_view where) : json_(json), where_(where) {}

  absl::StatusOr<Symbol> Read() {
    symbol_.mxnet_version = static_cast<int>(GraphAttr(json_, "mxnet_version", kVersionWithoutField));
    symbol_.graph.np_shape = GraphAttr(json_, "is_np_shape", 0) != 0;
    BARYON_RETURN_IF_ERROR(ReadNodes());
    BARYON_RETURN_IF_ERROR(ReadHeads());
    return std::move(symbol_);
  }

 private:
  absl::Status ReadNodes() {
    for (const Json& node : json_["nodes"]) {
      BARYON_RETURN_IF_ERROR(ReadNode(node));
    }
    return absl::OkStatus();
  }

  absl::Status ReadNode(const Json& node) {
    const size_t index = ids_.size();
    if (!node.is_object() || !node.contains("op") || !node["op"].is_string() || !node.contains("name") ||
        !node["name"].is_string()) {
      return Broken(where_, absl::StrCat("node ", index, ": expected an object with \"op\" and \"name\""));
    }
    const std::string op = node["op"], name = node["name"];
    if (op == "null") {
      AddVariable(name, NodeAttrs(node));
      return absl::OkStatus();
    }
    std::vector<Value> inputs;
    if (node.contains("inputs") && node["inputs"].is_array()) {
      for (const Json& entry : node["inputs"]) {
        BARYON_ASSIGN_OR_RETURN(inputs.emplace_back(), ReadEntry(entry, absl::StrCat("node \"", name, "\"")));
      }
    }
    return AddOperator(op, name, NodeAttrs(node), std::move(inputs));
  }

  NodeId AddVariable(const std::string& name, const Attrs& attrs) {
    TensorType declared;
    IntTuple dims;
    if (const std::string* shape = attrs.Find("__shape__"); shape != nullptr && ParseAttr(*shape, dims).ok()) {
      declared.shape = Shape(absl::MakeConstSpan(dims));
      for (int64_t axis = 0; axis < declared.shape.rank(); ++axis) {
        const bool unknown = declared.shape[axis] < 0 || (declared.shape[axis] == 0 && !symbol_.graph.np_shape);
        if (unknown) declared.shape[axis] = Shape::kUnknownDim;
      }
    }
    if (const std::string* dtype = attrs.Find("__dtype__"); dtype != nullptr)
      ParseAttr(*dtype, declared.dtype).IgnoreError();
    symbol_.declared[name] = declared;
    const NodeId id = symbol_.graph.AddInput(name, {});
    ids_.push_back(id);
    return id;
  }

  absl::Status AddOperator(const std::string& op_name, const std::string& name, Attrs attrs,
                           std::vector<Value> inputs) {
    const OpDef* op = FindOp(op_name);
    if (op == nullptr)
      return absl::UnimplementedError(
          absl::StrCat(where_, ": node \"", name, "\": unknown operator \"", op_name, "\""));
    Attrs kept;
    for (const auto& [key, value] : attrs) {
      if (!IsHiddenAttr(key) && !IsOldHiddenAttr(key)) kept.Set(key, value);
    }
    const bool upgrade_argmax = symbol_.mxnet_version < 905 && (op_name == "argmax" || op_name == "argmin");
    if (const std::string* axis = kept.Find("axis"); upgrade_argmax && axis != nullptr && *axis == "-1")
      kept.Erase("axis");
    if (symbol_.graph.np_shape) kept.Set("__np_shape__", "True");
    if (symbol_.mxnet_version < 900) AppendMissingInputs(*op, kept, name, inputs);
    absl::StatusOr<NodeId> id = symbol_.graph.AddOperator(op_name, name, kept, std::move(inputs), /*from_file=*/true);
    if (!id.ok()) return Annotate(id.status(), where_);
    ids_.push_back(*id);
    return absl::OkStatus();
  }

  void AppendMissingInputs(const OpDef& op, const Attrs& attrs, const std::string& name, std::vector<Value>& inputs) {
    const absl::StatusOr<BoundAttrs> bound = op.bind(attrs, /*from_file=*/true);
    if (!bound.ok()) return;  // AddOperator reports it
    for (int i = static_cast<int>(inputs.size()); i < op.num_inputs(bound->get()); ++i) {
      const std::string variable = absl::StrCat(name, "_", op.input_name(i));
      inputs.push_back({symbol_.graph.AddInput(variable, {}), 0});
    }
  }

  // [node, output] or [node, output, version]
  absl::StatusOr<Value> ReadEntry(const Json& entry, absl::string_view whose) const {
    const bool sound =
        entry.is_array() && entry.size() >= 2 && entry[0].is_number_integer() && entry[1].is_number_integer();
    if (!sound) return Broken(where_, absl::StrCat(whose, ": expected [node, output, version], got ", entry.dump()));
    const int64_t node = entry[0].get<int64_t>(), output = entry[1].get<int64_t>();
    if (node < 0 || node >= static_cast<int64_t>(ids_.size())) {
      return Broken(where_, absl::StrCat(whose, ": expected a node before it, got node ", node));
    }
    if (output < 0 || output >= static_cast<int64_t>(symbol_.graph.node(ids_[node]).types.size())) {
      return Broken(where_,
                    absl::StrCat(whose, ": node \"", symbol_.graph.node(ids_[node]).name, "\" has no output ", output));
    }
    return Value{ids_[node], static_cast<int32_t>(output)};
  }

  absl::Status ReadHeads() {
    for (const Json& entry : json_["heads"]) {
      BARYON_ASSIGN_OR_RETURN(const Value value, ReadEntry(entry, "heads"));
      const Node& node = symbol_.graph.node(value.node);
      const std::string name =
          node.is_op()
              ? absl::StrCat(node.name, "_", node.op->output_name(value.output, static_cast<int>(node.types.size())))
              : node.name;
      symbol_.graph.AddOutput(value, name);
    }
    if (symbol_.graph.outputs().empty()) return Broken(where_, "expected at least one head, got none");
    return absl::OkStatus();
  }

  const Json& json_;
  const std::string where_;
  Symbol symbol_;
  std::vector<NodeId> ids_;  // by the file's numbers
};

}  // namespace

absl::StatusOr<Symbol> ReadSymbol(absl::string_view text, absl::string_view where) {
  BARYON_ASSIGN_OR_RETURN(const Json json, ParseFile(text, where));
  return SymbolReader(json, where).Read();
}

absl::StatusOr<std::map<std::string, std::vector<std::string>>> FindUnknownOperators(absl::string_view text,
                                                                                     absl::string_view where) {
  BARYON_ASSIGN_OR_RETURN(const Json json, ParseFile(text, where));
  std::map<std::string, std::vector<std::string>> unknown;
  for (const Json& node : json["nodes"]) {
    if (!node.is_object() || !node.contains("op") || !node["op"].is_string())
      return Broken(where, "expected nodes with \"op\"");
    const std::string op = node["op"];
    if (op != "null" && FindOp(op) == nullptr) unknown[op].push_back(node.value("name", ""));
  }
  return unknown;
}

}  // namespace baryon
