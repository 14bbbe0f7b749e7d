// Symbol file to text, laid out as MXNet 1.x does.
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/io/symbol_file.h"

namespace baryon {
namespace {

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

std::string FormatSymbolFile(const SymbolFile& file) { return SymbolFormatter().Format(file); }

}  // namespace baryon
