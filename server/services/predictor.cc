#include "server/services/predictor.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "engine/base/logging.h"
#include "engine/base/status_macros.h"
#include "server/quote.h"

namespace baryon {
namespace {

std::string Milliseconds(absl::Duration duration) {
  return absl::StrFormat("%.3f", absl::ToDoubleMilliseconds(duration));
}

}  // namespace

// One request on its way. It keeps its model alive; whoever holds the call last releases both.
struct Predictor::Call {
  Request request;
  absl::Time arrival;
  std::shared_ptr<const ServedModel> model;  // once it is found
  ModelMetrics* metrics = nullptr;           // of the model, or of none
  RequestTimes times;
};

Predictor::Predictor(const ModelRegistry& registry, ServerMetrics& metrics, Options options, Clock clock)
    : registry_(registry), options_(options), clock_(std::move(clock)), nowhere_(metrics.ForModel("", 0)) {}

Predictor::~Predictor() = default;

void Predictor::Start(Request request) {
  auto call = std::make_shared<Call>();
  call->request = std::move(request);
  call->arrival = clock_();
  call->metrics = nowhere_.get();
  const absl::Status status = TryStart(call);
  if (!status.ok()) Finish(*call, status);
}

absl::Status Predictor::TryStart(const std::shared_ptr<Call>& call) {
  const Request& request = call->request;
  absl::StatusOr<std::shared_ptr<const ServedModel>> found =
      request.version.ok() ? registry_.Find(request.model, *request.version) : request.version.status();
  if (found.ok()) {
    call->model = *std::move(found);
    call->metrics = &call->model->metrics();
  }
  call->metrics->CountArrival();
  if (call->model == nullptr) return found.status();

  Batcher::Request pending;
  BARYON_ASSIGN_OR_RETURN(pending.inputs, request.decode(*call->model));
  const absl::Time decoded = clock_();
  call->times.input = decoded - call->arrival;
  pending.deadline = request.deadline;
  pending.max_wait = std::min(request.max_wait, options_.max_queue_time);
  pending.priority = request.priority;
  pending.stop = request.stop;
  pending.done = [this, call](absl::StatusOr<Tensors> outputs, const Batcher::Timing& timing) {
    call->times.queued = timing.queued;
    call->times.infer = timing.computed;
    if (!outputs.ok()) return Finish(*call, outputs.status());
    const absl::Time computed = clock_();
    const absl::Status encoded = call->request.encode(*call->model, *outputs);
    call->times.output = clock_() - computed;
    Finish(*call, encoded);
  };
  call->model->Predict(std::move(pending));
  return absl::OkStatus();
}

void Predictor::Finish(Call& call, const absl::Status& status) {
  call.times.total = clock_() - call.arrival;
  call.metrics->CountAnswer(call.request.protocol, call.request.transport, status.code(), call.times);
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
                      {"error", Quote(std::string(status.message()))}});
}

}  // namespace baryon
