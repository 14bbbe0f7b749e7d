#include "engine/load_model.h"

#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/base/file.h"
#include "engine/base/logging.h"
#include "engine/base/status_macros.h"
#include "engine/io/parameter_binding.h"
#include "engine/io/params_file.h"
#include "engine/io/symbol_file.h"
#include "engine/io/symbol_json.h"

namespace baryon {
namespace {

std::string Quoted(absl::string_view text) { return absl::StrCat("\"", text, "\""); }

// The first few of `texts`, and how many there are besides.
std::string Shortened(const std::vector<std::string>& texts, absl::string_view separator) {
  constexpr size_t kMostShown = 3;
  if (texts.size() <= kMostShown) return absl::StrJoin(texts, separator);
  return absl::StrCat(absl::StrJoin(texts.begin(), texts.begin() + kMostShown, separator), " and ",
                      texts.size() - kMostShown, " more");
}

std::vector<std::string> EntryNames(const ParamsFile& params, const std::vector<size_t>& entries) {
  std::vector<std::string> names;
  for (size_t entry : entries) names.push_back(params.entries()[entry].name);
  return names;
}

absl::StatusOr<Symbol> ReadSymbolOf(const ModelFiles& files) {
  BARYON_ASSIGN_OR_RETURN(const std::string text, ReadFile(files.symbol, kMostSymbolBytes));
  return ReadSymbol(text, Quoted(files.symbol));
}

// Gives variables at the place of parameters the shapes they declare: for models whose parameters are inputs.
void DeclareParameterShapes(const std::vector<Variable>& variables, Symbol& symbol) {
  for (const Variable& variable : variables) {
    if (!variable.is_parameter) continue;
    symbol.graph.SetType({variable.node, 0}, {DType::kUnknown, symbol.declared.at(variable.name).shape});
  }
}

// Gives the inputs that remain the dtypes they declare. Not the shapes: those are of the day the model was made.
void DeclareInputDTypes(Symbol& symbol) {
  for (NodeId id : symbol.graph.inputs()) {
    const auto declared = symbol.declared.find(symbol.graph.node(id).name);
    if (declared == symbol.declared.end()) continue;
    TensorType type = symbol.graph.node(id).types[0];
    type.dtype = declared->second.dtype;
    symbol.graph.SetType({id, 0}, type);
  }
}

// OK when types can be inferred as far as they follow from the graph.
absl::Status CheckTypes(Graph graph) { return InferTypes(graph); }

// Makes constants of the bound variables. They read their elements when these are wanted.
void Bind(const std::vector<Variable>& variables, const ParameterBinding& binding,
          const std::shared_ptr<const ParamsFile>& params, Graph& graph) {
  static std::atomic<int64_t> loads{0};
  const int64_t load = loads.fetch_add(1);
  for (const auto& [variable, entry] : binding.bound) {
    auto read = [params, i = entry] { return params->Read(i); };
    graph.BindInput(variables[variable].node,
                    Constant::Lazy(params->entries()[entry].type, absl::StrCat("parameter", load, ":", entry), read));
  }
}

absl::Status BindParameterFile(const ModelFiles& files, Symbol& symbol) {
  const std::string& path = *files.params;
  BARYON_ASSIGN_OR_RETURN(const std::shared_ptr<const ParamsFile> params, ParamsFile::Open(path));
  const std::vector<Variable> variables = ListVariables(symbol.graph);
  const ParameterBinding binding = BindParameters(variables, *params);
  if (!binding.missing.empty()) return MissingParametersError(variables, binding, *params);
  const absl::StatusOr<std::vector<std::string>> wrong =
      FindWrongShapes(symbol.graph, symbol.declared, variables, binding.bound, *params);
  if (!wrong.ok()) return Annotate(wrong.status(), Quoted(files.symbol));
  if (!wrong->empty()) return absl::InvalidArgumentError(absl::StrCat(Quoted(path), ": ", Shortened(*wrong, "; ")));
  if (!binding.extra.empty()) {
    std::vector<std::string> names;
    for (const std::string& name : EntryNames(*params, binding.extra)) names.push_back(Quoted(name));
    LogWarning(absl::StrCat(Quoted(path), ": parameters without a use: ", Shortened(names, ", ")));
  }
  Bind(variables, binding, params, symbol.graph);
  return absl::OkStatus();
}

// --- Checking

// Adds what is wrong between the variables and the file; true when shapes can be compared.
void CheckNames(const std::vector<Variable>& variables, const ParamsFile& params, ModelReport& report) {
  const ParameterBinding binding = BindParameters(variables, params);
  for (size_t i : binding.missing) report.missing_parameters.push_back(variables[i].name);
  report.extra_parameters = EntryNames(params, binding.extra);
}

void CheckShapes(const Symbol& symbol, const ParamsFile& params, ModelReport& report) {
  const std::vector<Variable> variables = ListVariables(symbol.graph);
  const ParameterBinding binding = BindParameters(variables, params);
  absl::StatusOr<std::vector<std::string>> wrong =
      FindWrongShapes(symbol.graph, symbol.declared, variables, binding.bound, params);
  if (wrong.ok()) {
    report.wrong_shapes = *std::move(wrong);
  } else {
    report.other.emplace_back(wrong.status().message());
  }
}

// Whether every array can be read: checksums and sparse indices show only then.
void CheckElements(const ParamsFile& params, ModelReport& report) {
  for (size_t i = 0; i < params.entries().size(); ++i) {
    if (!params.entries()[i].type.IsFullyKnown()) continue;  // named by CheckShapes when it matters
    const absl::StatusOr<Tensor> tensor = params.Read(i);
    if (!tensor.ok()) report.other.emplace_back(tensor.status().message());
  }
}

// The graph, or nothing when the report has the reason now. `variables` are known in more cases than the graph.
std::optional<Symbol> CheckSymbol(absl::string_view text, const std::string& where, std::vector<Variable>& variables,
                                  ModelReport& report) {
  absl::StatusOr<Symbol> symbol = ReadSymbol(text, where);
  if (symbol.ok()) {
    variables = ListVariables(symbol->graph);
    return *std::move(symbol);
  }
  const absl::StatusOr<SymbolFile> file = ParseSymbolFile(text, where);
  if (file.ok()) variables = ListVariables(*file);
  absl::StatusOr<std::map<std::string, std::vector<std::string>>> unknown = FindUnknownOperators(text, where);
  if (unknown.ok()) report.unknown_operators = *std::move(unknown);
  if (report.unknown_operators.empty()) report.other.emplace_back(symbol.status().message());
  return std::nullopt;
}

}  // namespace

absl::StatusOr<Graph> ReadModel(const ModelFiles& files) {
  BARYON_ASSIGN_OR_RETURN(Symbol symbol, ReadSymbolOf(files));
  if (files.params.has_value()) {
    BARYON_RETURN_IF_ERROR(BindParameterFile(files, symbol));
  } else {
    DeclareParameterShapes(ListVariables(symbol.graph), symbol);
  }
  DeclareInputDTypes(symbol);
  BARYON_RETURN_IF_ERROR(Annotate(CheckTypes(symbol.graph), Quoted(files.symbol)));
  return std::move(symbol.graph);
}

absl::StatusOr<std::shared_ptr<const Executable>> LoadModel(const std::string& model, ThreadPool& pool,
                                                            const CompileOptions& options) {
  BARYON_ASSIGN_OR_RETURN(const ModelFiles files, FindModelFiles(model));
  BARYON_ASSIGN_OR_RETURN(Graph graph, ReadModel(files));
  return Executable::Create(std::move(graph), pool, options);
}

absl::StatusOr<ModelReport> CheckModel(const ModelFiles& files) {
  BARYON_ASSIGN_OR_RETURN(const std::string text, ReadFile(files.symbol, kMostSymbolBytes));
  ModelReport report;
  std::vector<Variable> variables;
  std::optional<Symbol> symbol = CheckSymbol(text, Quoted(files.symbol), variables, report);
  if (!files.params.has_value()) {
    if (!symbol.has_value()) return report;
    DeclareParameterShapes(variables, *symbol);
    const absl::Status types = CheckTypes(symbol->graph);
    if (!types.ok()) report.other.emplace_back(types.message());
    return report;
  }
  const absl::StatusOr<std::shared_ptr<const ParamsFile>> params = ParamsFile::Open(*files.params);
  if (!params.ok()) {
    report.other.emplace_back(params.status().message());
    return report;
  }
  if (!variables.empty()) CheckNames(variables, **params, report);
  if (symbol.has_value()) CheckShapes(*symbol, **params, report);
  CheckElements(**params, report);
  return report;
}

}  // namespace baryon
