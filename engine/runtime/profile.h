// Where the time of a forward pass goes, step by step.
#ifndef BARYON_ENGINE_RUNTIME_PROFILE_H_
#define BARYON_ENGINE_RUNTIME_PROFILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "engine/runtime/executable.h"

namespace baryon {

struct StepProfile {
  std::string node, op;
  std::string algorithm;        // as Kernel::algorithm() has it
  absl::Duration time;          // median
  int64_t multiplications = 0;  // of the plain formula; 0 when not counted
  int64_t executed = 0;         // those that the algorithm does
  int64_t bytes = 0;            // of all operands, each once, weights as they are packed
};

struct Profile {
  std::vector<StepProfile> steps;  // in the order in which they run
  double peak = 0;                 // multiplications per second of all threads of the executable, at most
  int64_t rows_of_part = 0;        // when steps and peak are of one thread, whose part of the batch these are; else 0
};

// Runs `executable` on `inputs` (signature order; an empty tensor is not given) `runs` times, after one that is not
// counted, and times each step. Of a batch that goes in parts (row_parts.h), the steps are those of the first. Errors:
// those of Executable::Run.
absl::StatusOr<Profile> ProfileRuns(const Executable& executable, absl::Span<const Tensor> inputs, int runs);

// A line a step, the slowest first: time, its share, GFLOP/s by the plain formula, the share of the peak that the
// multiplications really done have, megabytes, algorithm; and a line of sums.
std::string ToTable(const Profile& profile);

}  // namespace baryon

#endif  // BARYON_ENGINE_RUNTIME_PROFILE_H_
