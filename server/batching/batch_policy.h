// Whether and how requests to a model run together: a verdict on what was measured.
#ifndef BARYON_SERVER_BATCHING_BATCH_POLICY_H_
#define BARYON_SERVER_BATCHING_BATCH_POLICY_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "server/batching/cost_table.h"

namespace baryon {

// How a batcher runs one model version. A value.
struct BatchPolicy {
  bool join = false;      // requests share passes
  int64_t max_rows = 1;   // of a pass that requests share; a request of more runs alone
  int64_t best_rows = 1;  // the fewest with which a row costs next to nothing more than at best
  int slots = 1;          // passes at once
  int threads = 1;        // most for one pass; those of the pool that others need go to these
  absl::Duration objective = absl::InfiniteDuration();  // of one pass: larger ones are not made
  absl::Duration max_delay;                             // for company, where that keeps the queue from growing
  absl::Duration run_here;  // passes that take at most so long run on the thread that brought the request
  double gain = 1;          // rows a second together over rows a second alone
  std::string why;          // a sentence: what decided on `join`
};

// What the user has said about it; empty: decided by measurement.
struct BatchWishes {
  std::optional<bool> join;               // true still needs rows that are independent of each other
  std::optional<int64_t> max_rows;        // 1: not joined
  std::optional<int64_t> preferred_rows;  // what a delay waits for
  std::optional<int> slots, threads;
  absl::Duration max_delay;
  std::optional<absl::Duration> objective;
};

// Joins when the rows of the best batch that keeps to the objective come at least 1 / 0.85 times as fast as with every
// core busy on a request of its own. The objective is four times the pass of one row, and 2 ms at least. A slot's
// threads are those that still shorten a pass by a tenth, one for passes of 50 us; the slots are as many as the cores
// feed. Such passes run where the request came in, unless company would save more than waking up another thread takes.
// `why_dependent` is empty when the rows of the model are independent of each other, else says why they are not.
BatchPolicy DecidePolicy(const CostTable& costs, const std::string& why_dependent, const BatchWishes& wishes,
                         int num_threads);

}  // namespace baryon

#endif  // BARYON_SERVER_BATCHING_BATCH_POLICY_H_
