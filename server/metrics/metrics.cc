// Requests are counted as integers, on their own processor (Striped<ModelCounts>), and become series of Prometheus when
// somebody reads them: a request would write some thirty of their atomic numbers, each of which two processors that
// answer by turns hand to each other.
#include "server/metrics/metrics.h"

#include <time.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
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
#include "server/metrics/model_counts.h"
#include "server/metrics/process_figures.h"
#include "server/metrics/striped.h"

namespace baryon {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using Labels = std::map<std::string, std::string>;

constexpr double kSecond = 1e9, kMicrosecond = 1e3;  // in nanoseconds

template <size_t n>
Histogram::BucketBoundaries Boundaries(const std::array<int64_t, n>& bounds, double unit) {
  Histogram::BucketBoundaries boundaries;
  for (int64_t bound : bounds) boundaries.push_back(static_cast<double>(bound) / unit);
  return boundaries;
}
const Histogram::BucketBoundaries kSeconds = Boundaries(kTimeBounds, kSecond);
const Histogram::BucketBoundaries kRows = Boundaries(kRowBounds, 1);

template <size_t n>
void Observe(const Tally<n>& tally, double unit, Histogram& histogram) {
  histogram.ObserveMultiple(std::vector<double>(tally.counts.begin(), tally.counts.end()),
                            static_cast<double>(tally.sum) / unit);
}

// The system's time, as of its last tick: milliseconds old at most, and no more than a read of memory.
absl::Time CoarseNow() {
  timespec now = {};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return absl::TimeFromTimespec(now);
}

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

  // Series of a name, whatever its version; they go with the last of its versions.
  struct OfName;

  // How many ModelMetrics share the series of a model version.
  struct Shared {
    int users = 0;
    std::unique_ptr<Series> series;
  };
  absl::Mutex mutex;
  std::map<std::pair<std::string, int64_t>, Shared> models ABSL_GUARDED_BY(mutex);
  std::map<std::string, std::weak_ptr<OfName>> names ABSL_GUARDED_BY(mutex);
  std::map<std::pair<std::string, int64_t>, std::vector<Gauge*>> states ABSL_GUARDED_BY(mutex);
  absl::Duration last_busy ABSL_GUARDED_BY(mutex);
  absl::Time last_busy_at ABSL_GUARDED_BY(mutex) = absl::Now();

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
      MakeCounters("baryon_model_load_failures_total", "Versions that could not be loaded, by status code.");
  Family<Counter>& rejected = MakeCounters("baryon_rejected_total", "Requests that were not computed, by reason.");
  Family<Counter>& cancelled =
      MakeCounters("baryon_cancelled_total", "Requests whose client went: in the queue, computing, being answered.");
  Family<Histogram>& overhead_seconds = MakeHistograms(
      "baryon_overhead_seconds", "Time of a request beside waiting and the model: reading, writing, switching.");
  Family<Gauge>& memory = MakeGauges("baryon_model_memory_bytes", "Weights and the memory of passes.");
  Family<Gauge>& model_state = MakeGauges("baryon_model_state", "1 for the state a version is in, 0 for the others.");
  Family<Gauge>& busy_ratio = MakeGauges("baryon_threads_busy_ratio", "Part of the threads' time that was used.");

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

struct ModelMetrics::Families::OfName {
  OfName(Families& families, const std::string& name)
      : families(families), name(name), overhead(families.overhead_seconds.Add({{"model", name}}, kSeconds)) {}
  ~OfName() {
    families.overhead_seconds.Remove(&overhead);
    for (Counter* counter : rejected) families.rejected.Remove(counter);
    for (Counter* counter : cancelled) families.cancelled.Remove(counter);
  }

  void Count(Family<Counter>& family, std::set<Counter*>& counters, const char* label, absl::string_view value) {
    absl::MutexLock lock(&mutex);
    Counter& counter = family.Add({{"model", name}, {label, std::string(value)}});
    counters.insert(&counter);
    counter.Increment();
  }

  Families& families;
  const std::string name;
  Histogram& overhead;
  absl::Mutex mutex;
  std::set<Counter*> rejected ABSL_GUARDED_BY(mutex), cancelled ABSL_GUARDED_BY(mutex);
};

struct ModelMetrics::Series {
  // Series that depend on how a request came and ended.
  struct Outcome {
    Counter& requests;
    Histogram& seconds;
    Counter& nv;
  };

