// The path of a prediction through the server, the same for every protocol.
#ifndef BARYON_SERVER_SERVICES_PREDICTOR_H_
#define BARYON_SERVER_SERVICES_PREDICTOR_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/batching/clock.h"
#include "server/batching/rows.h"
#include "server/metrics/metrics.h"
#include "server/models/model_registry.h"
#include "server/trace_context.h"

namespace baryon {

// Find, decode, predict, encode; counted and, on request, logged. Protocols differ in what they decode and encode.
// Thread-safe.
class Predictor {
 public:
  struct Options {
    absl::Duration max_queue_time = absl::Seconds(1);  // a request that waited longer is refused
    bool log_requests = false;
  };

  struct Request {
    Protocol protocol = Protocol::kBaryon;
    Transport transport = Transport::kGrpc;
    std::string model;
    absl::StatusOr<int64_t> version = 0;  // 0: the highest; an error ends the request
    absl::Time deadline = absl::InfiniteFuture();
    absl::Duration max_wait = absl::InfiniteDuration();  // in the queue, where the client wants less than the server
    uint64_t priority_level = 0;                         // 1: goes first; 0: as the model's configuration says
    std::stop_token stop;                                // asked to stop once nobody waits for the answer any more
    std::string id;                                      // the client's own name for it, for logs
    std::optional<TraceContext> trace;                   // the call that it is part of,
    std::string span_id;                                 // and its own part of it
    // Bytes to tensors; they may view the request, which stays as it is until `done`. May set what only the bytes tell:
    // `id`, `max_wait` and `priority_level` of `request`, which is this one.
    absl::AnyInvocable<absl::StatusOr<Tensors>(const ServedModel& model, Request& request)> decode;
    // Tensors to the answer.
    absl::AnyInvocable<absl::Status(const ServedModel& model, const Tensors& outputs)> encode;
    // Called once, from Start or on another thread; the request may be gone when it returns.
    absl::AnyInvocable<void(const absl::Status& status)> done;
  };

  // All are borrowed and outlive every request.
  Predictor(const ModelRegistry& registry, ServerMetrics& metrics, Options options, Clock clock = MonotonicNow);
  ~Predictor();

  void Start(Request request);
  // Refuses what comes from now on (UNAVAILABLE, DRAINING); what has come is answered.
  void Close() { closed_ = true; }
  // A call that was refused before anybody looked at it: its token was missing or wrong.
  void CountUnauthorized();
  // Whether a request has come since this was asked last.
  bool AnyCame() { return any_came_.exchange(false, std::memory_order_relaxed); }

 private:
  struct Call;

  absl::Status TryStart(const std::shared_ptr<Call>& call);
  void Answer(Call& call, absl::StatusOr<Tensors> outputs, const Batcher::Timing& timing);
  void Finish(Call& call, const absl::Status& status, absl::Time now);
  void LogRequest(const Call& call, const absl::Status& status, const RequestTimes& times) const;

  const ModelRegistry& registry_;
  const Options options_;
  const Clock clock_;
  std::atomic<bool> any_came_{false};
  std::atomic<bool> closed_{false};
  const std::unique_ptr<ModelMetrics> nowhere_;  // counts requests for models that are not loaded
};

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_PREDICTOR_H_
