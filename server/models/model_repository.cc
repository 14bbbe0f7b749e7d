#include "server/models/model_repository.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "engine/base/status_macros.h"
#include "engine/io/model_files.h"
#include "engine/io/model_name.h"
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
  for (fs::directory_iterator child(folder.empty() ? "." : folder, error), end; !error && child != end;
       child.increment(error)) {
    children.push_back(child->path());
  }
  std::sort(children.begin(), children.end());
  return children;
}

// What stat says of the regular files in a folder.
struct FolderLook {
  std::string fingerprint;
  std::string config;  // the same of config.pbtxt
  int64_t bytes = 0;   // without config.pbtxt
};

// Only of files whose names start with `prefix`. A file that vanishes meanwhile is left out: the next look will differ.
FolderLook LookAt(const fs::path& folder, const std::string& prefix = "") {
  FolderLook look;
  std::error_code ignored;
  for (const fs::path& file : ChildrenOf(folder, ignored)) {
    struct stat status {};
    if (!absl::StartsWith(file.filename().string(), prefix) || stat(file.c_str(), &status) != 0) continue;
    if (!S_ISREG(status.st_mode)) continue;
    const bool is_config = file.filename() == "config.pbtxt";
    absl::StrAppend(is_config ? &look.config : &look.fingerprint, file.filename().string(), "|", status.st_size, "|",
                    status.st_mtim.tv_sec, ".", status.st_mtim.tv_nsec, "|", status.st_ino, "\n");
    look.bytes += is_config ? 0 : status.st_size;
  }
  return look;
}

// The version folders of the model at `path`; none where its files lie in `path` itself. As FindModelFiles decides.
std::vector<int64_t> VersionFoldersOf(const fs::path& path) {
  std::error_code ignored;
  for (const fs::path& child : ChildrenOf(path, ignored)) {
    if (absl::EndsWith(child.filename().string(), kSymbolSuffix)) return {};
  }
  return ListVersions(path.string()).value_or(std::vector<int64_t>());
}

}  // namespace

bool IsModelName(absl::string_view name) { return CheckModelName(name).ok(); }

ModelRepository::ModelRepository(std::string folder, std::vector<Model> models)
    : folder_(std::move(folder)), models_(std::move(models)) {}

absl::StatusOr<ModelRepository> ModelRepository::Open(std::string folder, std::vector<std::string> models) {
  std::vector<Model> named;
  std::set<std::string> names;
  for (const std::string& path : models) {
    BARYON_ASSIGN_OR_RETURN(const ModelFiles files, FindModelFiles(path));
    if (!IsModelName(files.name)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "model \"", path, "\": expected a name of letters, digits, '_', '-' and '.', got ", Quote(files.name)));
    }
    if (!names.insert(files.name).second) {
      return absl::InvalidArgumentError(absl::StrCat("two models are called ", Quote(files.name)));
    }
    named.push_back({files.name, path, files.version.value_or(1)});
  }
  std::error_code error;
  if (!folder.empty() && !fs::is_directory(folder, error)) {
    if (!error) error = std::make_error_code(std::errc::not_a_directory);
    return CannotRead(folder, error);
  }
  return ModelRepository(std::move(folder), std::move(named));
}

std::vector<ModelVersion> ModelRepository::VersionsOf(const Model& model) {
  const fs::path path = model.path;
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) {
    const fs::path folder = path.parent_path();
    const FolderLook look = LookAt(folder, std::string(absl::StripSuffix(path.filename().string(), kSymbolSuffix)));
    const std::string config = LookAt(folder, "config.pbtxt").config;
    return {
        {model.name, model.version, model.path, std::nullopt, look.fingerprint, folder.string(), config, look.bytes}};
  }
  const FolderLook shared = LookAt(path);  // labels and preprocessing belong to every version
  std::vector<ModelVersion> versions;
  for (int64_t version : VersionFoldersOf(path)) {
    const FolderLook own = LookAt(path / absl::StrCat(version));
    versions.push_back({model.name, version, model.path, version, shared.fingerprint + own.fingerprint, model.path,
                        shared.config, own.bytes});
  }
  if (versions.empty()) {
    versions.push_back({model.name, model.version, model.path, std::nullopt, shared.fingerprint, model.path,
                        shared.config, shared.bytes});
  }
  return versions;
}

std::string ModelRepository::FingerprintNow(const ModelVersion& version) {
  for (const ModelVersion& now : VersionsOf({version.name, version.path, version.version})) {
    if (now.version == version.version) return now.fingerprint;
  }
  return "";
}

std::vector<std::string> ModelRepository::NamesOneByOne() const {
  std::vector<std::string> names;
  for (const Model& model : models_) names.push_back(model.name);
  return names;
}

absl::StatusOr<std::vector<ModelVersion>> ModelRepository::Scan() const {
  std::map<std::string, Model> models;
  for (const Model& model : models_) models[model.name] = model;
  std::error_code error;
  if (!folder_.empty()) {
    for (const fs::path& child : ChildrenOf(folder_, error)) {
      const std::string name = child.filename().string();
      std::error_code ignored;
      // A model that was named on its own stands before one of the repository.
      if (IsModelName(name) && fs::is_directory(child, ignored)) models.insert({name, {name, child.string()}});
    }
    if (error) return CannotRead(folder_, error);
  }
  std::vector<ModelVersion> versions;
  for (const auto& [name, model] : models) {
    for (ModelVersion& version : VersionsOf(model)) versions.push_back(std::move(version));
  }
  return versions;
}

}  // namespace baryon
