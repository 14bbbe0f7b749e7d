// A latency below 64 ns has a bucket of its own. Above, with its highest bit at position e, the six bits behind that
// one and e give the bucket: 64 for each power of two.
#include "clients/load/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace baryon {

int LatencyHistogram::BucketOf(uint64_t ns) {
  const int exponent = std::max(static_cast<int>(std::bit_width(ns)) - kBits - 1, 0);
  return (exponent << kBits) + static_cast<int>(ns >> exponent);
}

uint64_t LatencyHistogram::UpperBound(int bucket) {
  constexpr int kOnes = 1 << kBits;
  if (bucket < 2 * kOnes) return static_cast<uint64_t>(bucket);
  const int exponent = (bucket >> kBits) - 1;
  const uint64_t leading = static_cast<uint64_t>(bucket - (exponent << kBits));
  return ((leading + 1) << exponent) - 1;
}

void LatencyHistogram::Add(absl::Duration latency) {
  const int64_t ns = std::max<int64_t>(absl::ToInt64Nanoseconds(latency), 0);
  buckets_[std::min(BucketOf(static_cast<uint64_t>(ns)), kBuckets - 1)].fetch_add(1, std::memory_order_relaxed);
  count_.fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(ns, std::memory_order_relaxed);
  int64_t most = max_.load(std::memory_order_relaxed);
  while (ns > most && !max_.compare_exchange_weak(most, ns, std::memory_order_relaxed)) {
  }
}

absl::Duration LatencyHistogram::mean() const {
  const int64_t requests = count();
  return requests == 0 ? absl::ZeroDuration() : absl::Nanoseconds(sum_.load(std::memory_order_relaxed)) / requests;
}

absl::Duration LatencyHistogram::Quantile(double quantile) const {
  const auto rank = static_cast<int64_t>(std::ceil(quantile * static_cast<double>(count())));
  int64_t seen = 0;
  for (int bucket = 0; bucket < kBuckets; ++bucket) {
    seen += buckets_[bucket].load(std::memory_order_relaxed);
    if (seen >= std::max<int64_t>(rank, 1)) {
      return std::min(absl::Nanoseconds(static_cast<int64_t>(UpperBound(bucket))), max());
    }
  }
  return max();
}

int64_t LatencyHistogram::CountUpTo(absl::Duration bound) const {
  const int64_t ns = absl::ToInt64Nanoseconds(bound);
  if (ns < 0) return 0;
  const int last = std::min(BucketOf(static_cast<uint64_t>(ns)), kBuckets - 1);
  int64_t seen = 0;
  for (int bucket = 0; bucket <= last; ++bucket) seen += buckets_[bucket].load(std::memory_order_relaxed);
  return seen;
}

}  // namespace baryon