  Series(Families& families, std::shared_ptr<Families::OfName> of_name, const std::pair<std::string, int64_t>& key)
      : families(families),
        of_name(std::move(of_name)),
        key(key),
        labels{{"model", key.first}, {"version", absl::StrCat(key.second)}} {}
  ~Series() {
    Publish();  // for those of the name that stay
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

  const Outcome& OutcomeOf(const ModelCounts::Outcome& key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    auto found = outcomes.find(key);
    if (found == outcomes.end()) {
      const auto [protocol, transport, code] = key;
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

  // Brings the series up to what was counted before the call.
  void Publish() ABSL_LOCKS_EXCLUDED(mutex) {
    absl::MutexLock lock(&mutex);
    int64_t more_in_flight = 0;
    for (const ModelCounts& counted : counts.TakeAll()) {
      more_in_flight += counted.arrivals;
      for (const ModelCounts::Answers& answers : counted.answers) {
        more_in_flight -= answers.total.count();
        PublishAnswers(answers);
      }
      PublishPhases(counted);
      PublishBatches(counted);
    }
    in_flight.Set(in_flight.Value() + static_cast<double>(more_in_flight));
  }

  void PublishAnswers(const ModelCounts::Answers& answers) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    const Outcome& outcome = OutcomeOf(answers.outcome);
    const double count = static_cast<double>(answers.total.count());
    const bool ok = std::get<absl::StatusCode>(answers.outcome) == absl::StatusCode::kOk;
    outcome.requests.Increment(count);
    outcome.nv.Increment(count);
    Observe(answers.total, kSecond, outcome.seconds);
    if (ok) nv_request_us.Increment(static_cast<double>(answers.total.sum) / kMicrosecond);
    if (!ok) failed_time += absl::Nanoseconds(answers.total.sum);
  }

  void PublishPhases(const ModelCounts& counted) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (counted.queued.count() == 0) return;
    Observe(counted.overhead, kSecond, of_name->overhead);
    const auto publish = [](const TimeTally& tally, Histogram& seconds, Counter& us) {
      Observe(tally, kSecond, seconds);
      us.Increment(static_cast<double>(tally.sum) / kMicrosecond);
    };
    publish(counted.queued, queue_seconds, nv_queue_us);
    publish(counted.input, input_seconds, nv_input_us);
    publish(counted.infer, infer_seconds, nv_infer_us);
    publish(counted.output, output_seconds, nv_output_us);
  }

  void PublishBatches(const ModelCounts& counted) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    const double passes = static_cast<double>(counted.rows.count()), computed = static_cast<double>(counted.rows.sum);
    if (passes == 0) return;
    Observe(counted.rows, 1, batch_rows);
    rows.Increment(computed);
    nv_count.Increment(computed);
    batches.Increment(passes);
    nv_exec_count.Increment(passes);
    last_batch = std::max(last_batch, counted.last_batch);
  }

  Families& families;
  const std::shared_ptr<Families::OfName> of_name;
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
  Gauge& memory = Add(families.memory);

  Counter& nv_count = Add(families.nv_count);
  Counter& nv_exec_count = Add(families.nv_exec_count);
  Gauge& nv_pending = Add(families.nv_pending);
  Counter& nv_request_us = Add(families.nv_request_us);
  Counter& nv_queue_us = Add(families.nv_queue_us);
  Counter& nv_input_us = Add(families.nv_input_us);
  Counter& nv_infer_us = Add(families.nv_infer_us);
  Counter& nv_output_us = Add(families.nv_output_us);

  Striped<ModelCounts> counts;  // that are not in the series yet

