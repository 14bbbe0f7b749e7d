#include "server/models/model_repository.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "engine/base/status_macros.h"
#include "engine/io/model_files.h"
#include "server/quote.h"

namespace baryon {
namespace {

namespace fs = std::filesystem;

constexpr absl::string_view kSymbolSuffix = "-symbol.json";

absl::Status CannotRead(const std::string& folder, const std::error_code& error) {
  return absl::NotFoundError(absl::StrCat("cannot read repository \"", folder, "\": ", error.message()));
}

// The paths in `folder`, sorted; none when it cannot be read.
std::vector<fs::path> ChildrenOf(const fs::path& folder, std::error_code& error) {
  std::vector<fs::path> children;
  for (fs::directory_iterator child(folder, error), end; !error && child != end; child.increment(error)) {
    children.push_back(child->path());
  }
  std::sort(children.begin(), children.end());
  return children;
}

// What stat says of the regular files in `folder` whose names start with `prefix`. A file that vanishes meanwhile is
// left out: the next look will differ.
std::string FingerprintOf(const fs::path& folder, const std::string& prefix = "") {
  std::string fingerprint;
  std::error_code ignored;
  for (const fs::path& file : ChildrenOf(folder, ignored)) {
    struct stat status {};
    if (!absl::StartsWith(file.filename().string(), prefix) || stat(file.c_str(), &status) != 0) continue;
    if (!S_ISREG(status.st_mode)) continue;
    absl::StrAppend(&fingerprint, file.filename().string(), "|", status.st_size, "|", status.st_mtim.tv_sec, ".",
                    status.st_mtim.tv_nsec, "|", status.st_ino, "\n");
  }
  return fingerprint;
}

// The versions of the model at `path`: those of its version folders, else one.
std::vector<ModelVersion> VersionsOf(const std::string& name, const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) {
    return {{name, 1, path.string(), FingerprintOf(path.parent_path(), name)}};
  }
  const std::string shared = FingerprintOf(path);  // labels and preprocessing belong to every version
  std::vector<ModelVersion> versions;
  for (int64_t version : ListVersions(path.string()).value_or(std::vector<int64_t>())) {
    versions.push_back({name, version, path.string(), shared + FingerprintOf(path / absl::StrCat(version))});
  }
  if (versions.empty()) versions.push_back({name, 1, path.string(), shared});
  return versions;
}

}  // namespace

bool IsModelName(absl::string_view name) {
  constexpr size_t kMostBytes = 128;
  if (name.empty() || name.size() > kMostBytes || !absl::ascii_isalpha(name[0])) return false;
  if (absl::StrContains(name, "..")) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '_' || c == '-' || c == '.'; });
}

std::string ModelNameOf(const std::string& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return fs::canonical(path, ignored).filename().string();
  const std::string name = fs::path(path).filename().string();
  return std::string(absl::StripSuffix(name, kSymbolSuffix));
}

ModelRepository::ModelRepository(std::string folder, std::vector<std::string> models)
    : folder_(std::move(folder)), models_(std::move(models)) {}

absl::StatusOr<ModelRepository> ModelRepository::Open(std::string folder, std::vector<std::string> models) {
  std::set<std::string> names;
  for (const std::string& model : models) {
    const std::string name = ModelNameOf(model);
    if (!IsModelName(name)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "model ", Quote(model), ": expected a name of letters, digits, '_', '-' and '.', got ", Quote(name)));
    }
    if (!names.insert(name).second) {
      return absl::InvalidArgumentError(absl::StrCat("two models are called ", Quote(name)));
    }
  }
  std::error_code error;
  if (!folder.empty() && !fs::is_directory(folder, error)) {
    if (!error) error = std::make_error_code(std::errc::not_a_directory);
    return CannotRead(folder, error);
  }
  return ModelRepository(std::move(folder), std::move(models));
}

absl::StatusOr<std::vector<ModelVersion>> ModelRepository::Scan() const {
  std::vector<std::pair<std::string, fs::path>> models;
  std::set<std::string> named;
  for (const std::string& model : models_) {
    models.emplace_back(ModelNameOf(model), model);
    named.insert(models.back().first);
  }
  std::error_code error;
  if (!folder_.empty()) {
    for (const fs::path& child : ChildrenOf(folder_, error)) {
      const std::string name = child.filename().string();
      std::error_code ignored;
      // A model that was named on its own stands before one of the repository.
      if (IsModelName(name) && fs::is_directory(child, ignored) && named.count(name) == 0) {
        models.emplace_back(name, child);
      }
    }
    if (error) return CannotRead(folder_, error);
  }
  std::sort(models.begin(), models.end());
  std::vector<ModelVersion> versions;
  for (const auto& [name, path] : models) {
    for (ModelVersion& version : VersionsOf(name, path)) versions.push_back(std::move(version));
  }
  return versions;
}

}  // namespace baryon
