// A model version that is ready to answer.
#ifndef BARYON_SERVER_MODELS_SERVED_MODEL_H_
#define BARYON_SERVER_MODELS_SERVED_MODEL_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "engine/runtime/executable.h"
#include "server/batching/batcher.h"
#include "server/batching/executor.h"
#include "server/metrics/metrics.h"
#include "server/models/give_back.h"
#include "server/models/model_config.h"

namespace baryon {

// How a model takes pictures.
struct PictureInput {
  std::string input;  // the input that pictures stand for
  // The bytes of a PNG or JPEG file as one row of that input, [1, C, H, W]. Errors: INVALID_ARGUMENT. Thread-safe.
  std::function<absl::StatusOr<Tensor>(absl::string_view file)> decode;
};

// What the files of a version hold.
struct OpenedModel {
  std::shared_ptr<const Executable> executable;
  std::vector<std::string> labels;       // of the classes; empty: none
  std::optional<PictureInput> pictures;  // absent: the model takes arrays only
};

// How a version came to serve as it does: what GET /v2/models/NAME/plan explains.
struct LoadReport {
  std::string costs_from;    // "measured in 1.2 s", "cache", "an earlier load ...", "not measured"
  absl::Duration load_time;  // from its files to ready
  int64_t weight_bytes = 0;  // of its parameters
  int num_threads = 1;       // of the process
};

// Everything about one version that explains limits, threads, batches and memory. A value.
struct ModelPlan {
  std::string name;
  int64_t version = 0;
  LoadReport load;
  Batcher::Report batching;
  int64_t workspace_bytes = 0;  // of passes that wait for the next request
  VersionPolicy versions;
  absl::Duration max_wait;  // as the model's configuration says; infinite: as the server's
};

// What is done when a model has gone, and with it the last of its batches: see GiveBackMemory.
class FreedCalls {
 public:
  FreedCalls() = default;
  ~FreedCalls() { GiveBackMemory(std::move(calls_)); }
  FreedCalls(const FreedCalls&) = delete;
  FreedCalls& operator=(const FreedCalls&) = delete;

  void Add(std::function<void()> call) {
    absl::MutexLock lock(&mutex_);
    calls_.push_back(std::move(call));
  }

 private:
  absl::Mutex mutex_;
  std::vector<std::function<void()>> calls_ ABSL_GUARDED_BY(mutex_);
};

// Executable, batcher and statistics of one immutable version. The one place where the server touches the engine's
// runtime. Immutable after construction; thread-safe.
class ServedModel {
 public:
  // The clock and the executor, which outlives all requests, are those of the server.
  ServedModel(std::string name, int64_t version, OpenedModel opened, Batcher::Options options, Executor& executor,
              std::unique_ptr<ModelMetrics> metrics, Clock clock = MonotonicNow, ModelSettings settings = {},
              LoadReport load = {});

  const std::string& name() const { return name_; }
  int64_t version() const { return version_; }
  const Signature& signature() const { return opened_.executable->signature(); }
  const std::vector<std::string>& labels() const { return opened_.labels; }
  const PictureInput* pictures() const { return opened_.pictures.has_value() ? &*opened_.pictures : nullptr; }
  const ModelSettings& settings() const { return settings_; }
  bool joins_requests() const { return joins_requests_; }
  int64_t max_batch_rows() const { return max_batch_rows_; }  // of joined requests

  // One forward pass, perhaps together with other requests; see Batcher. Inputs are in the order of the signature and
  // fit it. The caller keeps this object alive until `done` is called. Errors, besides the batcher's:
  // INVALID_ARGUMENT, more rows than max_batch_size allows.
  void Predict(Batcher::Request request) const;

  // What Predict would say at once to a request of one row: so that nothing has to be decoded for it. `now` is the time
  // by the clock. OK or a Refusal.
  absl::Status Admit(absl::Time now, absl::Time deadline, absl::Duration max_wait, Priority priority) const;

  // When the last request came; at first, when it was made. For deciding who has to go when memory is short.
  absl::Time last_used() const { return absl::FromUnixNanos(last_used_ns_.load(std::memory_order_relaxed)); }
  int64_t memory_bytes() const;  // weights and workspaces
  ModelPlan plan() const;
  // Calls `call` once the model is gone and its memory was given back to the system.
  void OnFreed(std::function<void()> call) const;

  ModelMetrics& metrics() const { return *metrics_; }
  // Brings the gauges up to date: before they are rendered.
  void UpdateGauges() const;

 private:
  absl::Duration MaxWait(absl::Duration wanted, Priority priority) const;

  const std::shared_ptr<FreedCalls> freed_;  // shared with batches under way, and the last to go
  const std::string name_;
  const int64_t version_;
  const OpenedModel opened_;
  const ModelSettings settings_;
  const LoadReport load_;
  const bool joins_requests_;
  const int64_t max_batch_rows_;
  const Clock clock_;
  // Every request writes it, and reads what lies around.
  alignas(64) mutable std::atomic<int64_t> last_used_ns_;
  alignas(64) const std::shared_ptr<ModelMetrics> metrics_;  // shared with batches under way
  mutable Batcher batcher_;
};

}  // namespace baryon

#endif  // BARYON_SERVER_MODELS_SERVED_MODEL_H_
