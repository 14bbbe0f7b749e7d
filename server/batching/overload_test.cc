// More requests than a model can answer, in a time that the test moves on: what is computed, who is refused, and when.
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/batching/batcher.h"
#include "server/refusal.h"
#include "server/testing/manual_executor.h"

namespace baryon {
namespace {

const absl::Duration kMs = absl::Milliseconds(1);
const absl::Duration kPass = 10 * kMs;            // of any number of rows
const absl::Duration kMaxWait = 100 * kMs;        // in the queue
const absl::Duration kWhole = absl::Seconds(10);  // of a run

// One core, on which a pass of any model takes `kPass`; requests keep arriving while one runs.
class OverloadTest : public testing::Test {
 protected:
  // What became of the requests of one kind.
  struct Outcome {
    int64_t answered = 0, refused = 0;
    std::vector<absl::Duration> latencies;  // of those that were answered
    absl::Duration slowest_refusal = absl::ZeroDuration();

    absl::Duration LatencyOf(double share) {
      std::sort(latencies.begin(), latencies.end());
      return latencies.empty() ? absl::ZeroDuration()
                               : latencies[static_cast<size_t>(share * static_cast<double>(latencies.size() - 1))];
    }
  };

  std::unique_ptr<Batcher> Make(int64_t max_rows) {
    Batcher::Options options;
    options.model = "model \"m\"";
    options.policy.join = max_rows > 1;
    options.policy.max_rows = max_rows;
    for (int64_t rows : {int64_t{1}, max_rows}) options.costs.Set(1, rows, {kPass, kPass});
    return std::make_unique<Batcher>(
        std::move(options), [this](const Tensors& inputs, int) { return Compute(inputs); }, executor_,
        executor_.clock());
  }

  absl::StatusOr<Tensors> Compute(const Tensors& inputs) {
    Pass(pass_time_(passes_++));
    return inputs;
  }

  // Lets time go by, and everybody come who comes in it.
  void Pass(absl::Duration duration) {
    const absl::Time end = executor_.now() + duration;
    while (!over_ && !arrivals_.empty() && arrivals_.begin()->first <= end) {
      executor_.Advance(std::max(arrivals_.begin()->first - executor_.now(), absl::ZeroDuration()));
      const std::function<void()> arrive = std::move(arrivals_.begin()->second);
      arrivals_.erase(arrivals_.begin());
      arrive();
    }
    executor_.Advance(end - executor_.now());
  }

  void Run() {
    while (executor_.now() < start_ + kWhole) {
      if (!executor_.RunOne()) Pass(kMs);
    }
    over_ = true;
    executor_.RunAll();
    over_ = false;
    arrivals_.clear();
    start_ = executor_.now();
  }

  // Asks once, now; `then` hears of the outcome, with the time after which to come again.
  void Ask(
      Batcher& batcher, Outcome& outcome, Priority priority = Priority::kNormal, int64_t rows = 1,
      std::function<void(absl::Duration)> then = [](absl::Duration) {}) {
    const absl::Time arrival = executor_.now();
    Batcher::Request request;
    request.inputs = {Tensor::Zeros({DType::kFloat32, {rows, 1}})};
    request.priority = priority;
    request.max_wait = max_wait_;
    request.done = [=, this, &outcome, then = std::move(then)](absl::StatusOr<Tensors> outputs,
                                                               const Batcher::Timing&) {
      const absl::Duration time = executor_.now() - arrival;
      if (outputs.ok()) {
        ++outcome.answered;
        outcome.latencies.push_back(time);
      } else {
        ++outcome.refused;
        outcome.slowest_refusal = std::max(outcome.slowest_refusal, time);
      }
      then(outputs.ok() ? kMs : RetryDelayOf(outputs.status()).value_or(kMs));
    };
    batcher.Submit(std::move(request));
  }

  // Calls `ask` every `interval` until the end, whatever becomes of the answers.
  void Every(absl::Duration interval, std::function<void()> ask) {
    for (absl::Time t = start_; t < start_ + kWhole; t += interval) arrivals_.emplace(t, ask);
  }

  // Answers that the core can give in a run when a pass gives so many.
  static int64_t Capacity(int64_t per_pass) { return per_pass * (kWhole / kPass); }

