// Parameters of blocks in files: SaveParameters, LoadParameters, LoadDict.
#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/base/status_macros.h"
#include "engine/gluon/block.h"
#include "engine/io/npy.h"
#include "engine/io/params_file.h"

namespace baryon::gluon {
namespace {

std::string Quoted(absl::Span<const std::string> names) {
  return absl::StrJoin(names, ", ",
                       [](std::string* out, const std::string& name) { absl::StrAppend(out, "'", name, "'"); });
}

// All of up to seven names, else the first three and the last four.
std::string BriefList(absl::Span<const std::string> names) {
  if (names.size() <= 7) return Quoted(names);
  return absl::StrCat(Quoted(names.subspan(0, 3)), ", ..., ", Quoted(names.subspan(names.size() - 4)));
}

// Each parameter once: under the last of its names, at the place of its first.
ParameterDict Deduplicated(const ParameterDict& parameters) {
  std::vector<std::pair<std::string, Parameter>> unique;
  for (const auto& [name, parameter] : parameters) {
    const auto known =
        std::find_if(unique.begin(), unique.end(), [&p = parameter](const auto& entry) { return entry.second == p; });
    if (known == unique.end()) {
      unique.emplace_back(name, parameter);
    } else {
      known->first = name;
    }
  }
  ParameterDict result;
  for (auto& [name, parameter] : unique) result.Add(name, parameter);
  return result;
}

// `save_params` wrote names of MXNet 1.x without the block's own prefix: "conv0_weight".
ParameterDict ByOldNames(const ParameterDict& parameters, const std::string& prefix) {
  ParameterDict result;
  for (const auto& [name, parameter] : parameters) {
    const std::string& full = parameter.export_name();
    result.Add(absl::StartsWith(full, prefix) ? full.substr(prefix.size()) : full, parameter);
  }
  return result;
}

bool HasAny(const ParameterDict& parameters, absl::Span<const std::string> keys) {
  return std::any_of(keys.begin(), keys.end(), [&](const std::string& key) { return bool(parameters.Find(key)); });
}

// Keys without a dot are old names, unless they are those of parameters that the block itself owns.
bool AreOldNames(const ParameterDict& by_structure, absl::Span<const std::string> keys) {
  const bool dots =
      std::any_of(keys.begin(), keys.end(), [](const std::string& key) { return absl::StrContains(key, "."); });
  return !dots && !HasAny(by_structure, keys);
}

absl::Status CheckNames(const ParameterDict& wanted, absl::Span<const std::string> keys, const std::string& source,
                        const LoadOptions& options) {
  if (!options.allow_missing) {
    const std::set<std::string> there(keys.begin(), keys.end());
    std::set<const void*> found;  // a shared parameter is there under any of its names
    for (const auto& [name, parameter] : wanted) {
      if (there.count(name) > 0) found.insert(parameter.identity());
    }
    for (const auto& [name, parameter] : wanted) {
      if (found.count(parameter.identity()) > 0) continue;
      return absl::NotFoundError(absl::StrCat("Parameter '", name, "' is missing in '", source,
                                              "', which contains parameters: ", BriefList(keys),
                                              ". Set allow_missing=True to ignore missing parameters."));
    }
  }
  if (options.ignore_extra) return absl::OkStatus();
  for (const std::string& key : keys) {
    if (wanted.Find(key)) continue;
    return absl::InvalidArgumentError(absl::StrCat("Parameter '", key, "' loaded from '", source,
                                                   "' is not present in Dict, which contains parameters ",
                                                   BriefList(wanted.names()), ". Set ignore_extra=True to ignore."));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Block::SaveParameters(const std::string& path, const SaveOptions& options) const {
  const ParameterDict parameters = options.deduplicate ? Deduplicated(CollectParams()) : CollectParams();
  NamedTensors arrays;
  for (const auto& [name, parameter] : parameters) {
    BARYON_ASSIGN_OR_RETURN(Tensor tensor, parameter.data().AsTensor());
    arrays.emplace_back(name, std::move(tensor));
  }
  return options.npz ? WriteNpz(path, arrays) : WriteParamsFile(path, arrays);
}

absl::Status Block::LoadParameters(const std::string& path, const LoadOptions& options) {
  BARYON_ASSIGN_OR_RETURN(const std::shared_ptr<const ParamsFile> file, ParamsFile::Open(path));
  Source source = {.name = "file: " + path, .entries = {}};
  for (size_t i = 0; i < file->entries().size(); ++i) {
    const ParamsFile::Entry& entry = file->entries()[i];
    source.entries.push_back({std::string(StripParamPrefix(entry.name)), entry.type, [&, i] { return file->Read(i); }});
  }
  return LoadFrom(std::move(source), options);
}

absl::Status Block::LoadDict(const NamedTensors& arrays, const LoadOptions& options) {
  Source source = {.name = "param_dict", .entries = {}};
  for (const auto& [name, array] : arrays) {
    source.entries.push_back({std::string(StripParamPrefix(name)), array.type(),
                              [&array = array]() -> absl::StatusOr<Tensor> { return array; }});
  }
  return LoadFrom(std::move(source), options);
}

// Everything is checked before anything is set. In the order of names, as MXNet 2 does: messages name the first.
absl::Status Block::LoadFrom(Source source, const LoadOptions& options) {
  std::stable_sort(source.entries.begin(), source.entries.end(),
                   [](const auto& a, const auto& b) { return a.key < b.key; });
  std::vector<std::string> keys;
  for (const Source::Entry& entry : source.entries) keys.push_back(entry.key);
  ParameterDict parameters = CollectParams();
  if (AreOldNames(parameters, keys)) {
    ResolveNames();
    const ParameterDict by_old_names = ByOldNames(parameters, prefix());
    if (HasAny(by_old_names, keys)) parameters = by_old_names;
  }
  BARYON_RETURN_IF_ERROR(CheckNames(parameters, keys, source.name, options));
  for (const Source::Entry& entry : source.entries) {
    if (const Parameter parameter = parameters.Find(entry.key)) {
      BARYON_RETURN_IF_ERROR(parameter.CheckLoad(entry.type, options));
    }
  }
  for (const Source::Entry& entry : source.entries) {
    if (Parameter parameter = parameters.Find(entry.key)) {
      BARYON_ASSIGN_OR_RETURN(const Tensor tensor, entry.read());
      BARYON_RETURN_IF_ERROR(parameter.LoadData(tensor, options));
    }
  }
  return absl::OkStatus();
}

}  // namespace baryon::gluon
