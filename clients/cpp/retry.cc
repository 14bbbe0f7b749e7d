#include "clients/cpp/retry.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "absl/strings/numbers.h"

namespace baryon {

std::optional<absl::Duration> PauseAfter(const FailedAttempt& failed, const RetryPolicy& policy,
                                         absl::Duration time_left, double jitter) {
  const bool is_away = failed.code == absl::StatusCode::kUnavailable;
  const bool is_full = failed.code == absl::StatusCode::kResourceExhausted;
  absl::Duration pause;
  if (failed.attempt >= policy.attempts) return std::nullopt;
  if (failed.push_back.has_value() && (is_away || is_full)) {
    if (*failed.push_back < absl::ZeroDuration()) return std::nullopt;
    pause = *failed.push_back;
  } else if (is_away) {
    pause = policy.first_pause * std::exp2(failed.attempt - 1);
    pause = std::min(pause, policy.longest_pause) * (0.8 + 0.4 * jitter);
  } else {
    return std::nullopt;
  }
  if (pause >= time_left) return std::nullopt;
  return pause;
}

absl::Duration ParsePushBack(absl::string_view text) {
  int64_t ms = 0;
  return absl::SimpleAtoi(text, &ms) && ms >= 0 ? absl::Milliseconds(ms) : absl::Milliseconds(-1);
}

}  // namespace baryon
