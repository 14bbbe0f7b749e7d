// From files to a model that serves.
#ifndef BARYON_SERVER_MODELS_MODEL_LOADER_H_
#define BARYON_SERVER_MODELS_MODEL_LOADER_H_

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "server/batching/batcher.h"
#include "server/batching/executor.h"
#include "server/metrics/metrics.h"
#include "server/models/model_repository.h"
#include "server/models/served_model.h"

namespace baryon {

// Reads the files of a version and makes an executable of them; see OpenModel.
using ModelOpener = std::function<absl::StatusOr<OpenedModel>(const ModelVersion& version)>;

// Builds a version in private: opens it, checks what was opened, warms it up. Publishing it is the caller's. Immutable;
// thread-safe.
class ModelLoader {
 public:
  struct Options {
    int64_t max_batch_rows = 32;
    int64_t max_queued_rows = 1024;
    int num_slots = 1;  // batches of one model at once, when its requests cannot be joined
  };

  // `executor` and `metrics` outlive the loader and the models it makes.
  ModelLoader(ModelOpener open, Options options, Executor& executor, ServerMetrics& metrics);

  // Errors: those of opening and warming up, with "loading model "x" version 7: " in front.
  absl::StatusOr<std::shared_ptr<const ServedModel>> Load(const ModelVersion& version) const;

 private:
  absl::StatusOr<std::shared_ptr<const ServedModel>> TryLoad(const ModelVersion& version) const;

  const ModelOpener open_;
  const Options options_;
  Executor& executor_;
  ServerMetrics& metrics_;
};

}  // namespace baryon

#endif  // BARYON_SERVER_MODELS_MODEL_LOADER_H_
