#include "server/batching/clock.h"

#include <chrono>
#include <cstdint>

#include "absl/time/clock.h"

namespace baryon {
namespace {

int64_t SteadyNanos() { return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}  // namespace

absl::Time MonotonicNow() {
  static const int64_t kZero = absl::GetCurrentTimeNanos() - SteadyNanos();
  return absl::FromUnixNanos(kZero + SteadyNanos());
}

}  // namespace baryon
