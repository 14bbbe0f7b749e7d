#include "engine/gluon/symbol_block.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"
#include "engine/gluon/trace.h"
#include "engine/io/symbol_json.h"

namespace baryon::gluon {
namespace {

// What the graph's inputs are for: by place in graph.inputs().
std::vector<InputRole> RolesOfInputs(const Graph& graph) {
  std::vector<std::vector<InputRole>> uses(graph.num_nodes());
  for (NodeId id : graph.TopologicalOrder()) {
    const Node& node = graph.node(id);
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      uses[node.inputs[i].node].push_back(node.op->input_role(static_cast<int>(i)));
    }
  }
  std::vector<InputRole> roles;
  for (NodeId id : graph.inputs()) {
    const auto all = [&](InputRole role) {
      return !uses[id].empty() &&
             std::count(uses[id].begin(), uses[id].end(), role) == static_cast<int>(uses[id].size());
    };
    const bool is_aux = std::count(uses[id].begin(), uses[id].end(), InputRole::kAux) > 0;
    roles.push_back(is_aux ? InputRole::kAux : all(InputRole::kLabel) ? InputRole::kLabel : InputRole::kParameter);
  }
  return roles;
}

// "<_Symbol dense2_fwd>", "<_Symbol group [a, b]>"
std::string SymbolText(const Graph& graph) {
  std::vector<std::string> names;
  for (const GraphOutput& output : graph.outputs()) names.push_back(graph.node(output.value.node).name);
  if (names.size() == 1) return absl::StrCat("<_Symbol ", names[0], ">");
  return absl::StrCat("<_Symbol group [", absl::StrJoin(names, ", "), "]>");
}

}  // namespace

SymbolBlock::SymbolBlock(Graph graph, std::vector<std::string> input_names)
    : HybridBlock({.hint = "symbolblock", .prefix = ""}), input_names_(std::move(input_names)) {
  const std::vector<InputRole> roles = RolesOfInputs(graph);
  for (size_t i = 0; i < graph.inputs().size(); ++i) {
    const Node& node = graph.node(graph.inputs()[i]);
    const bool is_input = std::find(input_names_.begin(), input_names_.end(), node.name) != input_names_.end();
    if (is_input || roles[i] == InputRole::kLabel) continue;
    const TensorType& type = node.types[0];
    Parameter parameter(node.name, {.shape = type.shape,
                                    .dtype = type.dtype == DType::kUnknown ? DType::kFloat32 : type.dtype,
                                    .grad_req = roles[i] == InputRole::kAux ? GradReq::kNull : GradReq::kWrite,
                                    .allow_deferred_init = true});
    parameter.set_export_name(node.name);
    Register(node.name, parameter);
  }
  graph_ = std::make_shared<const Graph>(std::move(graph));
}

absl::StatusOr<SymbolBlock> SymbolBlock::Imports(const std::string& symbol_file,
                                                 const std::vector<std::string>& input_names,
                                                 const std::string& param_file, const ImportOptions& options) {
  BARYON_ASSIGN_OR_RETURN(const std::string json, ReadFile(symbol_file));
  BARYON_ASSIGN_OR_RETURN(Symbol symbol, ReadSymbol(json, symbol_file));
  SymbolBlock block(std::move(symbol.graph), input_names);
  if (!param_file.empty()) {
    BARYON_RETURN_IF_ERROR(block.LoadParameters(param_file, {.allow_missing = options.allow_missing,
                                                             .ignore_extra = options.ignore_extra,
                                                             .cast_dtype = true,
                                                             .dtype_source = DTypeSource::kSaved}));
  }
  return block;
}