  ManualExecutor executor_;
  std::function<absl::Duration(int pass)> pass_time_ = [](int) { return kPass; };
  int passes_ = 0;  // so far
  absl::Duration max_wait_ = kMaxWait;
  std::multimap<absl::Time, std::function<void()>> arrivals_;
  absl::Time start_ = absl::UnixEpoch();  // of the run
  bool over_ = false;                     // nobody comes any more
};

TEST_F(OverloadTest, AsMuchIsAnsweredAsCanBeHoweverMuchComes) {
  for (const int64_t rows : {1, 8}) {
    for (const int overload : {2, 5, 20}) {
      const auto batcher = Make(rows);
      Outcome outcome;
      Every(kPass / (rows * overload), [&] { Ask(*batcher, outcome); });
      Run();
      EXPECT_GE(outcome.answered, Capacity(rows) * 9 / 10) << overload << " times, " << rows << " rows";
      EXPECT_LE(outcome.LatencyOf(0.99), kMaxWait + kPass);
      EXPECT_LE(outcome.slowest_refusal, 5 * kMs) << "who is not answered hears so at once";
    }
  }
}

TEST_F(OverloadTest, NobodyIsTakenInAGoodMomentOnlyToExpire) {
  const auto batcher = Make(1);
  Outcome outcome;
  max_wait_ = absl::Seconds(1);
  pass_time_ = [](int pass) { return pass / 10 % 2 == 0 ? kPass * 7 / 2 : kPass / 2; };  // 2 kPass on average
  Every(kPass * 2 / 5, [&] { Ask(*batcher, outcome); });
  Run();
  EXPECT_GE(outcome.answered, Capacity(1) / 2 * 9 / 10);
  EXPECT_LE(outcome.slowest_refusal, 5 * kMs);
}

TEST_F(OverloadTest, AnIdleModelDoesNotFeelABusyOne) {
  const auto busy = Make(1), idle = Make(1);
  Outcome of_busy, of_idle;
  Every(kPass / 5, [&] { Ask(*busy, of_busy); });
  Every(absl::Milliseconds(101), [&] { Ask(*idle, of_idle); });
  Run();
  EXPECT_EQ(of_idle.refused, 0);
  EXPECT_LE(of_idle.LatencyOf(0.99), 2 * kPass) << "the pass that runs, and its own";
  EXPECT_GE(of_busy.answered + of_idle.answered, Capacity(1) * 9 / 10);
}

TEST_F(OverloadTest, UrgentRequestsAreAnsweredBesideHeavyOnes) {
  const auto batcher = Make(1);  // a request of 64 rows is a pass of its own
  Outcome heavy, light;
  Every(kPass / 4, [&] { Ask(*batcher, heavy, Priority::kNormal, 64); });
  Every(absl::Milliseconds(53), [&] { Ask(*batcher, light, Priority::kHigh); });
  Run();
  EXPECT_EQ(light.refused, 0);
  EXPECT_LE(light.LatencyOf(0.99), 2 * kPass);
  EXPECT_GE(heavy.answered + light.answered, Capacity(1) * 9 / 10);
}

TEST_F(OverloadTest, WhoComesAgainAtOnceTakesNothingFromTheOthers) {
  const auto batcher = Make(1);
  Outcome polite, rude;
  // Twenty of each kind, who ask for ever: the polite ones come again when they were told to, the others a millisecond
  // later.
  const std::function<void()> ask_politely = [&] {
    Ask(*batcher, polite, Priority::kNormal, 1,
        [&](absl::Duration delay) { arrivals_.emplace(executor_.now() + std::max(delay, kMs), ask_politely); });
  };
  const std::function<void()> ask_rudely = [&] {
    Ask(*batcher, rude, Priority::kNormal, 1,
        [&](absl::Duration) { arrivals_.emplace(executor_.now() + kMs, ask_rudely); });
  };
  for (int client = 0; client < 20; ++client) {
    for (const auto& ask : {ask_politely, ask_rudely}) arrivals_.emplace(start_, ask);
  }
  Run();
  EXPECT_GE(polite.answered + rude.answered, Capacity(1) * 9 / 10);
  EXPECT_GT(polite.answered, 0);
  EXPECT_LE(rude.slowest_refusal, 5 * kMs);
}

}  // namespace
}  // namespace baryon
