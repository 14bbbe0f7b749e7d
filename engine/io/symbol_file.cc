#include "engine/io/symbol_file.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/base/logging.h"
#include "engine/base/status_macros.h"
#include "engine/io/json_reader.h"

namespace baryon {
namespace {

std::string NodeLabel(const SymbolFile& file, size_t index) {
  const std::string& name = file.nodes[index].name;
  return name.empty() ? absl::StrCat("node ", index) : absl::StrCat("node \"", name, "\"");
}

// --- Reading

class SymbolParser {
 public:
  explicit SymbolParser(absl::string_view text) : json_(text) {}

  absl::StatusOr<SymbolFile> Parse() {
    SymbolFile file;
    BARYON_RETURN_IF_ERROR(ParseGraph(file));
    BARYON_RETURN_IF_ERROR(json_.ReadEnd());
    return file;
  }

  const std::set<std::string>& unknown_keys() const { return unknown_keys_; }

 private:
  absl::Status ParseGraph(SymbolFile& file) {
    std::set<std::string> keys;
    std::vector<int64_t> arg_nodes;
    BARYON_RETURN_IF_ERROR(json_.ReadObject([&](const std::string& key) -> absl::Status {
      if (!keys.insert(key).second) return json_.Expected("every key once", absl::StrCat("\"", key, "\" again"));
      if (key == "nodes") return json_.ReadArray([&] { return ParseNode(file); });
      if (key == "arg_nodes") return json_.ReadArray([&] { return json_.ReadInt(arg_nodes.emplace_back()); });
      if (key == "heads") return json_.ReadArray([&] { return ParseEntry(file.heads.emplace_back()); });
      if (key == "attrs") return json_.ReadObject([&](const std::string& name) { return ParseGraphAttr(name, file); });
      return SkipKey(key, {"node_row_ptr"});
    }));
    for (const char* key : {"nodes", "arg_nodes", "heads"}) {
      if (keys.count(key) == 0) return json_.Expected(absl::StrCat("a graph with \"", key, "\""), "one without");
    }
    return CheckNumbers(file, arg_nodes);
  }

  absl::Status ParseNode(SymbolFile& file) {
    const size_t index = file.nodes.size();
    file.nodes.emplace_back();
    if (absl::Status status = ParseNodeMembers(file.nodes.back()); !status.ok()) {
      return Annotate(status, NodeLabel(file, index));
    }
    return absl::OkStatus();
  }

  absl::Status ParseNodeMembers(SymbolNode& node) {
    bool has_name = false;
    Attrs params;  // operator parameters of files from before 0.9; those in "attr" go first
    BARYON_RETURN_IF_ERROR(json_.ReadObject([&](const std::string& key) -> absl::Status {
      if (key == "op") return json_.ReadString(node.op);
      if (key == "name") {
        has_name = true;
        return json_.ReadString(node.name);
      }
      if (key == "attrs" || key == "attr") return ParseAttrs(node.attrs);
      if (key == "param") return ParseAttrs(params);
      if (key == "inputs") return json_.ReadArray([&] { return ParseEntry(node.inputs.emplace_back()); });
      if (key == "subgraphs") return json_.ReadArray([&] { return ParseGraph(node.subgraphs.emplace_back()); });
      return SkipKey(key, {"control_deps", "backward_source_id"});
    }));
    if (node.op.empty() || !has_name) return json_.Expected("a node with \"op\" and \"name\"", "one without");
    for (const auto& [name, text] : params) {
      if (node.attrs.Find(name) == nullptr) node.attrs.Set(name, text);
    }
    return absl::OkStatus();
  }

  absl::Status ParseAttrs(Attrs& attrs) {
    return json_.ReadObject([&](const std::string& name) -> absl::Status {
      std::string text;
      BARYON_RETURN_IF_ERROR(Annotate(json_.ReadString(text), absl::StrCat("attribute \"", name, "\"")));
      attrs.Set(name, std::move(text));
      return absl::OkStatus();
    });
  }

