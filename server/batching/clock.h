// The time by which the server waits and measures.
#ifndef BARYON_SERVER_BATCHING_CLOCK_H_
#define BARYON_SERVER_BATCHING_CLOCK_H_

#include <functional>

#include "absl/time/time.h"

namespace baryon {

// Says what time it is. Tests pass one that they set by hand.
using Clock = std::function<absl::Time()>;

// The wall time at which the process first asked, plus what a steady clock counted since: a step of the system's clock
// neither ends a request early nor keeps it for hours. Thread-safe.
absl::Time MonotonicNow();

}  // namespace baryon

#endif  // BARYON_SERVER_BATCHING_CLOCK_H_
