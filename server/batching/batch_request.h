// A request to a model version, as the batcher takes it.
#ifndef BARYON_SERVER_BATCHING_BATCH_REQUEST_H_
#define BARYON_SERVER_BATCHING_BATCH_REQUEST_H_

#include <cstdint>
#include <stop_token>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/batching/rows.h"

namespace baryon {

// Who goes first when not all can go at once.
enum class Priority { kHigh, kNormal, kLow };
constexpr int kNumPriorities = 3;

// What became of the time between Submit and `done`.
struct BatchTiming {
  absl::Duration queued, computed;
  int64_t batch_rows = 0;  // of the pass it was part of; 0: none, nothing was computed for it
};

struct BatchRequest {
  static constexpr int64_t kUncounted = -1;

  Tensors inputs;                                      // their elements stay valid until `done` is called
  int64_t rows = kUncounted;                           // CommonRows of `inputs`, 0: none; of callers that have counted
  absl::Time deadline = absl::InfiniteFuture();        // by the clock; the answer is of no use after it
  absl::Duration max_wait = absl::InfiniteDuration();  // in the queue; it is refused rather than kept longer
  Priority priority = Priority::kNormal;
  bool may_run_here = false;                    // a short pass, and `done`, may keep the thread that calls Submit
  absl::Time submitted = absl::InfinitePast();  // now, by the clock, of callers that have just looked at it
  std::stop_token stop;                         // asked to stop once nobody waits for the answer any more
  // Called once, from Submit, from whoever asks to stop, or on a thread of the executor, with the outputs or
  // a Refusal (RESOURCE_EXHAUSTED, DEADLINE_EXCEEDED, CANCELLED), or what the model says.
  absl::AnyInvocable<void(absl::StatusOr<Tensors> outputs, const BatchTiming& timing)> done;
};

}  // namespace baryon

#endif  // BARYON_SERVER_BATCHING_BATCH_REQUEST_H_