  // [node, output] or [node, output, version]
  absl::Status ParseEntry(SymbolEntry& entry) {
    int32_t* const fields[] = {&entry.node, &entry.output, &entry.version};
    size_t count = 0;
    BARYON_RETURN_IF_ERROR(json_.ReadArray([&]() -> absl::Status {
      int64_t number;
      BARYON_RETURN_IF_ERROR(json_.ReadInt(number));
      const bool sound = count < 3 && number >= 0 && number <= std::numeric_limits<int32_t>::max();
      if (!sound) return json_.Expected("[node, output, version]", absl::StrCat(number));
      *fields[count++] = static_cast<int32_t>(number);
      return absl::OkStatus();
    }));
    if (count < 2) return json_.Expected("[node, output, version]", absl::StrCat("an array of ", count));
    return absl::OkStatus();
  }

  // ["int", 10901]
  absl::Status ParseGraphAttr(const std::string& name, SymbolFile& file) {
    int64_t value = 0;
    BARYON_RETURN_IF_ERROR(json_.ReadArray(
        [&] { return json_.Peek() == JsonReader::Kind::kNumber ? json_.ReadInt(value) : json_.Skip(); }));
    if (name == "mxnet_version") file.mxnet_version = static_cast<int>(std::clamp<int64_t>(value, 0, 1 << 30));
    if (name == "is_np_shape") file.np_shape = value != 0;
    return absl::OkStatus();
  }

  absl::Status SkipKey(const std::string& key, std::initializer_list<absl::string_view> known) {
    constexpr size_t kMostRemembered = 8;
    const bool is_known = std::find(known.begin(), known.end(), key) != known.end();
    if (!is_known && unknown_keys_.size() < kMostRemembered) unknown_keys_.insert(key);
    return json_.Skip();
  }

  static absl::Status CheckNode(const SymbolFile& file, int64_t node) {
    const int64_t count = static_cast<int64_t>(file.nodes.size());
    if (node >= 0 && node < count) return absl::OkStatus();
    return absl::DataLossError(absl::StrCat("expected a node from 0 to ", count - 1, ", got node ", node));
  }

  static absl::Status CheckNumbers(const SymbolFile& file, const std::vector<int64_t>& arg_nodes) {
    for (size_t i = 0; i < file.nodes.size(); ++i) {
      const SymbolNode& node = file.nodes[i];
      for (const SymbolEntry& entry : node.inputs) {
        BARYON_RETURN_IF_ERROR(Annotate(CheckNode(file, entry.node), NodeLabel(file, i)));
      }
      if (node.is_variable() && !node.inputs.empty()) {
        return absl::DataLossError(
            absl::StrCat(NodeLabel(file, i), ": expected a variable without inputs, got ", node.inputs.size()));
      }
    }
    for (int64_t node : arg_nodes) {
      BARYON_RETURN_IF_ERROR(Annotate(CheckNode(file, node), "arg_nodes"));
      if (file.nodes[node].is_variable()) continue;
      return absl::DataLossError(absl::StrCat("arg_nodes: expected variables, got ", NodeLabel(file, node)));
    }
    for (const SymbolEntry& head : file.heads) BARYON_RETURN_IF_ERROR(Annotate(CheckNode(file, head.node), "heads"));
    if (file.heads.empty()) return absl::DataLossError("heads: expected at least one, got none");
    return absl::OkStatus();
  }

