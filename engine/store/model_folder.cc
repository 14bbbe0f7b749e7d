#include "engine/store/model_folder.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"
#include "engine/io/json.h"
#include "engine/io/model_files.h"
#include "engine/io/params_file.h"
#include "engine/io/symbol_json.h"
#include "engine/load_model.h"
#include "engine/store/staging.h"
#include "engine/zoo/network_file.h"
#include "engine/zoo/zoo.h"

namespace baryon::store {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMostTextBytes = 16 << 20;

// --- Finding

// The files in `folder`, in whatever depth, in order.
absl::StatusOr<std::vector<std::string>> ListFiles(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->is_regular_file()) files.push_back(it->path().string());
  }
  if (error) return ErrnoToStatus(error.value(), "cannot read", folder);
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> WithEnding(const std::vector<std::string>& files, absl::string_view ending) {
  std::vector<std::string> found;
  for (const std::string& file : files) {
    if (absl::EndsWith(file, ending)) found.push_back(file);
  }
  return found;
}

std::vector<std::string> FileNames(const std::vector<std::string>& paths) {
  std::vector<std::string> names;
  for (const std::string& path : paths) names.push_back(fs::path(path).filename().string());
  return names;
}

absl::Status Unclear(absl::string_view expected, const std::vector<std::string>& got) {
  constexpr size_t kMostShown = 5;
  std::vector<std::string> names = FileNames(got);
  names.resize(std::min(names.size(), kMostShown));
  return absl::InvalidArgumentError(
      absl::StrCat("expected ", expected, ", got ", got.size(), ": ", absl::StrJoin(names, ", ")));
}

// The first of `files` that is called one of `names`.
std::optional<std::string> Named(const std::vector<std::string>& files,
                                 std::initializer_list<absl::string_view> names) {
  for (absl::string_view name : names) {
    for (const std::string& file : files) {
      if (fs::path(file).filename().string() == name) return file;
    }
  }
  return std::nullopt;
}

// --- Networks of the zoo

// The arrays of `params`, named and ordered as an export has them.
absl::StatusOr<NamedTensors> ReadAsExport(const zoo::Network& network, const ParamsFile& params) {
  BARYON_ASSIGN_OR_RETURN(const std::vector<size_t> matches, zoo::MatchParameters(network, params));
  std::map<NodeId, size_t> places;
  for (size_t i = 0; i < network.parameters.size(); ++i) places[network.parameters[i].node] = i;
  NamedTensors tensors;
  for (NodeId id : network.graph.TopologicalOrder()) {
    const auto place = places.find(id);
    if (place == places.end()) continue;
    const zoo::Parameter& parameter = network.parameters[place->second];
    BARYON_ASSIGN_OR_RETURN(Tensor tensor, params.Read(matches[place->second]));
    tensors.emplace_back(absl::StrCat(parameter.is_state ? "aux:" : "arg:", parameter.name), std::move(tensor));
  }
  return tensors;
}

absl::Status WriteZooNetwork(const ModelParts& parts, const std::string& prefix) {
  BARYON_ASSIGN_OR_RETURN(const zoo::Network network, zoo::MakeNetwork(parts.architecture, parts.classes));
  BARYON_ASSIGN_OR_RETURN(const std::shared_ptr<const ParamsFile> params, ParamsFile::Open(parts.params));
  BARYON_ASSIGN_OR_RETURN(const NamedTensors tensors, ReadAsExport(network, *params));
  constexpr uint64_t kAnySeed = 0;  // values are not written
  BARYON_ASSIGN_OR_RETURN(const std::string symbol, WriteSymbol(zoo::BindStartValues(network, kAnySeed)));
  BARYON_RETURN_IF_ERROR(WriteFileAtomically(prefix + "-symbol.json", symbol));
  return WriteParamsFile(prefix + "-0000.params", tensors);
}

// --- Writing

absl::Status Move(const std::string& from, const std::string& to) {
  return std::rename(from.c_str(), to.c_str()) == 0 ? absl::OkStatus() : CopyFile(from, to);
}

absl::Status WriteGraphAndParams(const ModelParts& parts, const std::string& prefix) {
  if (parts.symbol.empty()) return WriteZooNetwork(parts, prefix);
  BARYON_RETURN_IF_ERROR(Move(parts.symbol, prefix + "-symbol.json"));
  return parts.params.empty() ? absl::OkStatus() : Move(parts.params, prefix + "-0000.params");
}

