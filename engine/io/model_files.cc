#include "engine/io/model_files.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"

namespace baryon {
namespace {

namespace fs = std::filesystem;

constexpr absl::string_view kSymbolEnd = "-symbol.json", kParamsEnd = ".params";
constexpr size_t kEpochDigits = 4;  // at least: "-0000", "-12345"

bool IsFolder(const std::string& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}
bool IsFile(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

std::string Join(const std::string& folder, absl::string_view name) {
  return (fs::path(folder) / std::string(name)).string();
}

// The names in `folder`, sorted; folders end in "/".
absl::StatusOr<std::vector<std::string>> ListFolder(const std::string& folder) {
  std::error_code error;
  fs::directory_iterator entries(folder, error);
  std::vector<std::string> names;
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    const std::string name = entries->path().filename().string();
    names.push_back(IsFolder(entries->path().string()) ? name + "/" : name);
  }
  if (error) return ErrnoToStatus(error.value(), "cannot list", folder);
  std::sort(names.begin(), names.end());
  return names;
}

// "a", "b", "c" and 4 more
std::string Shown(const std::vector<std::string>& names) {
  constexpr size_t kMostShown = 10;
  if (names.empty()) return "nothing";
  const size_t count = std::min(names.size(), kMostShown);
  const std::string text = absl::StrJoin(names.begin(), names.begin() + count, "\", \"");
  return absl::StrCat("\"", text, "\"",
                      count < names.size() ? absl::StrCat(" and ", names.size() - count, " more") : "");
}

// What `names` has with this ending.
std::vector<std::string> WithEnding(const std::vector<std::string>& names, absl::string_view ending) {
  std::vector<std::string> found;
  std::copy_if(names.begin(), names.end(), std::back_inserter(found),
               [&](const std::string& name) { return absl::EndsWith(name, ending); });
  return found;
}

// The epoch of "PREFIX-0012.params".
std::optional<int64_t> ParseEpoch(absl::string_view name, absl::string_view prefix) {
  int64_t epoch;
  const bool fits = absl::ConsumePrefix(&name, prefix) && absl::ConsumePrefix(&name, "-") &&
                    absl::ConsumeSuffix(&name, kParamsEnd) && name.size() >= kEpochDigits &&
                    std::all_of(name.begin(), name.end(), absl::ascii_isdigit);
  if (fits && absl::SimpleAtoi(name, &epoch)) return epoch;
  return std::nullopt;
}

// The parameters that belong to PREFIX-symbol.json among the names in its folder, or nothing when there are none.
absl::StatusOr<std::optional<std::string>> ChooseParams(const std::vector<std::string>& names,
                                                        const std::string& folder, absl::string_view prefix) {
  std::optional<int64_t> highest;
  std::optional<std::string> chosen;
  for (const std::string& name : names) {
    const std::optional<int64_t> epoch = ParseEpoch(name, prefix);
    if (!epoch.has_value() || (highest.has_value() && *epoch <= *highest)) continue;
    highest = epoch;
    chosen = name;
  }
  if (chosen.has_value()) return chosen;
  const std::vector<std::string> params = WithEnding(names, kParamsEnd);
  const std::string same_prefix = absl::StrCat(prefix, kParamsEnd);
  if (std::find(params.begin(), params.end(), same_prefix) != params.end()) return same_prefix;
  if (params.size() > 1) {
    return absl::InvalidArgumentError(absl::StrCat("\"", folder, "\": expected \"", prefix,
                                                   "-NNNN.params\" or a single parameter file, got ", Shown(params)));
  }
  if (params.size() == 1) return params[0];
  return std::nullopt;
}

std::optional<std::string> IfFile(const std::string& path) {
  return IsFile(path) ? std::optional<std::string>(path) : std::nullopt;
}

// Labels and preprocessing in `folder`, unless they have been found closer to the symbol.
void AddCompanions(const std::string& folder, ModelFiles& files) {
  if (!files.labels.has_value()) files.labels = IfFile(Join(folder, "labels.txt"));
  if (!files.preprocess.has_value()) files.preprocess = IfFile(Join(folder, "preprocess.json"));
}

// "resnet" for "nets/resnet/", "nets/." and the like.
std::string LastPart(const std::string& path) {
  std::error_code error;
  fs::path absolute = fs::absolute(path, error).lexically_normal();
  if (!absolute.has_filename()) absolute = absolute.parent_path();
  return absolute.filename().string();
}

// The model whose symbol is `symbol_name` in `folder`; name and version are left to the caller.
absl::StatusOr<ModelFiles> CompleteFiles(const std::string& folder, const std::string& symbol_name) {
  absl::string_view prefix = symbol_name;
  if (!absl::ConsumeSuffix(&prefix, kSymbolEnd)) absl::ConsumeSuffix(&prefix, ".json");
  BARYON_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListFolder(folder.empty() ? "." : folder));
  BARYON_ASSIGN_OR_RETURN(const std::optional<std::string> params, ChooseParams(names, folder, prefix));
  ModelFiles files;
  files.name = std::string(prefix);
  files.folder = folder;
  files.symbol = Join(folder, symbol_name);
  if (params.has_value()) files.params = Join(folder, *params);
  AddCompanions(folder, files);
  return files;
}

absl::StatusOr<ModelFiles> FindInFolder(const std::string& folder, const std::vector<std::string>& names) {
  const std::vector<std::string> symbols = WithEnding(names, kSymbolEnd);
  if (symbols.size() == 1) return CompleteFiles(folder, symbols[0]);
  if (symbols.empty()) {
    return absl::NotFoundError(
        absl::StrCat("\"", folder, "\": expected *-symbol.json or version folders 1/ 2/ ..., got ", Shown(names)));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", folder, "\": expected one *-symbol.json, got ", Shown(symbols), "; name one of them"));
}

