// baryon summary: what a model takes and gives, and what is in between.
#include <cstdio>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "clients/cli/command.h"
#include "clients/cli/model_path.h"
#include "clients/cli/options.h"
#include "engine/base/logging.h"
#include "engine/base/status_macros.h"
#include "engine/graph/graph_text.h"
#include "engine/load_model.h"

namespace baryon {
namespace {

struct SummaryOptions {
  std::string model;
  std::vector<std::string> shapes;
  bool graph = false;
  CompileOptions compile;
};

std::string FormatSignature(const Signature& signature) {
  std::string text;
  for (const TensorSpec& spec : signature.inputs) {
    absl::StrAppend(&text, "input   ", spec.name, " ", spec.type.ToString(), spec.optional ? " (optional)" : "", "\n");
  }
  for (const TensorSpec& spec : signature.outputs) {
    absl::StrAppend(&text, "output  ", spec.name, " ", spec.type.ToString(), "\n");
  }
  return text;
}

// Elements and bytes of parameters.
struct Size {
  int64_t parameters = 0, bytes = 0;
};

// The parameters that `node` reads and no node before it did, which are added to `seen`.
Size OwnParameters(const Graph& graph, const Node& node, std::set<NodeId>& seen) {
  Size size;
  for (const Value& value : node.inputs) {
    const Node& from = graph.node(value.node);
    if (from.kind != NodeKind::kConstant || !seen.insert(value.node).second) continue;
    size.parameters += from.constant->type().shape.num_elements();
    size.bytes += from.constant->type().size_bytes();
  }
  return size;
}

std::string FormatLayer(const std::string& name, absl::string_view op, const std::string& output,
                        const std::string& parameters) {
  return absl::StrFormat("%-40s %-24s %-24s %12s\n", name, op, output, parameters);
}

std::string FormatLayers(const Graph& graph) {
  std::string text = FormatLayer("layer", "operator", "output", "parameters");
  std::map<absl::string_view, int> operators;
  std::set<NodeId> seen;
  Size total;
  int layers = 0;
  for (NodeId id : graph.TopologicalOrder()) {
    const Node& node = graph.node(id);
    if (!node.is_op()) continue;
    const Size own = OwnParameters(graph, node, seen);
    total.parameters += own.parameters;
    total.bytes += own.bytes;
    ++operators[node.op->name()];
    ++layers;
    absl::StrAppend(
        &text, FormatLayer(node.name, node.op->name(), node.types[0].shape.ToString(), absl::StrCat(own.parameters)));
  }
  absl::StrAppendFormat(&text, "\ntotal      %d layers, %d parameters, %.1f MB\noperators ", layers, total.parameters,
                        static_cast<double>(total.bytes) / 1e6);
  for (const auto& [op, count] : operators) absl::StrAppend(&text, " ", op, "=", count);
  return absl::StrCat(text, "\n");
}

// `graph` with its inputs of `types` and everything that follows from them.
absl::StatusOr<Graph> WithInputTypes(Graph graph, const TensorTypes& types) {
  for (size_t i = 0; i < types.size(); ++i) {
    if (types[i].dtype != DType::kUnknown) graph.SetType({graph.inputs()[i], 0}, types[i]);
  }
  BARYON_RETURN_IF_ERROR(InferTypes(graph));
  return graph;
}

// The types for which layers are shown; none where the graph leaves them open and nobody names them.
absl::StatusOr<TensorTypes> ChooseInputTypes(const SummaryOptions& options, const Graph& model,
                                             const Signature& signature) {
  BARYON_ASSIGN_OR_RETURN(const std::vector<TensorSpec> hints, ShapeHints(options.shapes, signature));
  absl::StatusOr<TensorTypes> types = GuessInputTypes(model, signature, 1, hints);
  if (types.ok() || options.graph || !options.shapes.empty()) return types;
  LogWarning(types.status().message());
  return TensorTypes(signature.inputs.size());
}

// The graph as the passes leave it, under a line for each pass: its time, and how many nodes it left.
absl::StatusOr<std::string> FormatPasses(const Graph& model, const TensorTypes& types, CompileOptions compile) {
  std::string text = "# passes\n";
  compile.passes.observer = [&text](const Pass& pass, const Graph& graph, absl::Duration elapsed) {
    absl::StrAppendFormat(&text, "# %-20s %8.3f ms %6d nodes\n", pass.name, absl::ToDoubleMilliseconds(elapsed),
                          graph.TopologicalOrder().size());
  };
  BARYON_ASSIGN_OR_RETURN(const Graph optimized, OptimizedGraph(model, types, compile));
  return absl::StrCat(text, "\n# after the passes\n", GraphToText(optimized));
}

absl::Status Summarize(const SummaryOptions& options) {
  BARYON_ASSIGN_OR_RETURN(const std::string path, LocateModel(options.model));
  BARYON_ASSIGN_OR_RETURN(const ModelFiles files, FindModelFiles(path));
  BARYON_ASSIGN_OR_RETURN(const Graph model, ReadModel(files));
  BARYON_ASSIGN_OR_RETURN(const Signature signature, InferSignature(model));
  BARYON_ASSIGN_OR_RETURN(const TensorTypes types, ChooseInputTypes(options, model, signature));
  BARYON_ASSIGN_OR_RETURN(const Graph graph, WithInputTypes(model, types));
  std::printf("model   %s\n%s\n%s", files.name.c_str(), FormatSignature(signature).c_str(),
              FormatLayers(graph).c_str());
  if (!options.graph) return absl::OkStatus();
  BARYON_ASSIGN_OR_RETURN(const std::string passes, FormatPasses(model, types, options.compile));
  std::printf("\n# before the passes\n%s\n%s", GraphToText(graph).c_str(), passes.c_str());
  return absl::OkStatus();
}

}  // namespace

void AddSummary(CLI::App& app, Action& action) {
  const auto options = std::make_shared<SummaryOptions>();
  CLI::App& command = *app.add_subcommand("summary", "Signature, layers, parameters and operators of a model");
  AddExamples(command, {"baryon summary deploy/demo/repository/digits", "baryon summary resnet50_v2"});
  AddModelArgument(command, options->model);
  AddShapeOption(command, options->shapes);
  command.add_flag("--graph", options->graph, "The graph too, before and after the passes");
  AddCompileOptions(command, options->compile);
  command.callback([options, &action] { action = [options] { return Summarize(*options); }; });
}

}  // namespace baryon
