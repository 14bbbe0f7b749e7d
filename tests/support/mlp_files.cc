#include "tests/support/mlp_files.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"
#include "engine/graph/graph_text.h"
#include "engine/io/params_file.h"
#include "engine/io/symbol_json.h"

namespace baryon {

absl::Status WriteMlp(const std::string& prefix, absl::Span<const int64_t> widths) {
  std::string constants, layers, last = "data";
  for (size_t i = 1; i < widths.size(); ++i) {
    const std::string layer = absl::StrCat("fc", i);
    absl::StrAppend(&constants, "const ", layer, "_weight: float32 [", widths[i], ", ", widths[i - 1], "]\nconst ",
                    layer, "_bias: float32 [", widths[i], "]\n");
    absl::StrAppend(&layers, layer, " = FullyConnected(", last, ", ", layer, "_weight, ", layer,
                    "_bias) {num_hidden=", widths[i], "}\n");
    last = layer;
    if (i + 1 == widths.size()) break;
    last = absl::StrCat("relu", i);
    absl::StrAppend(&layers, last, " = Activation(", layer, ") {act_type=relu}\n");
  }
  BARYON_ASSIGN_OR_RETURN(const Graph graph,
                          GraphFromText(absl::StrCat("input data: float32 [-1, ", widths[0], "]\n", constants, layers,
                                                     "output ", last, "_output = ", last, "\n")));
  NamedTensors parameters;
  for (NodeId id : graph.TopologicalOrder()) {
    const Node& node = graph.node(id);
    if (node.constant == nullptr) continue;
    BARYON_ASSIGN_OR_RETURN(Tensor values, node.constant->Get());
    parameters.emplace_back(absl::StrCat("arg:", node.name), std::move(values));
  }
  BARYON_ASSIGN_OR_RETURN(const std::string symbol, WriteSymbol(graph));
  BARYON_RETURN_IF_ERROR(WriteFileAtomically(prefix + "-symbol.json", symbol));
  return WriteParamsFile(prefix + "-0000.params", parameters);
}

}  // namespace baryon
