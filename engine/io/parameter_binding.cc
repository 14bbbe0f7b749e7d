#include "engine/io/parameter_binding.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/base/status_macros.h"
#include "engine/graph/op_registry.h"

namespace baryon {
namespace {

bool IsParameterRole(InputRole role) { return role == InputRole::kParameter || role == InputRole::kAux; }

std::string UserLabel(absl::string_view op, absl::string_view name) { return absl::StrCat(op, " \"", name, "\""); }

// How the outputs of a node are read.
struct Uses {
  int all = 0;
  int as_parameter = 0;  // at a parameter's place, or by a node that computes one
  bool at_parameter = false;
};

// Uses of every node. From the outputs back, so that a node that only computes parameters is known as such before what
// it reads.
std::vector<Uses> CountUses(const Graph& graph) {
  std::vector<Uses> uses(graph.num_nodes());
  for (const GraphOutput& output : graph.outputs()) ++uses[output.value.node].all;
  const std::vector<NodeId> order = graph.TopologicalOrder();
  for (auto id = order.rbegin(); id != order.rend(); ++id) {
    const Node& node = graph.node(*id);
    if (!node.is_op()) continue;
    const bool computes_parameter = uses[*id].all == uses[*id].as_parameter;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      Uses& input = uses[node.inputs[i].node];
      const bool at_parameter = IsParameterRole(node.op->input_role(static_cast<int>(i)));
      ++input.all;
      input.as_parameter += at_parameter || computes_parameter;
      input.at_parameter = input.at_parameter || at_parameter;
    }
  }
  return uses;
}

// --- Wrong shapes

// A graph with the first arrays of a list filled in as far as they fit.
class ShapeChecker {
 public:
  ShapeChecker(const Graph& graph, std::vector<std::pair<NodeId, TensorType>> arrays)
      : graph_(graph), arrays_(std::move(arrays)) {}

  // OK when the graph can be typed with the first `count` arrays. `typed` is the result.
  absl::Status TypeWith(size_t count, Graph& typed) const {
    typed = graph_;
    for (size_t i = 0; i < count; ++i) typed.SetType({arrays_[i].first, 0}, arrays_[i].second);
    return InferTypes(typed);
  }

  // The first array that contradicts those before it, given that all of them together do. Found by halving.
  size_t FirstWrong() const {
    size_t good = 0, bad = arrays_.size();  // how many arrays fit, and do not
    Graph typed;
    while (good + 1 < bad) {
      const size_t middle = (good + bad) / 2;
      (TypeWith(middle, typed).ok() ? good : bad) = middle;
    }
    return bad - 1;
  }

  const std::pair<NodeId, TensorType>& array(size_t i) const { return arrays_[i]; }
  size_t size() const { return arrays_.size(); }
  void Remove(size_t i) { arrays_.erase(arrays_.begin() + i); }

 private:
  const Graph& graph_;
  std::vector<std::pair<NodeId, TensorType>> arrays_;
};

std::string WrongShape(absl::string_view name, const TensorType& expected, const TensorType& got) {
  return absl::StrCat("parameter \"", name, "\": expected ",
                      expected.dtype == DType::kUnknown ? expected.shape.ToString() : expected.ToString(), ", got ",
                      got.ToString());
}

}  // namespace

std::vector<Variable> ListVariables(const Graph& graph) {
  const std::vector<Uses> uses = CountUses(graph);
  std::vector<Variable> variables;
  std::vector<int> indices(graph.num_nodes(), -1);
  for (NodeId id : graph.inputs()) {
    const Uses& use = uses[id];
    indices[id] = static_cast<int>(variables.size());
    variables.push_back(
        {graph.node(id).name, id, use.at_parameter || (use.all > 0 && use.all == use.as_parameter), {}});
  }
  for (NodeId id : graph.TopologicalOrder()) {
    const Node& node = graph.node(id);
    for (const Value& value : node.inputs) {
      if (const int i = indices[value.node]; i >= 0)
        variables[i].users.push_back(UserLabel(node.op->name(), node.name));
    }
  }
  return variables;
}

std::vector<Variable> ListVariables(const SymbolFile& file) {
  std::vector<Variable> variables;
  std::vector<int> indices(file.nodes.size(), -1);
  for (size_t i = 0; i < file.nodes.size(); ++i) {
    if (!file.nodes[i].is_variable()) continue;
    indices[i] = static_cast<int>(variables.size());
    variables.push_back({file.nodes[i].name, -1, false, {}});
  }
  for (const SymbolNode& node : file.nodes) {
    const OpDef* op = FindOp(node.op);
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const int index = indices[node.inputs[i].node];
      if (index < 0) continue;
      variables[index].users.push_back(UserLabel(node.op, node.name));
      variables[index].is_parameter |= op != nullptr && IsParameterRole(op->input_role(static_cast<int>(i)));
    }
  }
  return variables;
}

