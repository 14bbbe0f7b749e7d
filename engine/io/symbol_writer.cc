// Graph to symbol file: the nodes in the order of TopologicalOrder, which is depth first as MXNet's own, and of each
// operator the attributes that differ from their defaults. MXNet refuses attributes it does not know, and an operator
// here may have more of them (those of 2.x), so writing all would not do.
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/graph/graph_text.h"
#include "engine/io/symbol_file.h"
#include "engine/io/symbol_json.h"

namespace baryon {
namespace {

constexpr int kWrittenVersion = 10901;  // 1.9.1

// Operators with any number of inputs that MXNet counts under another name, or not at all.
bool CountsItsInputs(const OpDef& op) {
  for (absl::string_view name : {"amp_multicast", "multi_all_finite", "multi_sum_sq"}) {
    if (op.name() == name) return false;
  }
  return op.variadic;
}

absl::StatusOr<Attrs> FileAttrs(const Node& node) {
  Attrs attrs;
  for (const auto& [name, text] : NonDefaultAttrs(node)) {
    if (IsHiddenAttr(name)) continue;  // said once for the file
    const std::vector<std::string>& known = node.op->attr_names;
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return absl::InvalidArgumentError(absl::StrCat("node \"", node.name, "\" (", node.op->name(),
                                                     "): expected attributes of a symbol file, got \"", name,
                                                     "\" of an optimised graph"));
    }
    attrs.Set(name, text);
  }
  if (CountsItsInputs(*node.op) && attrs.Find("num_args") == nullptr) {
    attrs.Set("num_args", FormatAttr(static_cast<int64_t>(node.inputs.size() + node.subgraphs.size())));
  }
  return attrs;
}

// What a parameter says of itself. Inputs say nothing: a shape would bind them to it in MXNet.
Attrs VariableAttrs(const Node& node, bool np_shape) {
  if (node.kind != NodeKind::kConstant || (node.types[0].shape.rank() == 0 && !np_shape)) return {};
  const absl::Span<const int64_t> dims = node.types[0].shape.dims();
  return {{"__dtype__", absl::StrCat(static_cast<int>(node.types[0].dtype))},
          {"__shape__", FormatAttr(IntTuple(dims.begin(), dims.end()))}};
}

absl::StatusOr<SymbolFile> ToSymbolFile(const Graph& graph) {
  SymbolFile file;
  file.mxnet_version = kWrittenVersion;
  file.np_shape = graph.np_shape;
  std::vector<int32_t> numbers(graph.num_nodes(), -1);
  for (NodeId id : graph.TopologicalOrder()) {
    const Node& node = graph.node(id);
    numbers[id] = static_cast<int32_t>(file.nodes.size());
    SymbolNode& written = file.nodes.emplace_back();
    written.name = node.name;
    written.op = node.is_op() ? node.op->name() : "null";
    written.num_outputs = static_cast<int>(node.types.size());
    if (!node.is_op()) {
      written.attrs = VariableAttrs(node, graph.np_shape);
      continue;
    }
    BARYON_ASSIGN_OR_RETURN(written.attrs, FileAttrs(node));
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const Value& input = node.inputs[i];
      // MXNet counts how often a state has been handed to an operator that changes it.
      const bool is_state = node.op->input_role(static_cast<int>(i)) == InputRole::kAux;
      written.inputs.push_back({numbers[input.node], input.output, is_state ? 1 : 0});
    }
    for (const std::shared_ptr<const Graph>& subgraph : node.subgraphs) {
      BARYON_ASSIGN_OR_RETURN(written.subgraphs.emplace_back(), ToSymbolFile(*subgraph));
    }
  }
  for (const GraphOutput& output : graph.outputs()) {
    file.heads.push_back({numbers[output.value.node], output.value.output, 0});
  }
  return file;
}

}  // namespace

absl::StatusOr<std::string> WriteSymbol(const Graph& graph) {
  BARYON_ASSIGN_OR_RETURN(const SymbolFile file, ToSymbolFile(graph));
  return FormatSymbolFile(file);
}

}  // namespace baryon
