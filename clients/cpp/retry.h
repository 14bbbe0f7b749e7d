// When to ask again, and after how long. Pure: no clock and no network.
#ifndef BARYON_CLIENTS_CPP_RETRY_H_
#define BARYON_CLIENTS_CPP_RETRY_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace baryon {

// A server that is away (UNAVAILABLE) is asked again after a pause that doubles, with jitter; one that names the pause
// itself (push-back), also with RESOURCE_EXHAUSTED, after that pause; one that says "do not" is not. Nothing else is
// asked again: it would be refused again.
struct RetryPolicy {
  int attempts = 4;  // in all; 1: never again
  absl::Duration first_pause = absl::Milliseconds(100);
  absl::Duration longest_pause = absl::Seconds(2);
};

// How attempt number `attempt` (from 1) failed.
struct FailedAttempt {
  int attempt = 1;
  absl::StatusCode code = absl::StatusCode::kUnknown;
  std::optional<absl::Duration> push_back;  // what the server said; below zero: do not
};

// How long to wait before the next attempt; nothing: give up. `time_left` is the call's, over all attempts; `jitter` is
// random, from 0 to 1.
std::optional<absl::Duration> PauseAfter(const FailedAttempt& failed, const RetryPolicy& policy,
                                         absl::Duration time_left, double jitter);

// The value of "grpc-retry-pushback-ms"; below zero for one that is no number, which means "do not".
absl::Duration ParsePushBack(absl::string_view text);

}  // namespace baryon

#endif  // BARYON_CLIENTS_CPP_RETRY_H_
