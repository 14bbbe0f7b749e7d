#include "engine/zoo/pretrained.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/base/status_macros.h"
#include "engine/io/model_files.h"
#include "engine/zoo/network_file.h"

namespace baryon::zoo {
namespace {

namespace fs = std::filesystem;

constexpr absl::string_view kCache = ".cache/baryon";

// The value of an environment variable, unless it is unset or empty.
std::optional<std::string> Environment(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr && *value != '\0' ? std::make_optional<std::string>(value) : std::nullopt;
}

// A folder in the home, or under / where there is none.
std::string AtHome(absl::string_view folder) { return absl::StrCat(Environment("HOME").value_or(""), "/", folder); }

// "resnet18_v1-a0666292.params" for resnet18_v1.
bool IsFileOf(const std::string& file, const std::string& network) {
  constexpr size_t kDigits = 8;
  const std::string begin = network + "-", end = ".params";
  if (file.size() != begin.size() + kDigits + end.size()) return false;
  const std::string digits = file.substr(begin.size(), kDigits);
  return absl::StartsWith(file, begin) && absl::EndsWith(file, end) &&
         std::all_of(digits.begin(), digits.end(), [](char c) { return absl::ascii_isxdigit(c); });
}

std::optional<std::string> FindIn(const std::string& root, const std::string& network) {
  const absl::StatusOr<ModelFiles> model = FindModelFiles((fs::path(root) / network).string());
  if (model.ok() && model->params.has_value()) return model->params;
  std::vector<std::string> files;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(root, ignored)) {
    if (IsFileOf(entry.path().filename().string(), network)) files.push_back(entry.path().string());
  }
  if (files.empty()) return std::nullopt;
  return *std::min_element(files.begin(), files.end());
}

}  // namespace

std::optional<std::string> FindCacheFolder() {
  if (std::optional<std::string> folder = Environment("BARYON_CACHE"); folder.has_value()) return folder;
  return Environment("HOME").has_value() ? std::make_optional(AtHome(kCache)) : std::nullopt;
}

std::string CacheFolder() { return FindCacheFolder().value_or(AtHome(kCache)); }

absl::StatusOr<std::string> FindPretrained(absl::string_view name, const std::string& root) {
  const std::string network = NetworkName(name).value_or(std::string(name));
  std::vector<std::string> folders = {root};
  if (root.empty()) folders = {CacheFolder(), Environment("MXNET_HOME").value_or(AtHome(".mxnet")) + "/models"};
  for (const std::string& folder : folders) {
    if (std::optional<std::string> file = FindIn(folder, network); file.has_value()) return *std::move(file);
  }
  return absl::NotFoundError(absl::StrCat("\"", network, "\": no pretrained parameters in \"",
                                          absl::StrJoin(folders, "\" or \""), "\"; \"baryon pull ", network,
                                          "\" fetches them"));
}

absl::Status LoadPretrained(absl::string_view name, int64_t classes, const std::string& path, gluon::HybridBlock& net) {
  BARYON_ASSIGN_OR_RETURN(const Network network, MakeNetwork(name, classes));
  BARYON_ASSIGN_OR_RETURN(const std::shared_ptr<const ParamsFile> params, ParamsFile::Open(path));
  BARYON_ASSIGN_OR_RETURN(const std::vector<size_t> matches, MatchParameters(network, *params));
  size_t place = 0;  // blocks list their parameters in the order of the network
  for (auto [structure, parameter] : net.CollectParams()) {
    BARYON_ASSIGN_OR_RETURN(const Tensor tensor, params->Read(matches[place++]));
    BARYON_RETURN_IF_ERROR(parameter.LoadData(tensor, {.cast_dtype = true}));
  }
  return absl::OkStatus();
}

}  // namespace baryon::zoo