  absl::Mutex mutex;  // held while they get there
  absl::Duration failed_time ABSL_GUARDED_BY(mutex);
  absl::Time last_batch ABSL_GUARDED_BY(mutex) = absl::InfinitePast();
  std::map<ModelCounts::Outcome, Outcome> outcomes ABSL_GUARDED_BY(mutex);
};

ModelMetrics::ModelMetrics(std::shared_ptr<Families> families, Series& series)
    : families_(std::move(families)), series_(series) {}

ModelMetrics::~ModelMetrics() {
  absl::MutexLock lock(&families_->mutex);
  const auto shared = families_->models.find(series_.key);
  if (--shared->second.users == 0) families_->models.erase(shared);
}

void ModelMetrics::CountArrival() {
  series_.counts.Write([](ModelCounts& counts) { ++counts.arrivals; });
}

void ModelMetrics::CountAnswer(Protocol protocol, Transport transport, absl::StatusCode code,
                               const RequestTimes& times) {
  series_.counts.Write([&](ModelCounts& counts) { counts.AddAnswer({protocol, transport, code}, times); });
}

void ModelMetrics::CountRejected(absl::string_view reason) {
  series_.of_name->Count(families_->rejected, series_.of_name->rejected, "reason", reason);
}

void ModelMetrics::CountCancelled(CancelStage stage) {
  constexpr const char* kNames[] = {"queue", "compute", "write"};
  series_.of_name->Count(families_->cancelled, series_.of_name->cancelled, "stage", kNames[static_cast<int>(stage)]);
}

void ModelMetrics::CountBatch(int64_t rows) {
  series_.counts.Write([&](ModelCounts& counts) {
    counts.rows.Add(rows);
    counts.last_batch = CoarseNow();
  });
}

void ModelMetrics::SetQueued(int64_t requests) {
  series_.queued.Set(static_cast<double>(requests));
  series_.nv_pending.Set(static_cast<double>(requests));
}

void ModelMetrics::SetLoadDuration(absl::Duration duration) {
  series_.load_seconds.Set(absl::ToDoubleSeconds(duration));
}

void ModelMetrics::SetMemory(int64_t bytes) { series_.memory.Set(static_cast<double>(bytes)); }

ModelTotals ModelMetrics::Totals() const {
  series_.Publish();
  const auto time = [](const Counter& us) { return absl::Microseconds(us.Value()); };
  ModelTotals totals;
  absl::MutexLock lock(&series_.mutex);
  totals.rows = static_cast<int64_t>(series_.rows.Value());
  totals.batches = static_cast<int64_t>(series_.batches.Value());
  totals.failed_time = series_.failed_time;
  totals.times = {time(series_.nv_request_us), time(series_.nv_queue_us), time(series_.nv_input_us),
                  time(series_.nv_infer_us), time(series_.nv_output_us)};
  totals.last_batch = series_.last_batch;
  for (const auto& [key, outcome] : series_.outcomes) {
    const bool ok = std::get<absl::StatusCode>(key) == absl::StatusCode::kOk;
    (ok ? totals.succeeded : totals.failed) += static_cast<int64_t>(outcome.requests.Value());
  }
  return totals;
}

ServerMetrics::ServerMetrics(absl::string_view server_version, absl::string_view instruction_set,
                             absl::string_view revision)
    : families_(std::make_shared<ModelMetrics::Families>()) {
  families_->build_info
      .Add({{"version", std::string(server_version)},
            {"isa", std::string(instruction_set)},
            {"revision", std::string(revision)}})
      .Set(1);
}

ServerMetrics::~ServerMetrics() = default;

std::unique_ptr<ModelMetrics> ServerMetrics::ForModel(absl::string_view name, int64_t version) {
  const std::pair<std::string, int64_t> key(name, version);
  absl::MutexLock lock(&families_->mutex);
  ModelMetrics::Families::Shared& shared = families_->models[key];
  if (shared.users++ == 0) {
    std::weak_ptr<ModelMetrics::Families::OfName>& known = families_->names[key.first];
    std::shared_ptr<ModelMetrics::Families::OfName> of_name = known.lock();
    if (of_name == nullptr) {
      of_name = std::make_shared<ModelMetrics::Families::OfName>(*families_, key.first);
      known = of_name;
    }
    shared.series = std::make_unique<ModelMetrics::Series>(*families_, std::move(of_name), key);
  }
  return std::unique_ptr<ModelMetrics>(new ModelMetrics(families_, *shared.series));
}

void ServerMetrics::CountLoadFailure(absl::string_view model, absl::StatusCode reason) {
  families_->load_failures.Add({{"model", std::string(model)}, {"reason", absl::StatusCodeToString(reason)}})
      .Increment();
}

void ServerMetrics::SetModelStates(const std::vector<ModelStateEntry>& entries) {
  constexpr const char* kNames[] = {"loading", "ready", "failed", "evicted"};
  ModelMetrics::Families& families = *families_;
  absl::MutexLock lock(&families.mutex);
  std::map<std::pair<std::string, int64_t>, std::vector<Gauge*>> gone = std::move(families.states);
  families.states.clear();
  for (const ModelStateEntry& entry : entries) {
    const std::pair<std::string, int64_t> key(entry.model, entry.version);
    std::vector<Gauge*>& gauges = families.states[key];
    if (const auto known = gone.find(key); known != gone.end()) {
      gauges = std::move(known->second);
      gone.erase(known);
    } else {
      for (const char* name : kNames) {
        gauges.push_back(&families.model_state.Add(
            {{"model", entry.model}, {"version", absl::StrCat(entry.version)}, {"state", name}}));
      }
    }
    for (size_t i = 0; i < gauges.size(); ++i) gauges[i]->Set(static_cast<size_t>(entry.state) == i ? 1 : 0);
  }
  for (const auto& [key, gauges] : gone) {
    for (Gauge* gauge : gauges) families.model_state.Remove(gauge);
  }
}

void ServerMetrics::SetBusyTime(absl::Duration busy, int threads) {
  ModelMetrics::Families& families = *families_;
  absl::MutexLock lock(&families.mutex);
  const absl::Time now = absl::Now();
  const absl::Duration passed = now - families.last_busy_at;
  if (passed < absl::Milliseconds(1)) return;
  const double ratio = absl::FDivDuration(busy - families.last_busy, passed * threads);
  families.busy_ratio.Add({{"pool", "compute"}}).Set(std::clamp(ratio, 0.0, 1.0));
  families.last_busy = busy;
  families.last_busy_at = now;
}

std::string ServerMetrics::ToText() const {
  {
    absl::MutexLock lock(&families_->mutex);
    for (const auto& [key, shared] : families_->models) shared.series->Publish();
  }
  std::vector<prometheus::MetricFamily> families = families_->registry.Collect();
  for (prometheus::MetricFamily& family : ProcessFigures()) families.push_back(std::move(family));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace baryon
