// A model version that is ready to answer.
#ifndef BARYON_SERVER_MODELS_SERVED_MODEL_H_
#define BARYON_SERVER_MODELS_SERVED_MODEL_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/runtime/executable.h"
#include "server/batching/batcher.h"
#include "server/batching/executor.h"
#include "server/metrics/metrics.h"

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

// Executable, batcher and statistics of one immutable version. The one place where the server touches the engine's
// runtime. Immutable after construction; thread-safe.
class ServedModel {
 public:
  // The clock and the executor, which outlives all requests, are those of the server.
  ServedModel(std::string name, int64_t version, OpenedModel opened, Batcher::Options options, Executor& executor,
              std::unique_ptr<ModelMetrics> metrics, Clock clock = MonotonicNow);

  const std::string& name() const { return name_; }
  int64_t version() const { return version_; }
  const Signature& signature() const { return opened_.executable->signature(); }
  const std::vector<std::string>& labels() const { return opened_.labels; }
  const PictureInput* pictures() const { return opened_.pictures.has_value() ? &*opened_.pictures : nullptr; }
  bool joins_requests() const { return joins_requests_; }
  int64_t max_batch_rows() const { return max_batch_rows_; }  // of joined requests

  // One forward pass, perhaps together with other requests; see Batcher::Request. Inputs are in the order of the
  // signature and fit it. The caller keeps this object alive until `done` is called.
  void Predict(Batcher::Request request) const;

  ModelMetrics& metrics() const { return *metrics_; }
  // Brings the gauges up to date: before they are rendered.
  void UpdateGauges() const;

 private:
  const std::string name_;
  const int64_t version_;
  const OpenedModel opened_;
  const bool joins_requests_;
  const int64_t max_batch_rows_;
  const std::shared_ptr<ModelMetrics> metrics_;  // shared with batches under way
  mutable Batcher batcher_;
};

}  // namespace baryon

#endif  // BARYON_SERVER_MODELS_SERVED_MODEL_H_
