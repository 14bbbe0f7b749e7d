// Models in the containers of other servers: Multi Model Server's .mar, SageMaker's model.tar.gz, files of an export.
#ifndef BARYON_ENGINE_STORE_IMPORT_H_
#define BARYON_ENGINE_STORE_IMPORT_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "engine/store/installation.h"

namespace baryon::store {

struct ImportOptions {
  std::string name = {};          // of the model; empty: as the archive says, else as the file is called
  std::string architecture = {};  // network of the zoo, for parameters without a symbol
  int64_t classes = 1000;         // of it
  bool ignore_code = false;       // takes the network alone from an archive with Python code of its own
};

struct ImportedModel {
  std::string name, folder;
  bool was_there = false;
};

// The model in `file` into `root`. `file` is an archive as ExtractArchive takes it, a .params, or what FindModelFiles
// takes: a folder, a *-symbol.json, an export's prefix. Nothing in an archive is ever run: code of the handlers that
// come with Multi Model Server is left out, for what they do is done here (a picture is resized to the shape of
// signature.json, its labels are synset.txt); any other code is a reason to refuse. Errors: FAILED_PRECONDITION, code,
// naming the file; INVALID_ARGUMENT, no model, or no name; those of ExtractArchive, FindModelParts, Installation.
absl::StatusOr<ImportedModel> Import(const std::string& file, const ModelRoot& root, const ImportOptions& options,
                                     const Watcher& watcher);

}  // namespace baryon::store

#endif  // BARYON_ENGINE_STORE_IMPORT_H_
