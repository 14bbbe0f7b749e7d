// What the requests to one model version have done, as integers that cost a request next to nothing.
#ifndef BARYON_SERVER_METRICS_MODEL_COUNTS_H_
#define BARYON_SERVER_METRICS_MODEL_COUNTS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <tuple>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/metrics/metrics.h"

namespace baryon {

// How many values lie in each range, and their sum. A value belongs to the first bound that is not below it, or behind
// all of them.
template <size_t n>
struct Tally {
  void Add(const std::array<int64_t, n>& bounds, int64_t value) {
    size_t i = 0;
    while (i < n && value > bounds[i]) ++i;
    ++counts[i];
    sum += value;
  }
  int64_t count() const {
    int64_t count = 0;
    for (int64_t part : counts) count += part;
    return count;
  }

  std::array<int64_t, n + 1> counts = {};
  int64_t sum = 0;
};

// Bounds of times, in nanoseconds: 100 us to 10 s; and of rows.
inline constexpr std::array<int64_t, 16> kTimeBounds = {
    100'000,    250'000,     500'000,     1'000'000,   2'500'000,     5'000'000,     10'000'000,    25'000'000,
    50'000'000, 100'000'000, 250'000'000, 500'000'000, 1'000'000'000, 2'500'000'000, 5'000'000'000, 10'000'000'000};
inline constexpr std::array<int64_t, 8> kRowBounds = {1, 2, 4, 8, 16, 32, 64, 128};

struct TimeTally : Tally<kTimeBounds.size()> {
  void Add(absl::Duration time) { Tally::Add(kTimeBounds, absl::ToInt64Nanoseconds(time)); }
};
struct RowTally : Tally<kRowBounds.size()> {
  void Add(int64_t rows) { Tally::Add(kRowBounds, rows); }
};

// A value; one thread at a time.
struct ModelCounts {
  // How a request came and ended.
  using Outcome = std::tuple<Protocol, Transport, absl::StatusCode>;
  struct Answers {
    Outcome outcome;
    TimeTally total;
  };

  void AddAnswer(const Outcome& outcome, const RequestTimes& times) {
    TotalOf(outcome).Add(times.total);
    if (std::get<absl::StatusCode>(outcome) != absl::StatusCode::kOk) return;
    overhead.Add(times.total - times.queued - times.infer);
    queued.Add(times.queued);
    input.Add(times.input);
    infer.Add(times.infer);
    output.Add(times.output);
  }
  TimeTally& TotalOf(const Outcome& outcome) {
    for (Answers& known : answers) {
      if (known.outcome == outcome) return known.total;
    }
    answers.push_back({outcome, {}});
    return answers.back().total;
  }

  int64_t arrivals = 0;
  absl::InlinedVector<Answers, 1> answers;           // of the few outcomes that there are
  TimeTally overhead, queued, input, infer, output;  // of the requests that succeeded
  RowTally rows;                                     // of passes
  absl::Time last_batch = absl::InfinitePast();
};

}  // namespace baryon

#endif  // BARYON_SERVER_METRICS_MODEL_COUNTS_H_
