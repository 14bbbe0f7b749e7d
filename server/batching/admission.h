// Whether a request is taken, when it comes.
#ifndef BARYON_SERVER_BATCHING_ADMISSION_H_
#define BARYON_SERVER_BATCHING_ADMISSION_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/batching/batch_policy.h"
#include "server/batching/cost_model.h"
#include "server/batching/executor.h"

namespace baryon {

// What may wait in the queue of one model version. More is refused at once; an empty queue takes a request of any size.
struct QueueLimits {
  int64_t rows = 16384;
  int64_t requests = 16384;
  int64_t bytes = int64_t{512} << 20;  // of inputs
};

// What waits and runs at a moment.
struct Backlog {
  int64_t requests = 0, rows = 0, bytes = 0;  // in the queue
  int64_t rows_ahead = 0;                     // of those, before the request in question
  int busy_slots = 0;
  absl::Duration until_free;  // the slot that ends first
  int64_t pass_rows = 1;      // most of a batch
  double slowdown = 1;        // of the passes of a full queue, over what was measured
  Executor::Load load;

  bool idle() const { return requests == 0 && busy_slots == 0; }
};

// The request in question.
struct Demand {
  int64_t rows = 1, bytes = 0;
  absl::Duration time_left = absl::InfiniteDuration();  // until its deadline
  absl::Duration max_wait = absl::InfiniteDuration();
};

// Immutable. `policy` and `costs`, whose lock is held by whoever calls it, outlive it.
class Admission {
 public:
  Admission(std::string model, const BatchPolicy& policy, const QueueLimits& limits, const CostModel& costs)
      : model_(std::move(model)), policy_(policy), limits_(limits), costs_(costs) {}

  // OK, or a Refusal: the queue is full; the answer cannot come before the deadline; the wait would be longer than half
  // of what it may be or four fifths of what the deadline leaves (more might become too long), with the time after
  // which to come again.
  absl::Status Check(const Demand& demand, const Backlog& backlog) const;

  // How long a request waits until its pass starts: until a slot is free, and for the passes of the rows ahead. Models
  // that wait for the same threads share them.
  absl::Duration PredictWait(const Backlog& backlog) const;

  // What one pass of a full queue adds to that: as measured, without any correction.
  absl::Duration QueueTime(int64_t rows, const Executor::Load& load) const;

  // The threads that each of `passes` gets when they run at once.
  int ThreadsFor(int passes, const Executor::Load& load) const;

 private:
  absl::Status CheckRoom(const Demand& demand, const Backlog& backlog) const;
  absl::Status CheckDeadline(const Demand& demand, const Backlog& backlog, absl::Duration wait) const;

  const std::string model_;
  const BatchPolicy& policy_;
  const QueueLimits limits_;
  const CostModel& costs_;
};

// The time after which a refused request may come again, for a predicted wait: at least 1 ms, at most 10 s.
absl::Duration RetryAfter(absl::Duration wait);

}  // namespace baryon

#endif  // BARYON_SERVER_BATCHING_ADMISSION_H_
