#include "server/metrics/metrics.h"

#include <atomic>
#include <functional>
#include <map>
#include <tuple>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "prometheus/counter.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"
#include "prometheus/text_serializer.h"

namespace baryon {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using Labels = std::map<std::string, std::string>;

const Histogram::BucketBoundaries kSeconds = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                              0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};
const Histogram::BucketBoundaries kRows = {1, 2, 4, 8, 16, 32, 64, 128};

// What a status code says about who was at fault.
const char* CodeClass(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return "ok";
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return "client_error";
    default:
      return "server_error";
  }
}

// Triton's reasons of a failure.
const char* FailureReason(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kDeadlineExceeded:
      return "REJECTED";
    case absl::StatusCode::kCancelled:
      return "CANCELED";
    case absl::StatusCode::kInternal:
      return "BACKEND";
    default:
      return "OTHER";
  }
}

}  // namespace

absl::string_view ProtocolName(Protocol protocol) {
  constexpr const char* kNames[] = {"baryon", "oip", "tfs", "mms"};
  return kNames[static_cast<int>(protocol)];
}

absl::string_view TransportName(Transport transport) { return transport == Transport::kGrpc ? "grpc" : "rest"; }

struct ModelMetrics::Families {
  prometheus::Registry registry;

  // How many ModelMetrics share the series of a model version.
  struct Shared {
    int users = 0;
    std::unique_ptr<Series> series;
  };
  absl::Mutex mutex;
  std::map<std::pair<std::string, int64_t>, Shared> models ABSL_GUARDED_BY(mutex);

  Family<Counter>& MakeCounters(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
  }
  Family<Gauge>& MakeGauges(const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
  }
  Family<Histogram>& MakeHistograms(const char* name, const char* help) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
  }

  Family<Gauge>& build_info = MakeGauges("baryon_build_info", "Constant 1; the version of the server is a label.");
  Family<Counter>& requests = MakeCounters("baryon_requests_total", "Requests answered, by status code.");
  Family<Histogram>& request_seconds =
      MakeHistograms("baryon_request_duration_seconds", "From the arrival of a request to its answer.");
  Family<Histogram>& queue_seconds =
      MakeHistograms("baryon_queue_duration_seconds", "Time a request waited for a forward pass.");
  Family<Histogram>& compute_seconds = MakeHistograms(
      "baryon_compute_duration_seconds", "Time from bytes to tensors (input), in the model (infer), back (output).");
  Family<Histogram>& batch_rows = MakeHistograms("baryon_batch_size", "Rows of a forward pass.");
  Family<Counter>& rows = MakeCounters("baryon_inferences_total", "Rows computed.");
  Family<Counter>& batches = MakeCounters("baryon_executions_total", "Forward passes.");
  Family<Gauge>& in_flight = MakeGauges("baryon_inflight_requests", "Requests that have come and are not answered.");
  Family<Gauge>& queued = MakeGauges("baryon_queue_depth", "Requests that wait for a forward pass.");
  Family<Gauge>& load_seconds = MakeGauges("baryon_model_load_duration_seconds", "Time to load and warm up.");
  Family<Counter>& load_failures =
      MakeCounters("baryon_model_load_failures_total", "Versions that could not be loaded.");

  Family<Counter>& nv_success = MakeCounters("nv_inference_request_success", "As Triton: requests that succeeded.");
  Family<Counter>& nv_failure = MakeCounters("nv_inference_request_failure", "As Triton: requests that failed.");
  Family<Counter>& nv_count = MakeCounters("nv_inference_count", "As Triton: rows computed.");
  Family<Counter>& nv_exec_count = MakeCounters("nv_inference_exec_count", "As Triton: forward passes.");
  Family<Gauge>& nv_pending = MakeGauges("nv_inference_pending_request_count", "As Triton: requests in the queue.");
  Family<Counter>& nv_request_us = MakeCounters("nv_inference_request_duration_us", "As Triton: total time.");
  Family<Counter>& nv_queue_us = MakeCounters("nv_inference_queue_duration_us", "As Triton: time in the queue.");
  Family<Counter>& nv_input_us = MakeCounters("nv_inference_compute_input_duration_us", "As Triton: input time.");
  Family<Counter>& nv_infer_us = MakeCounters("nv_inference_compute_infer_duration_us", "As Triton: model time.");
  Family<Counter>& nv_output_us = MakeCounters("nv_inference_compute_output_duration_us", "As Triton: output time.");
};

