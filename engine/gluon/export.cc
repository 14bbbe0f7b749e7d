// HybridBlock::Export: a graph as MXNet 1.x keeps it on disk.
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"
#include "engine/gluon/hybrid_block.h"
#include "engine/io/params_file.h"
#include "engine/io/symbol_json.h"

namespace baryon::gluon {
namespace {

// Constants in the order in which MXNet lists variables, named "aux:" where an operator would change them in training.
absl::StatusOr<NamedTensors> ParametersOf(const Graph& graph) {
  std::set<NodeId> aux;
  for (NodeId id : graph.TopologicalOrder()) {
    const Node& node = graph.node(id);
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.op->input_role(static_cast<int>(i)) == InputRole::kAux) aux.insert(node.inputs[i].node);
    }
  }
  NamedTensors parameters;
  std::set<std::string> names;
  for (NodeId id : graph.TopologicalOrder()) {
    const Node& node = graph.node(id);
    if (node.kind != NodeKind::kConstant) continue;
    if (!names.insert(node.name).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("two parameters are called \"", node.name, "\": give their blocks different prefixes"));
    }
    BARYON_ASSIGN_OR_RETURN(Tensor tensor, node.constant->Get());
    parameters.emplace_back(absl::StrCat(aux.count(id) > 0 ? "aux:" : "arg:", node.name), std::move(tensor));
  }
  return parameters;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Graph>> HybridBlock::GraphToExport() const {
  if (traced_graph() != nullptr) return traced_graph();
  return absl::FailedPreconditionError(
      "Please first call block.hybridize() and then run forward with this block at least once before calling export.");
}

absl::StatusOr<std::pair<std::string, std::string>> HybridBlock::Export(const std::string& path, int64_t epoch) const {
  BARYON_ASSIGN_OR_RETURN(const std::shared_ptr<const Graph> graph, GraphToExport());
  BARYON_ASSIGN_OR_RETURN(const NamedTensors parameters, ParametersOf(*graph));
  BARYON_ASSIGN_OR_RETURN(const std::string symbol, WriteSymbol(*graph));
  const std::string symbol_file = path + "-symbol.json";
  const std::string params_file = absl::StrFormat("%s-%04d.params", path, epoch);
  BARYON_RETURN_IF_ERROR(WriteFileAtomically(symbol_file, symbol));
  BARYON_RETURN_IF_ERROR(WriteParamsFile(params_file, parameters));
  return std::make_pair(symbol_file, params_file);
}

}  // namespace baryon::gluon
