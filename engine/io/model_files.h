// From what a user types to the files of a model.
#ifndef BARYON_ENGINE_IO_MODEL_FILES_H_
#define BARYON_ENGINE_IO_MODEL_FILES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace baryon {

// The files of one version of a model. Paths are as the user gave them, extended.
struct ModelFiles {
  std::string name;  // of the folder, or the prefix's last part: "resnet"
  std::string folder;
  std::string symbol;                 // path of *-symbol.json
  std::optional<std::string> params;  // path of *-NNNN.params, the highest epoch; absent: every variable is an input
  std::optional<std::string> labels;  // labels.txt
  std::optional<std::string> preprocess;  // preprocess.json
  std::optional<int64_t> version;         // of a folder with versions
};

// Finds the files of `model`, which is any of
//   a folder with one *-symbol.json; with version folders 1/ 2/ ... of that form: the highest version, or `version`
//   a path to a *-symbol.json
//   an export prefix, "nets/resnet" for nets/resnet-symbol.json
// Parameters are PREFIX-NNNN.params beside the symbol, the highest epoch; else PREFIX.params; else the only *.params of
// the folder. labels.txt and preprocess.json are looked for beside the symbol, then beside the version folders.
// Errors: NOT_FOUND and INVALID_ARGUMENT saying what was looked for and what is there.
absl::StatusOr<ModelFiles> FindModelFiles(const std::string& model, std::optional<int64_t> version = std::nullopt);

// The version that a folder called `name` holds: a positive whole number, without leading zeros. Empty: it is none.
std::optional<int64_t> ParseVersion(absl::string_view name);

// The version folders of `folder`, ascending.
absl::StatusOr<std::vector<int64_t>> ListVersions(const std::string& folder);

}  // namespace baryon

#endif  // BARYON_ENGINE_IO_MODEL_FILES_H_
