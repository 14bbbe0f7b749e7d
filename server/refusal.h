// Errors that clients and metrics tell apart by more than their code.
#ifndef BARYON_SERVER_REFUSAL_H_
#define BARYON_SERVER_REFUSAL_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace baryon {

// Why a request was not computed although nothing was wrong with it.
enum class Refusal {
  kQueueFull,            // RESOURCE_EXHAUSTED: rows, requests or bytes beyond the limit of the queue
  kOverload,             // RESOURCE_EXHAUSTED: it would have to wait longer than --max-queue-ms
  kMemory,               // RESOURCE_EXHAUSTED: no memory for its tensors
  kDeadlineUnreachable,  // DEADLINE_EXCEEDED, at once: the answer could not come in time
  kDeadlineExceeded,     // DEADLINE_EXCEEDED: its time passed in the queue
  kCancelled,            // CANCELLED: nobody waits for the answer
  kModelLoading,         // UNAVAILABLE
  kDraining,             // UNAVAILABLE: the server is about to end
};

// The code that goes with it, and its name in errors and metrics: "QUEUE_FULL", "OVERLOAD", ...
absl::StatusCode CodeOf(Refusal refusal);
absl::string_view RefusalName(Refusal refusal);

// A status with that code which remembers the refusal and, where it makes sense to come again, when: what becomes
// google.rpc.ErrorInfo and RetryInfo, grpc-retry-pushback-ms, or Retry-After.
absl::Status Refuse(Refusal refusal, absl::string_view message,
                    std::optional<absl::Duration> retry_delay = std::nullopt);

// What Refuse was given; nothing for other statuses. The delay is in whole milliseconds, rounded up.
std::optional<Refusal> RefusalOf(const absl::Status& status);
std::optional<absl::Duration> RetryDelayOf(const absl::Status& status);

}  // namespace baryon

#endif  // BARYON_SERVER_REFUSAL_H_
