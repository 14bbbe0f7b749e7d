// From files to a model that serves.
#ifndef BARYON_SERVER_MODELS_MODEL_LOADER_H_
#define BARYON_SERVER_MODELS_MODEL_LOADER_H_

#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/batching/executor.h"
#include "server/metrics/metrics.h"
#include "server/models/cost_cache.h"
#include "server/models/model_config.h"
#include "server/models/model_repository.h"
#include "server/models/profile_model.h"
#include "server/models/served_model.h"

namespace baryon {

// Reads the files of a version and makes an executable of them; see OpenModel.
using ModelOpener = std::function<absl::StatusOr<OpenedModel>(const ModelVersion& version)>;

// Builds a version in private: opens it, checks what was opened, warms it up, measures what its passes cost and decides
// from that how it runs. Publishing it is the caller's. Immutable; thread-safe, and one version is measured at a time.
class ModelLoader {
 public:
  struct Options {
    int num_threads = 1;                            // of the server
    absl::Duration measure = absl::ZeroDuration();  // longest for a version; none: nothing is measured
    std::string cost_folder;                        // where measurements are kept between runs; empty: nowhere
  };

  // `executor` and `metrics` outlive the loader and the models it makes.
  ModelLoader(ModelOpener open, Options options, Executor& executor, ServerMetrics& metrics);

  // In the background it takes no core from models that serve, and rests while they have requests: it may take ten
  // times as long, up to half a minute longer. Errors: CANCELLED, `stop` was asked for; those of opening and warming
  // up, and UNIMPLEMENTED or INVALID_ARGUMENT of `settings` that the model does not fit; all with "loading model "x"
  // version 7: " in front.
  absl::StatusOr<std::shared_ptr<const ServedModel>> Load(const ModelVersion& version,
                                                          const ModelSettings& settings = {},
                                                          bool in_background = false,
                                                          const std::stop_token& stop = {}) const;

 private:
  struct Job;

  absl::StatusOr<std::shared_ptr<const ServedModel>> TryLoad(const Job& job) const;
  absl::StatusOr<CostTable> FindCosts(const Job& job, const Executable& executable, LoadReport& report) const;

  const ModelOpener open_;
  const Options options_;
  const CostCache costs_;
  Executor& executor_;
  ServerMetrics& metrics_;
  mutable absl::Mutex measuring_;  // held while a version is measured: two would time each other
  // By their keys: good enough for the next load of the same graph, not for the next run of the program.
  mutable std::map<std::string, CostTable> beside_others_ ABSL_GUARDED_BY(measuring_);
};

}  // namespace baryon

#endif  // BARYON_SERVER_MODELS_MODEL_LOADER_H_
