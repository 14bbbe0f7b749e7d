// What runs next.
#ifndef BARYON_SERVER_BATCHING_CHOOSE_BATCH_H_
#define BARYON_SERVER_BATCHING_CHOOSE_BATCH_H_

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "server/batching/batch_policy.h"
#include "server/batching/cost_model.h"
#include "server/batching/request_queue.h"

namespace baryon {

// The requests of a batch are still in the queue.
struct BatchChoice {
  QueuedRequest* first = nullptr;  // nullptr: nobody waits
  std::vector<QueuedRequest*> mates;
  int64_t rows = 0;
  bool hopeless = false;  // the time of `first` is over before it could be computed, even alone
  absl::Duration delay;   // above zero: worth waiting so long for company
};

// The moment of the choice.
struct ChoiceContext {
  absl::Time now;
  int threads = 1;             // for the pass
  int64_t max_rows = 1;        // of a batch
  double row_gap_seconds = 0;  // between rows that come, on average; 0: unknown
  int64_t returning_rows = 0;  // expected by `returning_until`: see ReturningRows
  absl::Time returning_until = absl::InfinitePast();
};

// The request whose turn it is, and behind it those that can be joined with it, in their order: as many as fit, and as
// leave the most urgent of them its time. A batch that is not full waits for rows that are about to return. Where the
// policy has a delay it is worth it only when batches of this size
// would keep the slots busy for more than 80 % of the time; below that the queue stays short without waiting. It ends
// when the batch should be full at the rate at which rows come, and before the deadline is in danger.
BatchChoice ChooseBatch(const RequestQueue& queue, const BatchPolicy& policy, const CostModel& costs,
                        const ChoiceContext& context);

}  // namespace baryon

#endif  // BARYON_SERVER_BATCHING_CHOOSE_BATCH_H_