absl::StatusOr<ModelFiles> FindVersion(const std::string& folder, const std::vector<int64_t>& versions,
                                       std::optional<int64_t> version) {
  if (version.has_value() && std::find(versions.begin(), versions.end(), *version) == versions.end()) {
    return absl::NotFoundError(
        absl::StrCat("\"", folder, "\": expected version ", *version, ", got ",
                     versions.empty() ? "a folder without versions" : absl::StrJoin(versions, ", ")));
  }
  const int64_t chosen = version.value_or(versions.back());
  const std::string version_folder = Join(folder, absl::StrCat(chosen));
  BARYON_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListFolder(version_folder));
  BARYON_ASSIGN_OR_RETURN(ModelFiles files, FindInFolder(version_folder, names));
  files.version = chosen;
  AddCompanions(folder, files);
  return files;
}

// For files in a folder that is a version of a model itself, "digits/1": the model's name and companions.
void BesideOtherVersions(const std::string& folder, ModelFiles& files) {
  const std::optional<int64_t> version = ParseVersion(LastPart(folder));
  if (!version.has_value()) return;
  const std::string model = Join(folder, "..");
  files.version = version;
  files.name = LastPart(model);
  AddCompanions(model, files);
}

absl::StatusOr<ModelFiles> FindFromFolder(const std::string& folder, std::optional<int64_t> version) {
  BARYON_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListFolder(folder));
  BARYON_ASSIGN_OR_RETURN(const std::vector<int64_t> versions, ListVersions(folder));
  const bool has_versions = !versions.empty() && WithEnding(names, kSymbolEnd).empty();
  const bool choose = has_versions || version.has_value();
  BARYON_ASSIGN_OR_RETURN(ModelFiles files,
                          choose ? FindVersion(folder, versions, version) : FindInFolder(folder, names));
  files.name = LastPart(folder);
  if (!choose) BesideOtherVersions(folder, files);
  return files;
}

// "nets" for "nets/resnet", "" for "resnet".
std::string FolderOf(const std::string& path) { return fs::path(path).parent_path().string(); }

absl::Status NothingThere(const std::string& model) {
  const std::string folder = FolderOf(model);
  const absl::StatusOr<std::vector<std::string>> names = ListFolder(folder.empty() ? "." : folder);
  return absl::NotFoundError(
      absl::StrCat("\"", model, "\": expected a folder, a *-symbol.json or the prefix of one, got ",
                   names.ok() ? absl::StrCat(Shown(*names), " in \"", folder.empty() ? "." : folder, "\"")
                              : "nothing of that name"));
}

}  // namespace

std::optional<int64_t> ParseVersion(absl::string_view name) {
  int64_t version;
  const bool digits = !name.empty() && name[0] != '0' && std::all_of(name.begin(), name.end(), absl::ascii_isdigit);
  if (digits && absl::SimpleAtoi(name, &version)) return version;
  return std::nullopt;
}

absl::StatusOr<std::vector<int64_t>> ListVersions(const std::string& folder) {
  BARYON_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListFolder(folder));
  std::vector<int64_t> versions;
  for (absl::string_view name : names) {
    if (!absl::ConsumeSuffix(&name, "/")) continue;
    if (const std::optional<int64_t> version = ParseVersion(name); version.has_value()) versions.push_back(*version);
  }
  std::sort(versions.begin(), versions.end());
  return versions;
}

absl::StatusOr<ModelFiles> FindModelFiles(const std::string& model, std::optional<int64_t> version) {
  if (IsFolder(model)) return FindFromFolder(model, version);
  const bool is_symbol = IsFile(model) && absl::EndsWith(model, ".json");
  const std::string symbol = is_symbol ? model : absl::StrCat(model, kSymbolEnd);
  if (!IsFile(symbol)) {
    if (!IsFile(model)) return NothingThere(model);
    return absl::InvalidArgumentError(
        absl::StrCat("\"", model, "\": expected a folder, a *-symbol.json or the prefix of one, got another file"));
  }
  if (version.has_value()) {
    return absl::NotFoundError(
        absl::StrCat("\"", model, "\": expected version ", *version, ", got a model without versions"));
  }
  BARYON_ASSIGN_OR_RETURN(ModelFiles files, CompleteFiles(FolderOf(symbol), fs::path(symbol).filename().string()));
  BesideOtherVersions(files.folder, files);
  return files;
}

}  // namespace baryon
