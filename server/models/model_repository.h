// What there is to serve, on disk.
#ifndef BARYON_SERVER_MODELS_MODEL_REPOSITORY_H_
#define BARYON_SERVER_MODELS_MODEL_REPOSITORY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace baryon {

// A version of a model as it lies on disk; nothing says that it is whole or sound.
struct ModelVersion {
  std::string name;
  int64_t version = 1;
  std::string path;                     // of the model,
  std::optional<int64_t> folder;        // and its version folder, if it has such: what FindModelFiles takes
  std::string fingerprint;              // names, sizes and times of its files: changes when any of them does
  std::string settings_folder = {};     // where config.pbtxt is, if there is one
  std::string config_fingerprint = {};  // of config.pbtxt, which is no part of the other one; empty: there is none
  int64_t size_bytes = 0;               // of the files of the version
};

// A name that may stand in requests, metrics and paths; see CheckModelName.
bool IsModelName(absl::string_view name);

// A folder of models, and models named one by one:
//
//   REPOSITORY/NAME/[config.pbtxt] [labels.txt] [preprocess.json]
//   REPOSITORY/NAME/VERSION/*-symbol.json *-NNNN.params
//   REPOSITORY/NAME/*-symbol.json *-NNNN.params           version 1
//
// Immutable; thread-safe. Reads the disk at every call.
class ModelRepository {
 public:
  // `folder` may be empty: no repository. `models` are what FindModelFiles takes. Errors: NOT_FOUND, the folder or a
  // model does not exist; INVALID_ARGUMENT, a model without a proper name, or two of one name; those of FindModelFiles.
  static absl::StatusOr<ModelRepository> Open(std::string folder, std::vector<std::string> models);

  // Every version of every model, ordered by name, then version. Folders of the repository that are no models by their
  // names ("lost+found", ".git") are left out. Errors: the repository cannot be read.
  absl::StatusOr<std::vector<ModelVersion>> Scan() const;
  // What the fingerprint of a version that Scan has found is now; empty: it is gone.
  static std::string FingerprintNow(const ModelVersion& version);
  // The versions of one model that lies elsewhere, in a folder of the same layout.
  static std::vector<ModelVersion> VersionsAt(const std::string& name, const std::string& path) {
    return VersionsOf({name, path});
  }
  // The models that were named one by one, whatever the folder holds.
  std::vector<std::string> NamesOneByOne() const;

 private:
  // A model, before its versions are known.
  struct Model {
    std::string name;
    std::string path;
    int64_t version = 1;  // when it has no version folders
  };

  ModelRepository(std::string folder, std::vector<Model> models);
  static std::vector<ModelVersion> VersionsOf(const Model& model);

  std::string folder_;
  std::vector<Model> models_;  // those named one by one
};

}  // namespace baryon

#endif  // BARYON_SERVER_MODELS_MODEL_REPOSITORY_H_
