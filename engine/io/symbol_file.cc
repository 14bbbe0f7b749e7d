#include "engine/io/symbol_file.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/base/logging.h"
#include "engine/base/status_macros.h"
#include "engine/io/json.h"

namespace baryon {
namespace {

std::string NodeLabel(const SymbolFile& file, size_t index) {
  const std::string& name = file.nodes[index].name;
  return name.empty() ? absl::StrCat("node ", index) : absl::StrCat("node \"", name, "\"");
}

absl::Status Expected(absl::string_view expected, absl::string_view got) {
  return absl::DataLossError(absl::StrCat("expected ", expected, ", got ", got));
}

class SymbolParser {
 public:
  absl::StatusOr<SymbolFile> Parse(const Json& json) {
    SymbolFile file;
    BARYON_RETURN_IF_ERROR(ParseGraph(json, file));
    return file;
  }

  const std::set<std::string>& unknown_keys() const { return unknown_keys_; }

 private:
  absl::Status ParseGraph(const Json& json, SymbolFile& file) {
    if (!json.is_object()) return Expected("a graph", JsonKind(json));
    for (const char* key : {"nodes", "arg_nodes", "heads"}) {
      if (!json.contains(key)) return Expected(absl::StrCat("a graph with \"", key, "\""), "one without");
      if (!json[key].is_array()) return Expected(absl::StrCat("an array at \"", key, "\""), JsonKind(json[key]));
    }
    for (const Json& node : json["nodes"]) BARYON_RETURN_IF_ERROR(ParseNode(node, file));
    BARYON_RETURN_IF_ERROR(Annotate(ParseEntries(json["heads"], file.heads), "heads"));
    if (json.contains("attrs")) BARYON_RETURN_IF_ERROR(ParseGraphAttrs(json["attrs"], file));
    RememberUnknown(json, {"nodes", "arg_nodes", "heads", "attrs", "node_row_ptr"});
    return CheckNumbers(file, json["arg_nodes"]);
  }

  absl::Status ParseNode(const Json& json, SymbolFile& file) {
    const size_t index = file.nodes.size();
    file.nodes.emplace_back();
    const absl::Status status = ParseNodeMembers(json, file.nodes.back());
    return status.ok() ? status : Annotate(status, NodeLabel(file, index));  // by the name, if it got that far
  }

  absl::Status ParseNodeMembers(const Json& json, SymbolNode& node) {
    if (!json.is_object()) return Expected("a node", JsonKind(json));
    for (const auto& [key, text] : {std::pair("name", &node.name), std::pair("op", &node.op)}) {
      if (!json.contains(key)) return Expected("a node with \"op\" and \"name\"", "one without");
      if (!json[key].is_string()) return Expected(absl::StrCat("a text at \"", key, "\""), JsonKind(json[key]));
      *text = json[key].get<std::string>();
    }
    if (node.op.empty()) return Expected("an operator", "an empty text");
    // Operator parameters of files from before 0.9 are in "param"; those in "attr" go first.
    for (const char* key : {"param", "attr", "attrs"}) {
      if (json.contains(key)) BARYON_RETURN_IF_ERROR(ParseAttrs(json[key], node.attrs));
    }
    if (json.contains("inputs")) BARYON_RETURN_IF_ERROR(Annotate(ParseEntries(json["inputs"], node.inputs), "inputs"));
    if (json.contains("subgraphs")) BARYON_RETURN_IF_ERROR(ParseSubgraphs(json["subgraphs"], node.subgraphs));
    RememberUnknown(
        json, {"op", "name", "param", "attr", "attrs", "inputs", "subgraphs", "control_deps", "backward_source_id"});
    return absl::OkStatus();
  }

  static absl::Status ParseAttrs(const Json& json, Attrs& attrs) {
    if (!json.is_object()) return Expected("an object of attributes", JsonKind(json));
    for (const auto& [name, value] : json.items()) {
      if (!value.is_string())
        return Annotate(Expected("a text", JsonKind(value)), absl::StrCat("attribute \"", name, "\""));
      attrs.Set(name, value.get<std::string>());
    }
    return absl::OkStatus();
  }

  static absl::Status ParseEntries(const Json& json, std::vector<SymbolEntry>& entries) {
    if (!json.is_array()) return Expected("an array", JsonKind(json));
    for (const Json& entry : json) BARYON_RETURN_IF_ERROR(ParseEntry(entry, entries.emplace_back()));
    return absl::OkStatus();
  }

  // [node, output] or [node, output, version]
  static absl::Status ParseEntry(const Json& json, SymbolEntry& entry) {
    int32_t* const fields[] = {&entry.node, &entry.output, &entry.version};
    bool sound = json.is_array() && (json.size() == 2 || json.size() == 3);
    for (size_t i = 0; sound && i < json.size(); ++i) {
      const std::optional<int64_t> number = ToInt(json[i]);
      sound = number.has_value() && *number >= 0 && *number <= std::numeric_limits<int32_t>::max();
      if (sound) *fields[i] = static_cast<int32_t>(*number);
    }
    return sound ? absl::OkStatus() : Expected("[node, output, version]", Shown(json));
  }

  absl::Status ParseSubgraphs(const Json& json, std::vector<SymbolFile>& subgraphs) {
    if (!json.is_array()) return Expected("an array of subgraphs", JsonKind(json));
    for (const Json& graph : json) BARYON_RETURN_IF_ERROR(ParseGraph(graph, subgraphs.emplace_back()));
    return absl::OkStatus();
  }