absl::StatusOr<NDArrays> SymbolBlock::Operands(absl::Span<const NDArray> inputs) const {
  if (inputs.size() != input_names_.size()) {
    return absl::InvalidArgumentError(absl::StrCat("SymbolBlock: expected ", input_names_.size(), " inputs (",
                                                   absl::StrJoin(input_names_, ", "), "), got ", inputs.size()));
  }
  NDArrays operands;
  for (NodeId id : graph_->inputs()) {
    const std::string& name = graph_->node(id).name;
    const auto place = std::find(input_names_.begin(), input_names_.end(), name);
    if (place != input_names_.end()) {
      operands.push_back(inputs[place - input_names_.begin()]);
    } else if (const Parameter parameter = param(name)) {
      operands.push_back(parameter.data());
      BARYON_RETURN_IF_ERROR(operands.back().status());
    } else {
      operands.emplace_back();
    }
  }
  return operands;
}

// Calls are always compiled, so this runs while a trace is written.
NDArrays SymbolBlock::ForwardMany(absl::Span<const NDArray> inputs) {
  Trace* const trace = Trace::Current();
  if (trace == nullptr) return Call(inputs);
  absl::StatusOr<NDArrays> operands = Operands(inputs);
  if (!operands.ok()) return {operands.status()};
  absl::StatusOr<NDArrays> outputs = trace->AddGraph(*graph_, *operands);
  return outputs.ok() ? *std::move(outputs) : NDArrays{outputs.status()};
}

absl::Status SymbolBlock::InferShapeMany(absl::Span<const NDArray> inputs) {
  const bool known = std::all_of(params().begin(), params().end(),
                                 [](const auto& entry) { return entry.second.shape().IsFullyKnown(); });
  if (known || inputs.size() != input_names_.size()) return absl::OkStatus();  // Operands reports the latter
  Graph typed = *graph_;
  for (NodeId id : graph_->inputs()) {
    const std::string& name = graph_->node(id).name;
    const auto place = std::find(input_names_.begin(), input_names_.end(), name);
    if (place != input_names_.end()) {
      typed.SetType({id, 0}, inputs[place - input_names_.begin()].type());
    } else if (const Parameter parameter = param(name)) {
      typed.SetType({id, 0}, {parameter.dtype(), parameter.shape()});
    }
  }
  BARYON_RETURN_IF_ERROR(InferTypes(typed));
  for (NodeId id : graph_->inputs()) {
    if (Parameter parameter = param(graph_->node(id).name)) {
      BARYON_RETURN_IF_ERROR(parameter.SetShape(typed.type({id, 0}).shape));
    }
  }
  return absl::OkStatus();
}

void SymbolBlock::Cast(DType dtype) {
  HybridBlock::Cast(dtype);
  if (dtype != DType::kFloat16) return;
  for (const auto& [name, variance] : params()) {
    for (const char* kind : {"running_", "moving_"}) {
      const std::string ending = absl::StrCat(kind, "var");
      if (!absl::EndsWith(name, ending)) continue;
      const std::string layer = name.substr(0, name.size() - ending.size());
      Parameter group[] = {variance, param(absl::StrCat(layer, kind, "mean")), param(layer + "gamma"),
                           param(layer + "beta")};
      if (!std::all_of(std::begin(group), std::end(group), [](const Parameter& p) { return bool(p); })) continue;
      for (Parameter& parameter : group) parameter.Cast(DType::kFloat32);
    }
  }
}

absl::StatusOr<std::shared_ptr<const Graph>> SymbolBlock::GraphToExport() const {
  auto bound = std::make_shared<Graph>(*graph_);
  for (const auto& [name, parameter] : params()) {
    for (NodeId id : graph_->inputs()) {
      if (graph_->node(id).name != name) continue;
      BARYON_ASSIGN_OR_RETURN(Tensor tensor, parameter.data().AsTensor());
      bound->BindInput(id, baryon::Constant::Literal(std::move(tensor)));
    }
  }
  return bound;
}

std::string SymbolBlock::ToString() const {
  return absl::StrCat(class_name(), "(\n", SymbolText(*graph_), " : ", input_names_.size(), " -> ",
                      graph_->outputs().size(), "\n)");
}

}  // namespace baryon::gluon
