// Asking a server as fast as it answers, or at a given rate.
#ifndef BARYON_CLIENTS_LOAD_RUN_LOAD_H_
#define BARYON_CLIENTS_LOAD_RUN_LOAD_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "clients/load/load_report.h"

namespace baryon {

struct LoadOptions {
  int concurrency = 0;  // closed loop: so many requests are under way at any time
  double rate = 0;      // open loop: so many come in a second, at random moments (Poisson), whatever the server does
  absl::Duration time = absl::Seconds(10);
  absl::Duration warm_up = absl::Seconds(1);  // before it: asked in the same way, not counted
  int64_t rows = 1;                           // of a request, for the report
  int64_t most_under_way = 20000;             // open loop: beyond, requests are counted as not sent
  uint32_t seed = 1;                          // of the moments
};

// Sends one request and calls `done` with its outcome, on any thread, later or at once. Thread-safe.
using SendRequest = std::function<void(absl::AnyInvocable<void(absl::StatusCode code)> done)>;

// Runs one load test and waits for all answers. In an open loop latency counts from the moment at which a request
// should have been sent: a server that makes the client late cannot hide that.
LoadReport RunLoad(const LoadOptions& options, const SendRequest& send);

// The moments of an open loop, from 0 to `time`: gaps are exponentially distributed.
std::vector<absl::Duration> PoissonSchedule(double rate, absl::Duration time, uint32_t seed);

}  // namespace baryon

#endif  // BARYON_CLIENTS_LOAD_RUN_LOAD_H_