  // {"mxnet_version": ["int", 10901]}
  static absl::Status ParseGraphAttrs(const Json& json, SymbolFile& file) {
    if (!json.is_object()) return Expected("an object at \"attrs\"", JsonKind(json));
    for (const auto& [name, typed] : json.items()) {
      const std::optional<int64_t> value = typed.is_array() && typed.size() == 2 ? ToInt(typed[1]) : std::nullopt;
      if (!value.has_value()) continue;
      if (name == "mxnet_version") file.mxnet_version = static_cast<int>(std::clamp<int64_t>(*value, 0, 1 << 30));
      if (name == "is_np_shape") file.np_shape = *value != 0;
    }
    return absl::OkStatus();
  }

  void RememberUnknown(const Json& json, std::initializer_list<absl::string_view> known) {
    constexpr size_t kMostRemembered = 8;
    for (const auto& [key, value] : json.items()) {
      const bool is_known = std::find(known.begin(), known.end(), key) != known.end();
      if (!is_known && unknown_keys_.size() < kMostRemembered) unknown_keys_.insert(key);
    }
  }

  // A whole number that fits.
  static std::optional<int64_t> ToInt(const Json& json) {
    if (!json.is_number_integer()) return std::nullopt;
    if (json.is_number_unsigned() && json.get<uint64_t>() > std::numeric_limits<int64_t>::max()) return std::nullopt;
    return json.get<int64_t>();
  }

  static std::string Shown(const Json& json) {
    constexpr size_t kMostShown = 40;
    return json.dump(-1, ' ', true, Json::error_handler_t::replace).substr(0, kMostShown);
  }

  static absl::Status CheckNode(const SymbolFile& file, int64_t node) {
    const int64_t count = static_cast<int64_t>(file.nodes.size());
    if (node >= 0 && node < count) return absl::OkStatus();
    return Expected(absl::StrCat("a node from 0 to ", count - 1), absl::StrCat("node ", node));
  }

  static absl::Status CheckNumbers(const SymbolFile& file, const Json& arg_nodes) {
    for (size_t i = 0; i < file.nodes.size(); ++i) {
      const SymbolNode& node = file.nodes[i];
      for (const SymbolEntry& entry : node.inputs) {
        BARYON_RETURN_IF_ERROR(Annotate(CheckNode(file, entry.node), NodeLabel(file, i)));
      }
      if (node.is_variable() && !node.inputs.empty()) {
        return Annotate(Expected("a variable without inputs", absl::StrCat(node.inputs.size())), NodeLabel(file, i));
      }
    }
    for (const Json& json : arg_nodes) {
      const std::optional<int64_t> node = ToInt(json);
      if (!node.has_value()) return Annotate(Expected("a node", Shown(json)), "arg_nodes");
      BARYON_RETURN_IF_ERROR(Annotate(CheckNode(file, *node), "arg_nodes"));
      if (!file.nodes[*node].is_variable()) return Annotate(Expected("variables", NodeLabel(file, *node)), "arg_nodes");
    }
    for (const SymbolEntry& head : file.heads) BARYON_RETURN_IF_ERROR(Annotate(CheckNode(file, head.node), "heads"));
    return file.heads.empty() ? Annotate(Expected("at least one", "none"), "heads") : absl::OkStatus();
  }

  std::set<std::string> unknown_keys_;
};

}  // namespace

// With a stack of our own: files may be deeper than the thread's.
absl::StatusOr<std::vector<int32_t>> SymbolFile::DepthFirstOrder() const {
  enum State : char { kNew, kOpen, kDone };
  std::vector<State> states(nodes.size(), kNew);
  std::vector<std::pair<int32_t, size_t>> stack;  // a node and how many of its inputs are done
  std::vector<int32_t> order;
  for (const SymbolEntry& head : heads) {
    if (states[head.node] != kNew) continue;
    states[head.node] = kOpen;
    stack.emplace_back(head.node, 0);
    while (!stack.empty()) {
      auto& [node, next] = stack.back();
      if (next == nodes[node].inputs.size()) {
        states[node] = kDone;
        order.push_back(node);
        stack.pop_back();
        continue;
      }
      const int32_t input = nodes[node].inputs[next++].node;
      if (states[input] == kOpen) {
        return absl::DataLossError(absl::StrCat(NodeLabel(*this, input),
                                                ": expected a graph without cycles, got one "
                                                "in which it depends on itself"));
      }
      if (states[input] == kNew) {
        states[input] = kOpen;
        stack.emplace_back(input, 0);
      }
    }
  }
  return order;
}

absl::StatusOr<SymbolFile> ParseSymbolFile(absl::string_view json, absl::string_view where) {
  if (static_cast<int64_t>(json.size()) > kMostSymbolBytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat(where, ": expected at most ", kMostSymbolBytes, " bytes, got ", json.size()));
  }
  const absl::StatusOr<Json> parsed = ParseJson(json);
  if (!parsed.ok()) return Annotate(parsed.status(), where);
  SymbolParser parser;
  absl::StatusOr<SymbolFile> file = parser.Parse(*parsed);
  if (!file.ok()) return Annotate(file.status(), where);
  if (!parser.unknown_keys().empty()) {
    LogWarning(
        absl::StrCat(where, ": unknown keys are ignored: \"", absl::StrJoin(parser.unknown_keys(), "\", \""), "\""));
  }
  return file;
}

}  // namespace baryon
