#include "server/batching/clock.h"

#include <chrono>

#include "absl/time/clock.h"

namespace baryon {
namespace {

absl::Duration SteadyUptime() { return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch()); }

}  // namespace

absl::Time MonotonicNow() {
  static const absl::Time kZero = absl::Now() - SteadyUptime();
  return kZero + SteadyUptime();
}

}  // namespace baryon
