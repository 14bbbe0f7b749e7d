// Putting one model where models are: locked, staged, shown at once.
#ifndef BARYON_ENGINE_STORE_INSTALLATION_H_
#define BARYON_ENGINE_STORE_INSTALLATION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/store/folder_lock.h"
#include "engine/store/model_folder.h"
#include "engine/store/provenance.h"
#include "engine/store/staging.h"

namespace baryon::store {

// Where models are: ROOT/NAME/ in a cache, ROOT/NAME/VERSION/ in a repository. Working files are in ROOT/.store, which
// is no model by its name. Value.
struct ModelRoot {
  std::string path;
  bool versioned = false;
};

// What somebody who waits wants to know, and may say. All may be empty.
struct Watcher {
  std::function<void(const std::string& step)> step = {};  // a new step has begun: "fetching resnet18_v1"
  // Of a transfer; `total` 0: unknown. An error ends it.
  std::function<absl::Status(int64_t done, int64_t total)> bytes = {};
};

// The folder of model `name` that holds what a publisher calls `digest`, if there is one. In a repository: of the
// highest such version.
std::optional<std::string> FindInstalled(const ModelRoot& root, const std::string& name, const std::string& digest);

struct InstalledModel {
  std::string name;
  std::string folder;                    // in a repository that of the highest version
  std::optional<Provenance> provenance;  // absent: somebody put it there by hand
};

// The models in `root`, by name; none where there is no such folder.
std::vector<InstalledModel> ListInstalled(const ModelRoot& root);

// One model on its way. Holds the lock of its name. One thread.
class Installation {
 public:
  // Waits for others who install a model of this name. Errors: INVALID_ARGUMENT, no name of a model;
  // FAILED_PRECONDITION, there is something of that name that was not installed; those of the system; of `watcher`.
  static absl::StatusOr<Installation> Begin(const ModelRoot& root, const std::string& name, const Watcher& watcher);

  // A file that outlives this installation: what has been fetched so far.
  std::string download() const;
  // A new empty folder that goes with this installation.
  absl::StatusOr<std::string> MakeFolder(const std::string& name) const { return staging_.MakeFolder(name); }

  // Writes the model, checks it and shows it: in a cache in the place of an older one, in a repository as the next
  // version. Returns its folder. Errors: those of WriteModelFolder, of the system.
  absl::StatusOr<std::string> Finish(const ModelParts& parts, const Provenance& provenance) const;

 private:
  Installation(ModelRoot root, std::string name, std::unique_ptr<FolderLock> lock, Staging staging)
      : root_(std::move(root)), name_(std::move(name)), lock_(std::move(lock)), staging_(std::move(staging)) {}

  const ModelRoot root_;
  const std::string name_;
  std::unique_ptr<FolderLock> lock_;  // outlives the staging
  Staging staging_;
};

// Takes the model away: nobody sees half of it. Errors: NOT_FOUND, there is none; as Begin.
absl::Status RemoveInstalled(const ModelRoot& root, const std::string& name, const Watcher& watcher);

}  // namespace baryon::store

#endif  // BARYON_ENGINE_STORE_INSTALLATION_H_
