#include "clients/load/run_load.h"

#include <atomic>
#include <deque>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using testing::ElementsAre;
using testing::Pair;

using Done = absl::AnyInvocable<void(absl::StatusCode code)>;

LoadOptions Closed(int concurrency) {
  LoadOptions options;
  options.concurrency = concurrency;
  options.time = absl::Milliseconds(50);
  options.warm_up = absl::Milliseconds(5);
  return options;
}

// A server of one thread that answers in order.
class OneByOne {
 public:
  OneByOne() : thread_([this] { Work(); }) {}
  ~OneByOne() {
    {
      absl::MutexLock lock(&mutex_);
      stopping_ = true;
    }
    thread_.join();
  }
  void Send(Done done) {
    absl::MutexLock lock(&mutex_);
    requests_.push_back(std::move(done));
    most_ = std::max(most_, requests_.size());
  }
  size_t most() {
    absl::MutexLock lock(&mutex_);
    return most_;
  }

 private:
  void Work() {
    while (true) {
      Done done;
      {
        absl::MutexLock lock(&mutex_);
        mutex_.Await(absl::Condition(
            +[](OneByOne* self) ABSL_NO_THREAD_SAFETY_ANALYSIS { return self->stopping_ || !self->requests_.empty(); },
            this));
        if (requests_.empty()) return;
        done = std::move(requests_.front());
        requests_.pop_front();
      }
      done(absl::StatusCode::kOk);
    }
  }

  absl::Mutex mutex_;
  std::deque<Done> requests_ ABSL_GUARDED_BY(mutex_);
  size_t most_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

TEST(RunLoadTest, AClosedLoopKeepsSoManyUnderWay) {
  OneByOne server;
  const LoadReport report = RunLoad(Closed(3), [&](Done done) { server.Send(std::move(done)); });
  EXPECT_GT(report.answered, 3);
  EXPECT_LE(server.most(), 3u);
  EXPECT_EQ(report.concurrency, 3);
  EXPECT_GT(report.latency.max, absl::ZeroDuration());
  EXPECT_GE(report.latency.p99, report.latency.p50);
}

TEST(RunLoadTest, AnswersOnTheSendersThreadDoNotPileUp) {
  std::atomic<int> deep{0};
  const LoadReport report = RunLoad(Closed(2), [&](Done done) {
    EXPECT_LE(deep.fetch_add(1), 0) << "inside itself";
    deep.fetch_sub(1);
    done(absl::StatusCode::kOk);
  });
  EXPECT_GT(report.answered, 100);
}

TEST(RunLoadTest, BarsHoldAllThatWasAnswered) {
  OneByOne server;
  const LoadReport report = RunLoad(Closed(4), [&](Done done) { server.Send(std::move(done)); });
  ASSERT_FALSE(report.bars.empty());
  EXPECT_GT(report.bars.front().requests, 0);
  EXPECT_GT(report.bars.back().requests, 0);
  EXPECT_GE(report.bars.back().up_to * 1.016, report.latency.max);
  int64_t requests = 0;
  for (const LatencyBar& bar : report.bars) requests += bar.requests;
  EXPECT_EQ(requests, report.answered);
}

TEST(RunLoadTest, CountsFailuresByCodeAndTimesThemApart) {
  std::atomic<int> count{0};
  const LoadReport report = RunLoad(Closed(1), [&](Done done) {
    done(++count % 2 == 0 ? absl::StatusCode::kOk : absl::StatusCode::kResourceExhausted);
  });
  EXPECT_THAT(report.failed, ElementsAre(Pair("RESOURCE_EXHAUSTED", testing::Gt(10))));
  EXPECT_GT(report.answered, 10);
  EXPECT_GT(report.refusal.max, absl::ZeroDuration());
}

TEST(RunLoadTest, AnOpenLoopSendsOnSchedule) {
  LoadOptions options;
  options.rate = 2000;
  options.time = absl::Milliseconds(100);
  options.warm_up = absl::ZeroDuration();
  const LoadReport report = RunLoad(options, [](Done done) { done(absl::StatusCode::kOk); });
  EXPECT_EQ(report.answered, static_cast<int64_t>(PoissonSchedule(2000, options.time, options.seed).size()));
  EXPECT_EQ(report.unsent, 0);
}

// The server answers nothing before all have been sent: the first must not look fast because it was sent late.
TEST(RunLoadTest, LatencyCountsFromTheIntendedTime) {
  LoadOptions options;
  options.rate = 1000;
  options.time = absl::Milliseconds(100);
  options.warm_up = absl::ZeroDuration();
  const std::vector<absl::Duration> schedule = PoissonSchedule(1000, options.time, options.seed);
  std::vector<Done> waiting;
  const LoadReport report = RunLoad(options, [&](Done done) {
    waiting.push_back(std::move(done));
    if (waiting.size() < schedule.size()) return;
    for (Done& answer : waiting) answer(absl::StatusCode::kOk);
  });
  EXPECT_GE(report.latency.max, schedule.back() - schedule.front());
}

TEST(RunLoadTest, AnOpenLoopDoesNotPileUpForEver) {
  LoadOptions options;
  options.rate = 5000;
  options.time = absl::Milliseconds(50);
  options.warm_up = absl::ZeroDuration();
  options.most_under_way = 10;
  std::vector<Done> waiting;
  std::thread late;
  const LoadReport report = RunLoad(options, [&](Done done) {
    waiting.push_back(std::move(done));
    if (waiting.size() < 10) return;
    late = std::thread([&, deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(60)] {
      std::this_thread::sleep_until(deadline);
      for (Done& answer : waiting) answer(absl::StatusCode::kOk);
    });
  });
  late.join();
  EXPECT_EQ(report.answered, 10);
  EXPECT_GT(report.unsent, 50);
}

TEST(PoissonScheduleTest, HasTheRateAndTheSpreadOfRandomArrivals) {
  const std::vector<absl::Duration> moments = PoissonSchedule(1000, absl::Seconds(100), 7);
  EXPECT_NEAR(static_cast<double>(moments.size()), 100000, 1500);
  double sum = 0, squares = 0;
  for (size_t i = 1; i < moments.size(); ++i) {
    const double gap = absl::ToDoubleMilliseconds(moments[i] - moments[i - 1]);
    sum += gap;
    squares += gap * gap;
  }
  const double count = static_cast<double>(moments.size() - 1), mean = sum / count;
  EXPECT_NEAR(mean, 1, 0.02);
  EXPECT_NEAR(squares / count - mean * mean, 1, 0.05) << "an exponential distribution's variance is its mean squared";
  EXPECT_EQ(moments, PoissonSchedule(1000, absl::Seconds(100), 7));
}

}  // namespace
}  // namespace baryon