  JsonReader json_;
  std::set<std::string> unknown_keys_;
};

// --- Writing

// Only what MXNet's own reader understands: it knows no \u.
std::string Quoted(absl::string_view text) {
  std::string quoted = "\"";
  for (char c : text) {
    constexpr absl::string_view kSpecial = "\"\\\n\r\t", kLetters = "\"\\nrt";
    if (const size_t at = kSpecial.find(c); at != absl::string_view::npos) {
      quoted += {'\\', kLetters[at]};
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

class SymbolFormatter {
 public:
  std::string Format(const SymbolFile& file) {
    AppendGraph(file, 0);
    absl::StrAppend(&text_, "\n");
    return std::move(text_);
  }

 private:
  void AppendGraph(const SymbolFile& file, int indent) {
    const std::string margin(indent + 2, ' ');
    absl::StrAppend(&text_, "{\n", margin, "\"nodes\": [");
    for (size_t i = 0; i < file.nodes.size(); ++i) {
      absl::StrAppend(&text_, i == 0 ? "\n" : ",\n", margin, "  ");
      AppendNode(file.nodes[i], indent + 4);
    }
    absl::StrAppend(&text_, "\n", margin, "],\n", margin, "\"arg_nodes\": [");
    absl::string_view comma = "";
    for (size_t i = 0; i < file.nodes.size(); ++i) {
      if (!file.nodes[i].is_variable()) continue;
      absl::StrAppend(&text_, comma, i);
      comma = ", ";
    }
    absl::StrAppend(&text_, "],\n", margin, "\"node_row_ptr\": [0");
    int64_t num_outputs = 0;
    for (const SymbolNode& node : file.nodes) absl::StrAppend(&text_, ", ", num_outputs += node.num_outputs);
    absl::StrAppend(&text_, "],\n", margin, "\"heads\": ");
    AppendEntries(file.heads);
    if (indent == 0) AppendGraphAttrs(file);  // subgraphs have none of their own
    absl::StrAppend(&text_, "\n", std::string(indent, ' '), "}");
  }

  void AppendGraphAttrs(const SymbolFile& file) {
    absl::StrAppend(&text_, ",\n  \"attrs\": {", file.np_shape ? "\"is_np_shape\": [\"int\", 1], " : "",
                    "\"mxnet_version\": [\"int\", ", file.mxnet_version, "]}");
  }

  void AppendNode(const SymbolNode& node, int indent) {
    const std::string margin(indent + 2, ' ');
    absl::StrAppend(&text_, "{\n", margin, "\"op\": ", Quoted(node.op), ",\n", margin, "\"name\": ", Quoted(node.name));
    if (!node.attrs.empty()) {
      absl::StrAppend(&text_, ",\n", margin, "\"attrs\": {");
      absl::string_view comma = "\n";
      for (const auto& [name, value] : node.attrs) {
        absl::StrAppend(&text_, comma, margin, "  ", Quoted(name), ": ", Quoted(value));
        comma = ",\n";
      }
      absl::StrAppend(&text_, "\n", margin, "}");
    }
    absl::StrAppend(&text_, ",\n", margin, "\"inputs\": ");
    AppendEntries(node.inputs);
    if (!node.subgraphs.empty()) {
      absl::StrAppend(&text_, ",\n", margin, "\"subgraphs\": [");
      for (size_t i = 0; i < node.subgraphs.size(); ++i) {
        absl::StrAppend(&text_, i == 0 ? "\n" : ",\n", margin, "  ");
        AppendGraph(node.subgraphs[i], indent + 4);
      }
      absl::StrAppend(&text_, "\n", margin, "]");
    }
    absl::StrAppend(&text_, "\n", std::string(indent, ' '), "}");
  }

  void AppendEntries(const std::vector<SymbolEntry>& entries) {
    absl::StrAppend(&text_, "[",
                    absl::StrJoin(entries, ", ",
                                  [](std::string* out, const SymbolEntry& entry) {
                                    absl::StrAppend(out, "[", entry.node, ", ", entry.output, ", ", entry.version, "]");
                                  }),
                    "]");
  }

  std::string text_;
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
  SymbolParser parser(json);
  absl::StatusOr<SymbolFile> file = parser.Parse();
  if (!file.ok()) return Annotate(file.status(), where);
  if (!parser.unknown_keys().empty()) {
    LogWarning(
        absl::StrCat(where, ": unknown keys are ignored: \"", absl::StrJoin(parser.unknown_keys(), "\", \""), "\""));
  }
  return file;
}

std::string FormatSymbolFile(const SymbolFile& file) { return SymbolFormatter().Format(file); }

}  // namespace baryon
