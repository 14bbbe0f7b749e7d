// Two ways to keep C cores busy are compared by the rows they finish in a second:
//
//   alone      C / t requests at once, each on t threads:         (C / t) / T[t][1], with the best t
//   together   C / t batches of b rows at once, on t threads:     (C / t) * b / T[t][b]
//
// A model whose weights do not fit the cache reads them once for b rows, so the second grows with b; one that computes
// a lot with each weight gains nothing, and its requests would only wait for each other.
#include "server/batching/batch_policy.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"

namespace baryon {
namespace {

constexpr double kWorthATenth = 0.9;  // of the time on fewer threads
constexpr double kWorthJoining = 1 / 0.85;
constexpr double kNextToBest = 1.05;   // of the cost of a row at best
constexpr double kPassesOfOneRow = 4;  // that a batch may take, unless the user says how long
constexpr absl::Duration kLeastObjective = absl::Milliseconds(2);
constexpr int64_t kDefaultMaxRows = 32;
constexpr absl::Duration kShortPass = absl::Microseconds(50);  // others may wait so long for the thread it keeps
constexpr absl::Duration kWakeUp = absl::Microseconds(20);     // of a thread, and of another for the answer

// The threads worth giving to a pass of `rows` rows.
int ThreadsFor(const CostTable& costs, int64_t rows) {
  int best = 1;
  absl::Duration time = absl::InfiniteDuration();
  for (int threads : costs.threads()) {
    const CostTable::Cost* cost = costs.Find(threads, rows);
    if (time <= kShortPass || cost == nullptr || cost->p50 > time * kWorthATenth) continue;
    best = threads;
    time = cost->p50;
  }
  return best;
}

double RowsPerSecond(const CostTable& costs, int threads, int64_t rows, int num_threads) {
  const int slots = std::max(num_threads / threads, 1);
  return slots * static_cast<double>(rows) / absl::ToDoubleSeconds(costs.Predict(threads, rows).p50);
}

double RowsPerSecondAlone(const CostTable& costs, int num_threads) {
  double most = 0;
  for (int threads : costs.threads()) most = std::max(most, RowsPerSecond(costs, threads, 1, num_threads));
  return most;
}

// A number of rows, its threads and what it achieves.
struct Candidate {
  int64_t rows = 1;
  int threads = 1;
  double rate = 0;  // rows a second
};

// The measured batches that keep to the objective, ascending; one row always does. What counts is the median: a slow
// pass in twenty may have been others' doing, and decides for as long as the model serves. BatchCap minds the tails.
std::vector<Candidate> FindCandidates(const CostTable& costs, absl::Duration objective, int64_t max_rows,
                                      int num_threads) {
  std::vector<Candidate> candidates;
  for (int64_t rows : costs.rows(costs.threads().front())) {
    if (rows > max_rows) break;
    const int threads = ThreadsFor(costs, rows);
    if (rows > 1 && costs.Predict(threads, rows).p50 > objective) break;
    candidates.push_back({rows, threads, RowsPerSecond(costs, threads, rows, num_threads)});
  }
  return candidates;
}

// Requests that run one by one, as many at once as there are cores: the pool shares its threads among them.
BatchPolicy Alone(const CostTable& costs, int num_threads, std::string why) {
  BatchPolicy policy;
  policy.slots = num_threads;
  policy.threads = costs.empty() ? num_threads : ThreadsFor(costs, 1);
  policy.why = std::move(why);
  return policy;
}

BatchPolicy Unmeasured(int64_t max_rows, int num_threads) {
  BatchPolicy policy;
  policy.join = true;
  policy.max_rows = max_rows;
  policy.threads = num_threads;
  policy.why = "rows are independent of each other; what a batch gains was not measured";
  return policy;
}

// What speaks for the best of `candidates`, in words.
std::string Compared(const std::vector<Candidate>& candidates, int64_t best_rows, double gain,
                     absl::Duration objective) {
  if (best_rows > 1) return absl::StrFormat("%d rows together come %.2f times as fast as alone", best_rows, gain);
  if (candidates.size() > 1) return "rows together come no faster than alone";
  return absl::StrFormat("no batch was measured that takes at most %s", absl::FormatDuration(objective));
}

BatchPolicy Measured(const CostTable& costs, absl::Duration objective, int64_t max_rows, bool wished, int num_threads) {
  const std::vector<Candidate> candidates = FindCandidates(costs, objective, max_rows, num_threads);
  const auto slower = [](const Candidate& a, const Candidate& b) { return a.rate < b.rate; };
  const Candidate best = *std::max_element(candidates.begin(), candidates.end(), slower);
  const auto is_next_to_best = [&](const Candidate& a) { return a.rate * kNextToBest >= best.rate; };
  const Candidate enough = *std::find_if(candidates.begin(), candidates.end(), is_next_to_best);
  const double gain = best.rate / RowsPerSecondAlone(costs, num_threads);
  const std::string compared = Compared(candidates, best.rows, gain, objective);
  if (!wished && gain < kWorthJoining) return Alone(costs, num_threads, compared);
  BatchPolicy policy;
  policy.join = true;
  policy.best_rows = enough.rows;
  policy.max_rows = std::find_if(candidates.rbegin(), candidates.rend(), is_next_to_best)->rows;
  policy.threads = enough.threads;
  policy.slots = std::max(num_threads / policy.threads, 1);
  policy.gain = gain;
  policy.why = compared;
  return policy;
}

BatchPolicy Decide(const CostTable& costs, const std::string& why_dependent, const BatchWishes& wishes,
                   absl::Duration objective, int num_threads) {
  const int64_t max_rows = wishes.max_rows.value_or(kDefaultMaxRows);
  if (!why_dependent.empty()) return Alone(costs, num_threads, why_dependent);
  if (max_rows <= 1) return Alone(costs, num_threads, "its configuration allows one row");
  if (!wishes.join.value_or(true)) return Alone(costs, num_threads, "its configuration says so");
  if (costs.empty()) return Unmeasured(max_rows, num_threads);
  return Measured(costs, objective, max_rows, wishes.join.has_value(), num_threads);
}

// The longest pass that is not worth another thread's waking up; zero where requests had better wait for each other.
absl::Duration LongestHere(const CostTable& costs, const BatchPolicy& policy) {
  if (costs.empty() || policy.max_delay > absl::ZeroDuration()) return absl::ZeroDuration();
  const double saved_by_company = policy.join ? 1 - 1 / std::max(policy.gain, 1.0) : 0;
  const bool alone = costs.Predict(policy.threads, 1).p50 * saved_by_company <= kWakeUp;
  return alone ? kShortPass : absl::ZeroDuration();
}

}  // namespace

BatchPolicy DecidePolicy(const CostTable& costs, const std::string& why_dependent, const BatchWishes& wishes,
                         int num_threads) {
  absl::Duration objective = absl::InfiniteDuration();
  if (!costs.empty()) {
    objective = std::max(kLeastObjective, costs.Predict(ThreadsFor(costs, 1), 1).p50 * kPassesOfOneRow);
  }
  objective = wishes.objective.value_or(objective);
  BatchPolicy policy = Decide(costs, why_dependent, wishes, objective, num_threads);
  policy.objective = objective;
  if (wishes.threads.has_value()) {
    policy.threads = std::clamp(*wishes.threads, 1, num_threads);
    policy.slots = std::max(num_threads / policy.threads, 1);
  }
  if (wishes.slots.has_value()) policy.slots = std::max(*wishes.slots, 1);
  if (policy.join) {
    policy.max_delay = wishes.max_delay;
    policy.best_rows = std::min(wishes.preferred_rows.value_or(policy.best_rows), policy.max_rows);
  }
  policy.run_here = LongestHere(costs, policy);
  return policy;
}

}  // namespace baryon
