#include "clients/load/run_load.h"

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "clients/load/latency_histogram.h"

namespace baryon {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

SteadyTime Now() { return std::chrono::steady_clock::now(); }

LatencySummary Summarize(const LatencyHistogram& histogram) {
  return {histogram.mean(),         histogram.Quantile(0.5),   histogram.Quantile(0.9),
          histogram.Quantile(0.99), histogram.Quantile(0.999), histogram.max()};
}

// Bounds 1, 2, 5, 10, ... from the one above the smallest latency to the one above the largest.
std::vector<LatencyBar> Bars(const LatencyHistogram& histogram) {
  std::vector<LatencyBar> bars;
  int64_t seen = 0;
  for (absl::Duration decade = absl::Microseconds(1); seen < histogram.count(); decade *= 10) {
    for (const int step : {1, 2, 5}) {
      const int64_t up_to = histogram.CountUpTo(decade * step);
      if (up_to > 0 && seen < histogram.count()) bars.push_back({decade * step, up_to - seen});
      seen = up_to;
    }
  }
  return bars;
}

// Both kinds of test: sends, times and counts. Requests whose intended time lies in the measured part count.
class Test {
 public:
  Test(const LoadOptions& options, const SendRequest& send)
      : options_(options),
        send_(send),
        start_(Now() + std::chrono::nanoseconds(absl::ToInt64Nanoseconds(options.warm_up))),
        end_(start_ + std::chrono::nanoseconds(absl::ToInt64Nanoseconds(options.time))) {}

  LoadReport Run() {
    if (options_.concurrency > 0) {
      for (int i = 0; i < options_.concurrency; ++i) SendAgain();
    } else {
      SendOnSchedule();
    }
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(this, &Test::IsDone));
    return Report();
  }

 private:
  bool IsDone() const { return under_way_.load() == 0; }
  bool Counts(SteadyTime intended) const { return intended >= start_ && intended < end_; }

  void Send(SteadyTime intended, bool again) {
    under_way_.fetch_add(1);
    if (Counts(intended)) lag_.Add(absl::FromChrono(Now() - intended));
    send_([this, intended, again](absl::StatusCode code) {
      const SteadyTime now = Now();
      if (Counts(intended)) Count(code, absl::FromChrono(now - intended));
      if (again) SendAgain();
      EndOne();
    });
  }

  // Under the lock, so that the test does not go between the count and its end.
  void EndOne() {
    absl::MutexLock lock(&mutex_);
    under_way_.fetch_sub(1);
  }

  // The closed loop: one request follows another. Where the answer comes on the sender's thread this would recurse for
  // ever deeper, so whoever is sending already goes on.
  void SendAgain() {
    thread_local Test* sending = nullptr;
    thread_local int more = 0;
    if (sending == this) {
      ++more;
      return;
    }
    sending = this;
    under_way_.fetch_add(1);  // the test stays for as long as this looks at it
    for (more = 1; more > 0; --more) {
      if (Now() < end_) Send(Now(), true);
    }
    sending = nullptr;
    EndOne();
  }

  void SendOnSchedule() {
    const SteadyTime zero = start_ - std::chrono::nanoseconds(absl::ToInt64Nanoseconds(options_.warm_up));
    for (absl::Duration moment : PoissonSchedule(options_.rate, options_.warm_up + options_.time, options_.seed)) {
      const SteadyTime intended = zero + std::chrono::nanoseconds(absl::ToInt64Nanoseconds(moment));
      std::this_thread::sleep_until(intended);
      if (under_way_.load() < options_.most_under_way) {
        Send(intended, false);
      } else if (Counts(intended)) {
        ++unsent_;
      }
    }
  }

  void Count(absl::StatusCode code, absl::Duration latency) {
    (code == absl::StatusCode::kOk ? answered_ : refused_).Add(latency);
    if (code == absl::StatusCode::kOk) return;
    absl::MutexLock lock(&mutex_);
    ++failed_[absl::StatusCodeToString(code)];
  }

  LoadReport Report() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    LoadReport report;
    report.concurrency = options_.concurrency;
    report.rate = options_.rate;
    report.time = options_.time;
    report.rows = options_.rows;
    report.answered = answered_.count();
    report.failed = failed_;
    report.unsent = unsent_;
    report.latency = Summarize(answered_);
    report.refusal = Summarize(refused_);
    report.bars = Bars(answered_);
    if (options_.concurrency == 0) report.schedule_lag = lag_.Quantile(0.99);
    return report;
  }

  const LoadOptions& options_;
  const SendRequest& send_;
  const SteadyTime start_, end_;
  LatencyHistogram answered_, refused_, lag_;
  int64_t unsent_ = 0;
  std::atomic<int64_t> under_way_{0};
  absl::Mutex mutex_;
  std::map<std::string, int64_t> failed_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

std::vector<absl::Duration> PoissonSchedule(double rate, absl::Duration time, uint32_t seed) {
  std::mt19937_64 random(seed);
  std::exponential_distribution<double> gap(rate);
  std::vector<absl::Duration> moments;
  for (absl::Duration moment = absl::Seconds(gap(random)); moment < time; moment += absl::Seconds(gap(random))) {
    moments.push_back(moment);
  }
  return moments;
}

LoadReport RunLoad(const LoadOptions& options, const SendRequest& send) {
  const auto test = std::make_unique<Test>(options, send);
  return test->Run();
}

}  // namespace baryon
