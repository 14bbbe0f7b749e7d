// One queue for each model version: requests that wait at the same time run together.
#ifndef BARYON_SERVER_BATCHING_BATCHER_H_
#define BARYON_SERVER_BATCHING_BATCHER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/batching/clock.h"
#include "server/batching/executor.h"
#include "server/batching/rows.h"

namespace baryon {

// Joins concurrent requests to one model version into batches along axis 0. There is no artificial delay: a request
// that finds a free slot starts at once; while all slots are busy, requests gather, and the next batch takes up to
// `max_batch_rows` rows of those that fit together. So batches grow with the load and nobody waits for company.
// Thread-safe.
class Batcher {
 public:
  // Who goes first when not all can go at once.
  enum class Priority { kHigh, kNormal, kLow };

  struct Options {
    std::string model;               // as messages call it: `model "digits"`
    bool join_requests = false;      // rows are independent of each other
    int max_concurrent_batches = 1;  // slots
    int64_t max_batch_rows = 32;     // a request of more runs alone
    int64_t max_queued_rows = 1024;  // requests beyond this are refused at once; one that cannot be joined is one row
  };

  // What became of the time between Submit and `done`.
  struct Timing {
    absl::Duration queued, computed;
  };

  // A request on its way. The elements of `inputs` stay valid until `done` is called.
  struct Request {
    Tensors inputs;
    absl::Time deadline = absl::InfiniteFuture();        // by the clock; nothing starts to compute after it
    absl::Duration max_wait = absl::InfiniteDuration();  // in the queue; it is refused rather than kept longer
    Priority priority = Priority::kNormal;
    std::stop_token stop;  // asked to stop once nobody waits for the answer any more
    // Called once, from Submit or on a thread of the executor, with the outputs or
    // a Refusal (RESOURCE_EXHAUSTED, DEADLINE_EXCEEDED, CANCELLED), or what `run_batch` says.
    absl::AnyInvocable<void(absl::StatusOr<Tensors> outputs, const Timing& timing)> done;
  };

  // One forward pass; called from several threads at once when there are several slots.
  using RunBatch = std::function<absl::StatusOr<Tensors>(const Tensors& inputs)>;

  // `executor` outlives all requests. The batcher itself may go at any time, even inside `done`: what was submitted is
  // answered all the same.
  Batcher(Options options, RunBatch run_batch, Executor& executor, Clock clock = MonotonicNow);

  // When a joined batch fails, its requests run again one by one, so that only the one at fault gets the error.
  void Submit(Request request);

  int64_t queued_requests() const;

 private:
  class State;
  std::shared_ptr<State> state_;  // shared with the tasks of the executor
};

}  // namespace baryon

#endif  // BARYON_SERVER_BATCHING_BATCHER_H_