ParameterBinding BindParameters(const std::vector<Variable>& variables, const ParamsFile& file) {
  absl::flat_hash_map<absl::string_view, size_t> exact, stripped;
  for (size_t i = 0; i < file.entries().size(); ++i) {
    const std::string& name = file.entries()[i].name;
    exact.emplace(name, i);
    stripped.emplace(StripParamPrefix(name), i);
  }
  const auto find_entry = [&](absl::string_view name) -> std::optional<size_t> {
    if (const auto found = exact.find(name); found != exact.end()) return found->second;
    if (const auto found = stripped.find(StripParamPrefix(name)); found != stripped.end()) return found->second;
    return std::nullopt;
  };
  ParameterBinding binding;
  std::vector<bool> used(file.entries().size(), false);
  for (size_t i = 0; i < variables.size(); ++i) {
    if (const std::optional<size_t> entry = find_entry(variables[i].name); entry.has_value()) {
      binding.bound.push_back({i, *entry});
      used[*entry] = true;
    } else if (variables[i].is_parameter) {
      binding.missing.push_back(i);
    }
  }
  for (size_t i = 0; i < used.size(); ++i) {
    if (!used[i]) binding.extra.push_back(i);
  }
  return binding;
}

absl::Status MissingParametersError(const std::vector<Variable>& variables, const ParameterBinding& binding,
                                    const ParamsFile& file) {
  const auto& entries = file.entries();
  const std::string& wanted = variables[binding.missing[0]].name;
  if (binding.bound.empty() && !entries.empty()) {
    const auto has_dot = [](const ParamsFile::Entry& entry) { return absl::StrContains(entry.name, '.'); };
    const std::string& first = entries[0].name;
    const absl::string_view kind =
        first.empty() ? "a list of arrays without names"
        : std::any_of(entries.begin(), entries.end(), has_dot)
            ? "names that follow the blocks of a network, as save_parameters of Gluon writes them: use the file that "
              "export writes, or load this one into its network"
            : "other names: the parameters of another model, or of save_params without the prefix";
    return absl::NotFoundError(absl::StrCat("\"", file.path(), "\": expected parameters such as \"", wanted,
                                            "\", got \"", first, "\", ", kind));
  }
  constexpr size_t kMostShown = 50;
  std::string text;
  for (size_t i = 0; i < std::min(binding.missing.size(), kMostShown); ++i) {
    const Variable& variable = variables[binding.missing[i]];
    absl::StrAppend(&text, i == 0 ? "\"" : ", \"", variable.name, "\" of ", absl::StrJoin(variable.users, " and "));
  }
  if (binding.missing.size() > kMostShown) {
    absl::StrAppend(&text, " and ", binding.missing.size() - kMostShown, " more");
  }
  return absl::NotFoundError(absl::StrCat("\"", file.path(), "\": missing parameters: ", text));
}

absl::StatusOr<std::vector<std::string>> FindWrongShapes(const Graph& graph,
                                                         const std::map<std::string, TensorType>& declared,
                                                         const std::vector<Variable>& variables,
                                                         const std::vector<ParameterBinding::Bound>& bound,
                                                         const ParamsFile& file) {
  std::vector<std::string> wrong;
  std::vector<std::pair<NodeId, TensorType>> arrays;
  for (const auto& [variable, entry] : bound) {
    const std::string& name = variables[variable].name;
    const TensorType& type = file.entries()[entry].type;
    const auto said = declared.find(name);
    if (!type.IsFullyKnown()) {
      wrong.push_back(absl::StrCat("parameter \"", name, "\": expected elements, got an array never initialised"));
    } else if (said != declared.end() && !MergeShapes(said->second.shape, type.shape).has_value()) {
      wrong.push_back(WrongShape(name, {DType::kUnknown, said->second.shape}, type));
    } else {
      arrays.emplace_back(variables[variable].node, type);
    }
  }
  ShapeChecker checker(graph, std::move(arrays));
  Graph typed;
  constexpr size_t kMostReported = 100;
  while (wrong.size() < kMostReported && !checker.TypeWith(checker.size(), typed).ok()) {
    BARYON_RETURN_IF_ERROR(checker.TypeWith(0, typed));
    const size_t i = checker.FirstWrong();
    const auto& [node, type] = checker.array(i);
    BARYON_RETURN_IF_ERROR(checker.TypeWith(i, typed));
    wrong.push_back(WrongShape(graph.node(node).name, typed.node(node).types[0], type));
    checker.Remove(i);
  }
  return wrong;
}

}  // namespace baryon
