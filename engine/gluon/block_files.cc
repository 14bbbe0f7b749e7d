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

// The name that files have for a parameter, given that or its name by attributes: both lists have the same order.
std::string NameInFiles(const ParameterDict& by_file, const ParameterDict& by_attribute, const std::string& key) {
  if (by_file.Find(key)) return key;
  const std::vector<std::string> names = by_attribute.names();
  const auto place = std::find(names.begin(), names.end(), key);
  return place == names.end() ? key : by_file.names()[place - names.begin()];
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

// One array in the place of its parts.
void ReplaceParts(const std::set<std::string>& parts, std::pair<std::string, Tensor> whole, NamedTensors& arrays) {
  const auto is_part = [&](const auto& array) { return parts.count(array.first) > 0; };
  const auto first = std::find_if(arrays.begin(), arrays.end(), is_part);
  if (first == arrays.end()) return;
  *first = std::move(whole);
  arrays.erase(std::remove_if(first, arrays.end(), is_part), arrays.end());
}

}  // namespace

absl::StatusOr<Tensor> Block::Fuse() const { return absl::UnimplementedError(class_name() + " has no fused form"); }

absl::StatusOr<NamedTensors> Block::Unfuse(const Tensor&) const {
  return absl::UnimplementedError(class_name() + " has no fused form");
}

absl::Status Block::VisitBlocks(const std::string& path,
                                absl::FunctionRef<absl::Status(const std::string&, const Block&)> visit) const {
  BARYON_RETURN_IF_ERROR(visit(path, *this));
  for (const auto& [name, child] : children_) {
    BARYON_RETURN_IF_ERROR(child->VisitBlocks(absl::StrCat(path, name, "."), visit));
  }
  return absl::OkStatus();
}

absl::Status Block::SaveParameters(const std::string& path, const SaveOptions& options) const {
  const ParameterDict parameters = options.deduplicate ? Deduplicated(CollectForFiles()) : CollectForFiles();
  NamedTensors arrays;
  for (const auto& [name, parameter] : parameters) {
    BARYON_ASSIGN_OR_RETURN(Tensor tensor, parameter.data().AsTensor());
    arrays.emplace_back(name, std::move(tensor));
  }
  if (!options.npz) return WriteParamsFile(path, arrays);
  BARYON_RETURN_IF_ERROR(VisitBlocks("", [&](const std::string& place, const Block& block) -> absl::Status {
    if (block.FusedName().empty()) return absl::OkStatus();
    BARYON_ASSIGN_OR_RETURN(Tensor fused, block.Fuse());
    std::set<std::string> parts;
    for (const auto& [name, parameter] : block.params()) parts.insert(place + block.FileName(name));
    ReplaceParts(parts, {place + block.FusedName(), std::move(fused)}, arrays);
    return absl::OkStatus();
  }));
  return WriteNpz(path, arrays);
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

// Parts in the place of vectors that MXNet 2 saved.
absl::Status Block::UnfuseEntries(Source& source) const {
  return VisitBlocks("", [&](const std::string& place, const Block& block) -> absl::Status {
    if (block.FusedName().empty()) return absl::OkStatus();
    const auto entry = std::find_if(source.entries.begin(), source.entries.end(),
                                    [&](const Source::Entry& entry) { return entry.key == place + block.FusedName(); });
    if (entry == source.entries.end()) return absl::OkStatus();
    BARYON_ASSIGN_OR_RETURN(const Tensor fused, entry->read());
    absl::StatusOr<NamedTensors> parts = block.Unfuse(fused);
    if (!parts.ok()) return Annotate(parts.status(), absl::StrCat("\"", entry->key, "\" of '", source.name, "'"));
    source.entries.erase(entry);
    for (const auto& [name, part] : *parts) {
      source.entries.push_back(
          {place + block.FileName(name), part.type(), [part = part]() -> absl::StatusOr<Tensor> { return part; }});
    }
    return absl::OkStatus();
  });
}

// Everything is checked before anything is set. In the order of names, as MXNet 2 does: messages name the first.
absl::Status Block::LoadFrom(Source source, const LoadOptions& options) {
  BARYON_RETURN_IF_ERROR(UnfuseEntries(source));
  ParameterDict parameters = CollectForFiles();
  if (const ParameterDict by_attribute = CollectParams(); by_attribute.names() != parameters.names()) {
    for (Source::Entry& entry : source.entries) entry.key = NameInFiles(parameters, by_attribute, entry.key);
  }
  std::stable_sort(source.entries.begin(), source.entries.end(),
                   [](const auto& a, const auto& b) { return a.key < b.key; });
  std::vector<std::string> keys;
  for (const Source::Entry& entry : source.entries) keys.push_back(entry.key);
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
