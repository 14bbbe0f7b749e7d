// From files to a model that runs, with what belongs to it.
#ifndef BARYON_SERVER_MODELS_OPEN_MODEL_H_
#define BARYON_SERVER_MODELS_OPEN_MODEL_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/base/thread_pool.h"
#include "engine/io/model_files.h"
#include "engine/runtime/compile.h"
#include "server/models/served_model.h"

namespace baryon {

// Reads the graph, parameters, labels and preprocessing that `files` names. `pool` outlives the result. Errors name the
// file; see ReadModel.
absl::StatusOr<OpenedModel> OpenModel(const ModelFiles& files, ThreadPool& pool, const CompileOptions& options);

// The lines of labels.txt, without line ends; bytes that are no UTF-8 are replaced.
absl::StatusOr<std::vector<std::string>> ReadLabels(const std::string& path);

}  // namespace baryon

#endif  // BARYON_SERVER_MODELS_OPEN_MODEL_H_