struct ModelMetrics::Series {
  // Series that depend on how a request came and ended.
  struct Outcome {
    Counter& requests;
    Histogram& seconds;
    Counter& nv;
  };

  Series(Families& families, const std::pair<std::string, int64_t>& key)
      : families(families), key(key), labels{{"model", key.first}, {"version", absl::StrCat(key.second)}} {}
  ~Series() {
    for (const auto& [series, remove] : removals) remove();
  }

  // A series of `family` that goes when this object goes. The same labels give the same series.
  template <typename T, typename... Buckets>
  T& Add(Family<T>& family, Labels more = {}, const Buckets&... buckets) {
    more.insert(labels.begin(), labels.end());
    T& series = family.Add(more, buckets...);
    removals[&series] = [&family, &series] { family.Remove(&series); };
    return series;
  }

  const Outcome& OutcomeOf(Protocol protocol, Transport transport, absl::StatusCode code) {
    absl::MutexLock lock(&mutex);
    const auto key = std::make_tuple(protocol, transport, code);
    auto found = outcomes.find(key);
    if (found == outcomes.end()) {
      const std::string protocol_name(ProtocolName(protocol));
      Counter& nv = code == absl::StatusCode::kOk ? Add(families.nv_success)
                                                  : Add(families.nv_failure, {{"reason", FailureReason(code)}});
      Outcome outcome{
          Add(families.requests, {{"protocol", protocol_name},
                                  {"transport", std::string(TransportName(transport))},
                                  {"code", absl::StatusCodeToString(code)}}),
          Add(families.request_seconds, {{"protocol", protocol_name}, {"code_class", CodeClass(code)}}, kSeconds), nv};
      found = outcomes.emplace(key, outcome).first;
    }
    return found->second;
  }

  Families& families;
  const std::pair<std::string, int64_t> key;
  const Labels labels;
  std::map<const void*, std::function<void()>> removals;

  Histogram& queue_seconds = Add(families.queue_seconds, {}, kSeconds);
  Histogram& input_seconds = Add(families.compute_seconds, {{"phase", "input"}}, kSeconds);
  Histogram& infer_seconds = Add(families.compute_seconds, {{"phase", "infer"}}, kSeconds);
  Histogram& output_seconds = Add(families.compute_seconds, {{"phase", "output"}}, kSeconds);
  Histogram& batch_rows = Add(families.batch_rows, {}, kRows);
  Counter& rows = Add(families.rows);
  Counter& batches = Add(families.batches);
  Gauge& in_flight = Add(families.in_flight);
  Gauge& queued = Add(families.queued);
  Gauge& load_seconds = Add(families.load_seconds);

  Counter& nv_count = Add(families.nv_count);
  Counter& nv_exec_count = Add(families.nv_exec_count);
  Gauge& nv_pending = Add(families.nv_pending);
  Counter& nv_request_us = Add(families.nv_request_us);
  Counter& nv_queue_us = Add(families.nv_queue_us);
  Counter& nv_input_us = Add(families.nv_input_us);
  Counter& nv_infer_us = Add(families.nv_infer_us);
  Counter& nv_output_us = Add(families.nv_output_us);

  std::atomic<int64_t> failed_ns{0};
  std::atomic<int64_t> last_batch_ms{0};  // since 1970; 0: there was none

  absl::Mutex mutex;
  std::map<std::tuple<Protocol, Transport, absl::StatusCode>, Outcome> outcomes ABSL_GUARDED_BY(mutex);
};

ModelMetrics::ModelMetrics(std::shared_ptr<Families> families, Series& series)
    : families_(std::move(families)), series_(series) {}

ModelMetrics::~ModelMetrics() {
  absl::MutexLock lock(&families_->mutex);
  const auto shared = families_->models.find(series_.key);
  if (--shared->second.users == 0) families_->models.erase(shared);
}

void ModelMetrics::CountArrival() { series_.in_flight.Increment(); }

