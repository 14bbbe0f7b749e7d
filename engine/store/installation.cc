#include "engine/store/installation.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"
#include "engine/io/model_files.h"
#include "engine/io/model_name.h"

namespace baryon::store {
namespace {

namespace fs = std::filesystem;

std::string FolderOf(const ModelRoot& root, const std::string& name) { return absl::StrCat(root.path, "/", name); }
std::string WorkFolder(const ModelRoot& root) { return absl::StrCat(root.path, "/.store"); }

bool Exists(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// The folders that hold a model `name`, the newest first.
std::vector<std::string> FoldersOf(const ModelRoot& root, const std::string& name) {
  const std::string folder = FolderOf(root, name);
  if (!root.versioned) return {folder};
  std::vector<std::string> folders;
  for (int64_t version : ListVersions(folder).value_or(std::vector<int64_t>())) {
    folders.push_back(absl::StrCat(folder, "/", version));
  }
  std::reverse(folders.begin(), folders.end());
  return folders;
}

// OK when a model may be put at the place of `name`.
absl::Status CheckPlace(const ModelRoot& root, const std::string& name) {
  const std::string folder = FolderOf(root, name);
  if (!Exists(folder)) return absl::OkStatus();
  const bool good =
      root.versioned ? !FoldersOf(root, name).empty() || !FindModelFiles(folder).ok() : ReadProvenance(folder).ok();
  if (good) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "\"", folder, "\": expected ", root.versioned ? "version folders" : "a model that was pulled or imported",
      ", got something else, which is left alone"));
}

absl::StatusOr<std::unique_ptr<FolderLock>> TakeLock(const ModelRoot& root, const std::string& name,
                                                     const Watcher& watcher) {
  BARYON_RETURN_IF_ERROR(CheckModelName(name));
  BARYON_RETURN_IF_ERROR(MakeFolders(WorkFolder(root)));
  bool said = false;
  const auto waiting = [&]() -> absl::Status {
    if (!std::exchange(said, true) && watcher.step)
      watcher.step(absl::StrCat("waiting for another who installs ", name));
    constexpr int64_t kNothingYet = 0;
    return watcher.bytes ? watcher.bytes(kNothingYet, kNothingYet) : absl::OkStatus();
  };
  return FolderLock::Take(absl::StrCat(WorkFolder(root), "/", name, ".lock"), waiting);
}

}  // namespace

std::optional<std::string> FindInstalled(const ModelRoot& root, const std::string& name, const std::string& digest) {
  for (const std::string& folder : FoldersOf(root, name)) {
    const absl::StatusOr<Provenance> provenance = ReadProvenance(folder);
    if (provenance.ok() && provenance->digest == digest && FindModelFiles(folder).ok()) return folder;
  }
  return std::nullopt;
}

std::vector<InstalledModel> ListInstalled(const ModelRoot& root) {
  std::vector<InstalledModel> models;
  std::error_code error;
  for (fs::directory_iterator it(root.path, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (!CheckModelName(name).ok() || !FindModelFiles(it->path().string()).ok()) continue;
    const std::vector<std::string> folders = FoldersOf(root, name);
    const std::string folder = folders.empty() ? it->path().string() : folders.front();
    absl::StatusOr<Provenance> provenance = ReadProvenance(folder);
    models.push_back({name, folder, provenance.ok() ? std::optional(*std::move(provenance)) : std::nullopt});
  }
  std::sort(models.begin(), models.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return models;
}

absl::StatusOr<Installation> Installation::Begin(const ModelRoot& root, const std::string& name,
                                                 const Watcher& watcher) {
  BARYON_ASSIGN_OR_RETURN(std::unique_ptr<FolderLock> lock, TakeLock(root, name, watcher));
  BARYON_RETURN_IF_ERROR(CheckPlace(root, name));
  BARYON_ASSIGN_OR_RETURN(Staging staging, Staging::Create(WorkFolder(root), absl::StrCat(name, ".staging")));
  return Installation(root, name, std::move(lock), std::move(staging));
}

std::string Installation::download() const { return absl::StrCat(WorkFolder(root_), "/", name_, ".download"); }

absl::StatusOr<std::string> Installation::Finish(const ModelParts& parts, const Provenance& provenance) const {
  std::string target = FolderOf(root_, name_);
  const std::vector<std::string> versions = FoldersOf(root_, name_);
  int64_t version = 1;
  if (root_.versioned && !versions.empty()) {
    BARYON_ASSIGN_OR_RETURN(const std::vector<int64_t> numbers, ListVersions(target));
    version = *std::max_element(numbers.begin(), numbers.end()) + 1;
  }
  const std::string inside = root_.versioned ? absl::StrCat("new/", version) : "new";
  BARYON_ASSIGN_OR_RETURN(const std::string folder, staging_.MakeFolder(inside));
  BARYON_RETURN_IF_ERROR(WriteModelFolder(parts, name_, folder));
  BARYON_RETURN_IF_ERROR(WriteProvenance(folder, provenance));
  if (!root_.versioned) {
    BARYON_RETURN_IF_ERROR(staging_.Publish(folder, target));
    return target;
  }
  // A model's first version comes with the model's folder: nobody sees one without versions.
  const std::string shown = absl::StrCat(target, "/", version);
  BARYON_RETURN_IF_ERROR(Exists(target) ? staging_.Publish(folder, shown)
                                        : staging_.Publish(fs::path(folder).parent_path().string(), target));
  return shown;
}

absl::Status RemoveInstalled(const ModelRoot& root, const std::string& name, const Watcher& watcher) {
  BARYON_RETURN_IF_ERROR(CheckModelName(name));
  const std::string folder = FolderOf(root, name);
  if (!Exists(folder)) return absl::NotFoundError(absl::StrCat("no model \"", name, "\" in \"", root.path, "\""));
  BARYON_ASSIGN_OR_RETURN(const Installation installation, Installation::Begin(root, name, watcher));
  BARYON_ASSIGN_OR_RETURN(const std::string place, installation.MakeFolder("removed"));
  if (std::rename(folder.c_str(), absl::StrCat(place, "/", name).c_str()) != 0) {
    return ErrnoToStatus(errno, "cannot remove", folder);
  }
  return absl::OkStatus();
}

}  // namespace baryon::store
