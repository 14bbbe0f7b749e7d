// One queue for each model version: requests that wait at the same time run together, where that pays.
#ifndef BARYON_SERVER_BATCHING_BATCHER_H_
#define BARYON_SERVER_BATCHING_BATCHER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/batching/admission.h"
#include "server/batching/batch_policy.h"
#include "server/batching/batch_request.h"
#include "server/batching/clock.h"
#include "server/batching/cost_table.h"
#include "server/batching/executor.h"

namespace baryon {

// Joins concurrent requests to one model version into batches along axis 0. A request that finds a free slot starts at
// once, on the thread that brought it where its pass is shorter than the way to another. While all slots are busy,
// requests gather, and the next batch takes as many of those that fit together as the policy allows and their deadlines
// leave time for; so batches grow with the load. A batch waits for company only where those whom the last one answered
// use to come back at once (ReturningRows), and where the policy asks for a delay and more company keeps the queue from
// growing.
//
// Whose turn it is: RequestQueue. Which model's: Executor. A request that cannot be answered before its deadline, or
// would have to wait longer than it may, is refused when it comes, with the time after which it may come again; one
// whose client goes or whose time passes leaves the queue at that moment and is never computed. Thread-safe.
class Batcher {
 public:
  using Request = BatchRequest;
  using Timing = BatchTiming;

  struct Options {
    std::string model;  // as messages call it: `model "digits"`
    BatchPolicy policy;
    QueueLimits limits;
    CostTable costs;    // as measured; empty: learnt from what runs
    double weight = 1;  // of the model's share of the threads
  };

  // What it does and why, and how it is doing.
  struct Report {
    BatchPolicy policy;
    QueueLimits limits;
    CostTable costs;
    double correction = 1;  // of the costs, by what passes take now
    int64_t max_rows = 1;   // of a batch now: the policy's, or less while batches take too long
    int64_t queued_requests = 0, queued_rows = 0, queued_bytes = 0;
    int running = 0;                // batches
    absl::Duration predicted_wait;  // of a request that came now
    double rows_per_second = 0;     // that come
  };

  // One forward pass on at most `threads` threads; called from several threads at once when there are several slots.
  using RunBatch = std::function<absl::StatusOr<Tensors>(const Tensors& inputs, int threads)>;

  // `executor` outlives all requests. The batcher itself may go at any time, even inside `done`: what was submitted is
  // answered all the same.
  Batcher(Options options, RunBatch run_batch, Executor& executor, Clock clock = MonotonicNow);

  // When a joined batch fails, its requests run again one by one, so that only the one at fault gets the error.
  void Submit(Request request);

  // What Submit would say at once to a request of one row, apart from its limits in bytes: so that nothing has to be
  // decoded for it. `now` is the time by the clock. OK or a Refusal.
  absl::Status Admit(absl::Time now, absl::Time deadline, absl::Duration max_wait, Priority priority) const;

  int64_t queued_requests() const;
  Report report() const;

 private:
  class State;
  std::shared_ptr<State> state_;  // shared with the tasks of the executor
};

}  // namespace baryon

#endif  // BARYON_SERVER_BATCHING_BATCHER_H_
