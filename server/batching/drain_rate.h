// How fast a queue really empties.
#ifndef BARYON_SERVER_BATCHING_DRAIN_RATE_H_
#define BARYON_SERVER_BATCHING_DRAIN_RATE_H_

#include <algorithm>
#include <cmath>
#include <optional>

#include "absl/time/time.h"

namespace baryon {

// The time that passes took while others waited behind them, beside the time that they were measured to take: what
// refusals, other models and other processes leave of the machine. The factor that corrects single passes varies from
// pass to pass, and a queue that takes requests whenever its forecast is low fills up with those of its low moments;
// this is an average over the last second or so. One thread at a time.
class DrainRate {
 public:
  // A pass ended that should have taken `measured` of the queue's time, which is of interest where the pass counts;
  // `more`: others wait, so that the next starts.
  void Finish(absl::Time now, absl::Duration measured, bool more) {
    if (since_.has_value()) {
      const double left = Left(now);
      seconds_ = seconds_ * left + std::max(absl::ToDoubleSeconds(now - *since_), 0.0);
      measured_seconds_ = measured_seconds_ * left + absl::ToDoubleSeconds(measured);
      seen_ = std::max(seen_, now);
    }
    since_ = more ? std::optional(now) : std::nullopt;
  }

  // Whether the next pass counts: others waited when the last one ended.
  bool counts() const { return since_.has_value(); }

  // How many times as long as measured the passes of a queue take. `expected`, as single passes have it, counts like a
  // twentieth of a second that was seen: it decides for a queue that was not busy lately.
  double SlowdownAt(absl::Time now, double expected) const {
    const double left = Left(now);
    return (seconds_ * left + kExpectedSeconds * expected) / (measured_seconds_ * left + kExpectedSeconds);
  }

 private:
  static constexpr double kMemorySeconds = 1, kExpectedSeconds = 0.05;

  // The part that still counts at `now` of what was seen.
  double Left(absl::Time now) const {
    return std::exp(-std::max(absl::ToDoubleSeconds(now - seen_), 0.0) / kMemorySeconds);
  }

  double seconds_ = 0, measured_seconds_ = 0;  // up to `seen_`
  absl::Time seen_ = absl::UnixEpoch();
  std::optional<absl::Time> since_;  // the last pass ended; nothing: nobody waited then
};

}  // namespace baryon

#endif  // BARYON_SERVER_BATCHING_DRAIN_RATE_H_
