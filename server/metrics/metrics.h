// What the server counts, and its rendering for Prometheus.
//
// Names and labels are listed in README.md. Times are in seconds; requests are labelled by model, version, protocol and
// status code, never by anything a client chooses. The counters that dashboards and autoscalers for Triton read
// (nv_inference_*) exist beside them, in Triton's units.
#ifndef BARYON_SERVER_METRICS_METRICS_H_
#define BARYON_SERVER_METRICS_METRICS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace baryon {

enum class Protocol { kBaryon, kOpenInference, kTensorFlow, kMms };
enum class Transport { kGrpc, kRest };

// "baryon", "oip", "tfs", "mms"; "grpc", "rest": as metrics and logs write them.
absl::string_view ProtocolName(Protocol protocol);
absl::string_view TransportName(Transport transport);

// Where a request was when its client went.
enum class CancelStage { kQueue, kCompute, kWrite };

// What is known of a version, for baryon_model_state.
enum class ModelState { kLoading, kReady, kFailed, kEvicted };
struct ModelStateEntry {
  std::string model;
  int64_t version = 0;
  ModelState state = ModelState::kLoading;
};

// Where the time of one answered request went.
struct RequestTimes {
  absl::Duration total;
  absl::Duration queued;  // waiting for a batch
  absl::Duration input;   // bytes to tensors
  absl::Duration infer;   // the forward pass of its batch
  absl::Duration output;  // tensors to bytes
};

// What a model version has done since it was loaded first. Times are sums over the requests that succeeded.
struct ModelTotals {
  int64_t succeeded = 0, failed = 0;  // requests
  int64_t rows = 0, batches = 0;      // computed
  absl::Duration failed_time;         // of the requests that failed
  RequestTimes times;
  absl::Time last_batch = absl::InfinitePast();  // by the system's clock
};

// The series of one model version. They leave the rendering with the last object of that version: a version that is
// loaded again counts on. Counting takes some twenty nanoseconds and, among processors, no turns; whoever reads gets
// everything that was counted before. Thread-safe.
class ModelMetrics {
 public:
  ~ModelMetrics();
  ModelMetrics(const ModelMetrics&) = delete;
  ModelMetrics& operator=(const ModelMetrics&) = delete;

  // A request has come, and later: it was answered. The phases of `times` count when `code` is OK; the total always
  // does.
  void CountArrival();
  void CountAnswer(Protocol protocol, Transport transport, absl::StatusCode code, const RequestTimes& times);
  // Why a request was not computed: "queue_full", "overload", "deadline", "memory", "draining", "loading", "invalid",
  // "auth". Whose client went: where it was.
  void CountRejected(absl::string_view reason);
  void CountCancelled(CancelStage stage);
  // A forward pass of `rows` rows was run.
  void CountBatch(int64_t rows);
  void SetQueued(int64_t requests);
  void SetLoadDuration(absl::Duration duration);
  void SetMemory(int64_t bytes);

  ModelTotals Totals() const;

 private:
  friend class ServerMetrics;
  struct Families;
  struct Series;
  ModelMetrics(std::shared_ptr<Families> families, Series& series);

  const std::shared_ptr<Families> families_;
  Series& series_;  // owned by families_
};

// Thread-safe. May go before the ModelMetrics it made.
class ServerMetrics {
 public:
  // Labels of baryon_build_info.
  explicit ServerMetrics(absl::string_view server_version, absl::string_view instruction_set = "",
                         absl::string_view revision = "unknown");
  ~ServerMetrics();

  // The series of a version that is about to serve. For requests that name no such model: ("", 0).
  std::unique_ptr<ModelMetrics> ForModel(absl::string_view name, int64_t version);
  void CountLoadFailure(absl::string_view model, absl::StatusCode reason);
  // All versions that there are, in place of those before.
  void SetModelStates(const std::vector<ModelStateEntry>& entries);
  // The time of the threads that compute since the process started, and how many there are: what becomes
  // baryon_threads_busy_ratio between two renderings.
  void SetBusyTime(absl::Duration busy, int threads);

  // Everything, and the figures of the process (process_*), in Prometheus' text format 0.0.4.
  std::string ToText() const;

 private:
  const std::shared_ptr<ModelMetrics::Families> families_;
};

}  // namespace baryon

#endif  // BARYON_SERVER_METRICS_METRICS_H_