void ModelMetrics::CountAnswer(Protocol protocol, Transport transport, absl::StatusCode code,
                               const RequestTimes& times) {
  series_.in_flight.Decrement();
  const Series::Outcome& outcome = series_.OutcomeOf(protocol, transport, code);
  outcome.requests.Increment();
  outcome.nv.Increment();
  outcome.seconds.Observe(absl::ToDoubleSeconds(times.total));
  if (code != absl::StatusCode::kOk) {
    series_.failed_ns += absl::ToInt64Nanoseconds(times.total);
    return;
  }
  series_.queue_seconds.Observe(absl::ToDoubleSeconds(times.queued));
  series_.input_seconds.Observe(absl::ToDoubleSeconds(times.input));
  series_.infer_seconds.Observe(absl::ToDoubleSeconds(times.infer));
  series_.output_seconds.Observe(absl::ToDoubleSeconds(times.output));
  series_.nv_request_us.Increment(absl::ToDoubleMicroseconds(times.total));
  series_.nv_queue_us.Increment(absl::ToDoubleMicroseconds(times.queued));
  series_.nv_input_us.Increment(absl::ToDoubleMicroseconds(times.input));
  series_.nv_infer_us.Increment(absl::ToDoubleMicroseconds(times.infer));
  series_.nv_output_us.Increment(absl::ToDoubleMicroseconds(times.output));
}

void ModelMetrics::CountBatch(int64_t rows) {
  series_.batch_rows.Observe(static_cast<double>(rows));
  series_.rows.Increment(static_cast<double>(rows));
  series_.batches.Increment();
  series_.nv_count.Increment(static_cast<double>(rows));
  series_.nv_exec_count.Increment();
  series_.last_batch_ms = absl::ToUnixMillis(absl::Now());
}

void ModelMetrics::SetQueued(int64_t requests) {
  series_.queued.Set(static_cast<double>(requests));
  series_.nv_pending.Set(static_cast<double>(requests));
}

void ModelMetrics::SetLoadDuration(absl::Duration duration) {
  series_.load_seconds.Set(absl::ToDoubleSeconds(duration));
}

ModelTotals ModelMetrics::Totals() const {
  const auto time = [](const Counter& us) { return absl::Microseconds(us.Value()); };
  ModelTotals totals;
  totals.rows = static_cast<int64_t>(series_.rows.Value());
  totals.batches = static_cast<int64_t>(series_.batches.Value());
  totals.failed_time = absl::Nanoseconds(series_.failed_ns.load());
  totals.times = {time(series_.nv_request_us), time(series_.nv_queue_us), time(series_.nv_input_us),
                  time(series_.nv_infer_us), time(series_.nv_output_us)};
  if (const int64_t ms = series_.last_batch_ms; ms > 0) totals.last_batch = absl::FromUnixMillis(ms);
  absl::MutexLock lock(&series_.mutex);
  for (const auto& [key, outcome] : series_.outcomes) {
    const bool ok = std::get<absl::StatusCode>(key) == absl::StatusCode::kOk;
    (ok ? totals.succeeded : totals.failed) += static_cast<int64_t>(outcome.requests.Value());
  }
  return totals;
}

ServerMetrics::ServerMetrics(absl::string_view server_version) : families_(std::make_shared<ModelMetrics::Families>()) {
  families_->build_info.Add({{"version", std::string(server_version)}}).Set(1);
}

ServerMetrics::~ServerMetrics() = default;

std::unique_ptr<ModelMetrics> ServerMetrics::ForModel(absl::string_view name, int64_t version) {
  const std::pair<std::string, int64_t> key(name, version);
  absl::MutexLock lock(&families_->mutex);
  ModelMetrics::Families::Shared& shared = families_->models[key];
  if (shared.users++ == 0) shared.series = std::make_unique<ModelMetrics::Series>(*families_, key);
  return std::unique_ptr<ModelMetrics>(new ModelMetrics(families_, *shared.series));
}

void ServerMetrics::CountLoadFailure(absl::string_view model) {
  families_->load_failures.Add({{"model", std::string(model)}}).Increment();
}

std::string ServerMetrics::ToText() const {
  return prometheus::TextSerializer().Serialize(families_->registry.Collect());
}

}  // namespace baryon