// Everything that keeps the model from being loaded, in one line.
absl::Status CheckLoads(const std::string& folder) {
  BARYON_ASSIGN_OR_RETURN(const ModelFiles files, FindModelFiles(folder));
  BARYON_ASSIGN_OR_RETURN(const ModelReport report, CheckModel(files));
  if (report.can_be_loaded()) return absl::OkStatus();
  std::vector<std::string> reasons = report.wrong_shapes;
  for (const auto& [op, nodes] : report.unknown_operators) {
    reasons.push_back(absl::StrCat("node \"", nodes.front(), "\": unknown operator \"", op, "\""));
  }
  for (const std::string& name : report.missing_parameters) {
    reasons.push_back(absl::StrCat("parameter \"", name, "\" is missing"));
  }
  reasons.insert(reasons.end(), report.other.begin(), report.other.end());
  constexpr size_t kMostShown = 3;
  const size_t more = reasons.size() - std::min(reasons.size(), kMostShown);
  reasons.resize(reasons.size() - more);
  return absl::InvalidArgumentError(absl::StrCat("the model cannot be loaded: ", absl::StrJoin(reasons, "; "),
                                                 more > 0 ? absl::StrCat(" and ", more, " more reasons") : ""));
}

}  // namespace

absl::StatusOr<ModelParts> FindModelParts(const std::string& folder) {
  BARYON_ASSIGN_OR_RETURN(const std::vector<std::string> files, ListFiles(folder));
  const std::vector<std::string> symbols = WithEnding(files, "-symbol.json"), params = WithEnding(files, ".params");
  ModelParts parts;
  if (symbols.size() > 1) return Unclear("one *-symbol.json", symbols);
  if (symbols.empty() && params.empty())
    return absl::NotFoundError("expected a *-symbol.json or a *.params, got neither");
  if (symbols.size() == 1) {
    BARYON_ASSIGN_OR_RETURN(const ModelFiles model, FindModelFiles(symbols[0]));
    parts.symbol = model.symbol;
    parts.params = model.params.value_or("");
  } else if (params.size() == 1) {
    parts.params = params[0];
  } else {
    return Unclear("one *.params where there is no symbol", params);
  }
  if (const std::optional<std::string> labels = Named(files, {"labels.txt", "synset.txt"}); labels.has_value()) {
    BARYON_ASSIGN_OR_RETURN(const std::string text, ReadFile(*labels, kMostTextBytes));
    parts.labels = SplitLabels(text);
  }
  if (const std::optional<std::string> preprocess = Named(files, {"preprocess.json"}); preprocess.has_value()) {
    BARYON_ASSIGN_OR_RETURN(parts.preprocess, ReadFile(*preprocess, kMostTextBytes));
  }
  return parts;
}

std::vector<std::string> SplitLabels(absl::string_view text) {
  std::vector<std::string> labels;
  for (absl::string_view line : absl::StrSplit(absl::StripTrailingAsciiWhitespace(text), '\n')) {
    labels.emplace_back(absl::StripAsciiWhitespace(line));
  }
  return labels;
}

absl::Status WriteModelFolder(const ModelParts& parts, const std::string& name, const std::string& target) {
  BARYON_RETURN_IF_ERROR(WriteGraphAndParams(parts, absl::StrCat(target, "/", name)));
  if (!parts.labels.empty()) {
    BARYON_RETURN_IF_ERROR(WriteFileAtomically(target + "/labels.txt", absl::StrJoin(parts.labels, "\n") + "\n"));
  }
  std::string preprocess = parts.preprocess;
  if (preprocess.empty() && parts.symbol.empty()) {
    BARYON_ASSIGN_OR_RETURN(preprocess, ZooPreprocess(parts.architecture));
  }
  if (!preprocess.empty()) BARYON_RETURN_IF_ERROR(WriteFileAtomically(target + "/preprocess.json", preprocess));
  return CheckLoads(target);
}

absl::StatusOr<std::string> ZooPreprocess(absl::string_view architecture) {
  BARYON_ASSIGN_OR_RETURN(const zoo::Network network, zoo::MakeNetwork(architecture));
  const Graph& graph = network.graph;
  const NodeId data = graph.inputs().front();
  const int64_t crop = graph.type({data, 0}).shape[2];
  constexpr double kCropOfResized = 0.875;
  const auto resize = static_cast<int64_t>(std::ceil(static_cast<double>(crop) / kCropOfResized));
  return absl::StrCat("{\"input\": \"", graph.node(data).name, "\", \"resize\": ", resize, ", \"crop\": ", crop,
                      ", \"mean\": [0.485, 0.456, 0.406], \"std\": [0.229, 0.224, 0.225], \"scale\": \"1/255\", ",
                      "\"color\": \"rgb\"}\n");
}

}  // namespace baryon::store
