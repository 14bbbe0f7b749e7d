// How long the passes of a model take on this machine.
#ifndef BARYON_SERVER_MODELS_PROFILE_MODEL_H_
#define BARYON_SERVER_MODELS_PROFILE_MODEL_H_

#include <cstdint>
#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "engine/runtime/executable.h"
#include "server/batching/cost_table.h"

namespace baryon {

struct ProfileOptions {
  absl::Duration budget = absl::Seconds(2);
  int num_threads = 1;  // of the server
  int64_t max_rows = 32;
  // Others compute at the same time: only one thread is measured, by its CPU time, and takes nothing from them. What
  // several threads would achieve is estimated.
  bool in_background = false;
};

// Runs random rows, by MeasureCosts, with 1, 2, 4, ... and all threads. Leaves plans for the measured numbers of rows
// compiled. Errors: CANCELLED, `stop` was asked for; UNIMPLEMENTED, the shapes of the inputs are known from requests
// only; what the model says to a random row.
absl::StatusOr<CostTable> ProfileModel(const Executable& executable, const ProfileOptions& options,
                                       const std::stop_token& stop = {});

// Compiles plans for 1 to `most` rows, as far as `budget` goes: so that no request waits for it.
void CompilePlans(const Executable& executable, int64_t most, absl::Duration budget);

// What the times depend on: the graph with the shapes of its weights and how it is compiled (numerics, tuning, passes
// left out), the processor, the threads.
std::string ProfileKey(const Executable& executable, const ProfileOptions& options);

}  // namespace baryon

#endif  // BARYON_SERVER_MODELS_PROFILE_MODEL_H_
