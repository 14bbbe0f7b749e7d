// Finding out how long the passes of a model take, before it serves.
#ifndef BARYON_SERVER_BATCHING_MEASURE_COSTS_H_
#define BARYON_SERVER_BATCHING_MEASURE_COSTS_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/batching/clock.h"
#include "server/batching/cost_table.h"

namespace baryon {

struct MeasureOptions {
  absl::Duration budget = absl::Seconds(2);  // for all of it; the pass under way is finished
  std::vector<int> threads = {1};            // ascending
  int64_t max_rows = 32;
};

// One forward pass of `rows` rows on `threads` threads: how long it took.
using TimedPass = std::function<absl::StatusOr<absl::Duration>(int threads, int64_t rows)>;

// Measures 1, 2, 4, ... rows, each with every number of threads: one pass to warm up, then 3 to 20, as many as the
// budget gives. Ends early when more rows have stopped to pay: twice in a row a row was not 3 % cheaper than in the
// best batch so far. A number of rows that fails ends it too and is noted in the table. Errors: one row does not run.
absl::StatusOr<CostTable> MeasureCosts(const MeasureOptions& options, const TimedPass& pass, const Clock& clock);

// 1, 2, 4, ... below `most`, and `most`.
std::vector<int64_t> PowersUpTo(int64_t most);

}  // namespace baryon

#endif  // BARYON_SERVER_BATCHING_MEASURE_COSTS_H_
