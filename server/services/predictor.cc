#include "server/services/predictor.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "engine/base/logging.h"
#include "engine/base/status_macros.h"
#include "server/quote.h"
#include "server/refusal.h"

namespace baryon {
namespace {

std::string Milliseconds(absl::Duration duration) {
  return absl::StrFormat("%.3f", absl::ToDoubleMilliseconds(duration));
}

// What baryon_rejected_total says of a status; nullptr when the request was not rejected.
const char* RejectionReason(const absl::Status& status) {
  const std::optional<Refusal> refusal = RefusalOf(status);
  if (!refusal.has_value()) return absl::IsInvalidArgument(status) ? "invalid" : nullptr;
  switch (*refusal) {
    case Refusal::kQueueFull:
      return "queue_full";
    case Refusal::kOverload:
      return "overload";
    case Refusal::kMemory:
      return "memory";
    case Refusal::kDeadlineUnreachable:
    case Refusal::kDeadlineExceeded:
      return "deadline";
    case Refusal::kModelLoading:
      return "loading";
    case Refusal::kDraining:
      return "draining";
    case Refusal::kCancelled:
      return nullptr;
  }
  return nullptr;
}

}  // namespace

// One request on its way. It keeps its model alive; whoever holds the call last releases both.
struct Predictor::Call {
  Call(Predictor& predictor, Request&& request)
      : predictor(predictor), request(std::move(request)), arrival(predictor.clock_()) {}

  Predictor& predictor;
  Request request;
  const absl::Time arrival;
  std::shared_ptr<const ServedModel> model;  // once it is found
  ModelMetrics* metrics = nullptr;           // of the model, or of none
  RequestTimes times;
  int64_t batch_rows = 0;  // of the pass it was part of
};

Predictor::Predictor(const ModelRegistry& registry, ServerMetrics& metrics, Options options, Clock clock)
    : registry_(registry), options_(options), clock_(std::move(clock)), nowhere_(metrics.ForModel("", 0)) {}

Predictor::~Predictor() = default;

void Predictor::Start(Request request) {
  // Written once, not by every request: all of them read what lies beside it.
  if (!any_came_.load(std::memory_order_relaxed)) any_came_.store(true, std::memory_order_relaxed);
  const auto call = std::make_shared<Call>(*this, std::move(request));
  call->metrics = nowhere_.get();
  const absl::Status status = TryStart(call);
  if (!status.ok()) Finish(*call, status, clock_());
}

void Predictor::CountUnauthorized() { nowhere_->CountRejected("auth"); }

absl::Status Predictor::TryStart(const std::shared_ptr<Call>& call) {
  Request& request = call->request;
  absl::StatusOr<std::shared_ptr<const ServedModel>> found =
      request.version.ok() ? registry_.Find(request.model, *request.version) : request.version.status();
  if (found.ok()) {
    call->model = *std::move(found);
    call->metrics = &call->model->metrics();
  }
  call->metrics->CountArrival();
  if (closed_) return Refuse(Refusal::kDraining, "the server is about to end", absl::Seconds(1));
  if (call->model == nullptr) return found.status();

  // What would be refused need not be decoded: that is what keeps an overloaded server answering.
  const ServedModel& model = *call->model;
  const auto max_wait = [&] { return std::min(request.max_wait, options_.max_queue_time); };
  const auto priority = [&] { return model.settings().PriorityOf(request.priority_level); };
  BARYON_RETURN_IF_ERROR(model.Admit(call->arrival, request.deadline, max_wait(), priority()));
  Batcher::Request pending;
  BARYON_ASSIGN_OR_RETURN(pending.inputs, request.decode(model, request));
  pending.submitted = clock_();
  call->times.input = pending.submitted - call->arrival;
  pending.deadline = request.deadline;
  pending.max_wait = max_wait();
  pending.priority = priority();
  pending.may_run_here = request.transport == Transport::kGrpc;  // one thread serves all connections of HTTP
  pending.stop = request.stop;
  pending.done = [call](absl::StatusOr<Tensors> outputs, const Batcher::Timing& timing) {
    call->predictor.Answer(*call, std::move(outputs), timing);
  };
  model.Predict(std::move(pending));
  return absl::OkStatus();
}

void Predictor::Answer(Call& call, absl::StatusOr<Tensors> outputs, const Batcher::Timing& timing) {
  call.times.queued = timing.queued;
  call.times.infer = timing.computed;
  call.batch_rows = timing.batch_rows;
  const absl::Time computed = clock_();
  if (!outputs.ok()) {
    if (call.request.stop.stop_requested()) call.metrics->CountCancelled(CancelStage::kQueue);
    return Finish(call, outputs.status(), computed);
  }
  if (call.request.stop.stop_requested()) {  // computed, but for nobody: at least nothing is written for it
    call.metrics->CountCancelled(CancelStage::kCompute);
    return Finish(call, Refuse(Refusal::kCancelled, "the client no longer waits for the answer"), computed);
  }
  const absl::Status status = call.request.encode(*call.model, *outputs);
  const absl::Time encoded = clock_();
  call.times.output = encoded - computed;
  Finish(call, status, encoded);
}

void Predictor::Finish(Call& call, const absl::Status& status, absl::Time now) {
  call.times.total = now - call.arrival;
  call.metrics->CountAnswer(call.request.protocol, call.request.transport, status.code(), call.times);
  if (const char* reason = RejectionReason(status); reason != nullptr) call.metrics->CountRejected(reason);
  if (options_.log_requests) LogRequest(call, status, call.times);
  call.request.done(status);
}

void Predictor::LogRequest(const Call& call, const absl::Status& status, const RequestTimes& times) const {
  const Request& request = call.request;
  LogInfo("request", {{"model", Quote(request.model)},
                      {"version", absl::StrCat(call.model == nullptr ? 0 : call.model->version())},
                      {"protocol", std::string(ProtocolName(request.protocol))},
                      {"transport", std::string(TransportName(request.transport))},
                      {"code", absl::StatusCodeToString(status.code())},
                      {"total_ms", Milliseconds(times.total)},
                      {"queue_ms", Milliseconds(times.queued)},
                      {"infer_ms", Milliseconds(times.infer)},
                      {"rows", absl::StrCat(call.batch_rows)},
                      {"id", Quote(request.id)},
                      {"trace_id", request.trace.has_value() ? request.trace->trace_id : ""},
                      {"parent_id", request.trace.has_value() ? request.trace->parent_id : ""},
                      {"span_id", request.span_id},
                      {"error", Quote(std::string(status.message()))}});
}

}  // namespace baryon
