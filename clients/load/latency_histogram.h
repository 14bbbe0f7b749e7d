// Latencies of any number of requests in constant memory.
#ifndef BARYON_CLIENTS_LOAD_LATENCY_HISTOGRAM_H_
#define BARYON_CLIENTS_LOAD_LATENCY_HISTOGRAM_H_

#include <array>
#include <atomic>
#include <cstdint>

#include "absl/time/time.h"

namespace baryon {

// Counts latencies from 1 ns to 9 years in buckets whose bounds are 1/64 apart: a quantile is at most 1.6 % too large,
// never too small. Mean and maximum are exact. Thread-safe; Add takes no lock.
// Source: Tene, HdrHistogram: buckets by exponent and leading bits.
class LatencyHistogram {
 public:
  LatencyHistogram() = default;
  LatencyHistogram(const LatencyHistogram&) = delete;
  LatencyHistogram& operator=(const LatencyHistogram&) = delete;

  void Add(absl::Duration latency);

  int64_t count() const { return count_.load(std::memory_order_relaxed); }
  absl::Duration mean() const;
  absl::Duration max() const { return absl::Nanoseconds(max_.load(std::memory_order_relaxed)); }
  // The latency that a part `quantile` of the requests, 0.99 for example, did not exceed. Zero when there are none.
  absl::Duration Quantile(double quantile) const;
  // How many requests took no longer than `bound`, give or take those within 1.6 % of it.
  int64_t CountUpTo(absl::Duration bound) const;

 private:
  static constexpr int kBits = 6;  // leading bits that buckets tell apart
  static constexpr int kBuckets = (64 - kBits) << kBits;

  static int BucketOf(uint64_t ns);
  static uint64_t UpperBound(int bucket);

  std::array<std::atomic<int64_t>, kBuckets> buckets_{};
  std::atomic<int64_t> count_{0}, sum_{0}, max_{0};
};

}  // namespace baryon

#endif  // BARYON_CLIENTS_LOAD_LATENCY_HISTOGRAM_H_
