#include "clients/load/latency_histogram.h"

#include <algorithm>
#include <random>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(LatencyHistogramTest, IsZeroWhenEmpty) {
  const LatencyHistogram histogram;
  EXPECT_EQ(histogram.Quantile(0.5), absl::ZeroDuration());
  EXPECT_EQ(histogram.mean(), absl::ZeroDuration());
}

TEST(LatencyHistogramTest, QuantilesAreAtMostASixtyFourthTooLarge) {
  std::mt19937_64 random(1);
  std::lognormal_distribution<double> microseconds(5, 3);
  LatencyHistogram histogram;
  std::vector<absl::Duration> latencies;
  for (int i = 0; i < 20000; ++i) {
    latencies.push_back(absl::Nanoseconds(static_cast<int64_t>(microseconds(random) * 1000)));
    histogram.Add(latencies.back());
  }
  std::sort(latencies.begin(), latencies.end());
  for (double quantile : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const absl::Duration exact = latencies[static_cast<size_t>(quantile * 20000) - 1];
    EXPECT_GE(histogram.Quantile(quantile), exact) << quantile;
    EXPECT_LE(histogram.Quantile(quantile), exact * (1 + 1.0 / 64) + absl::Nanoseconds(1)) << quantile;
  }
  EXPECT_EQ(histogram.max(), latencies.back());
  EXPECT_EQ(histogram.count(), 20000);
}

TEST(LatencyHistogramTest, TakesAnyLatency) {
  LatencyHistogram histogram;
  for (const absl::Duration latency : {absl::ZeroDuration(), -absl::Seconds(1), absl::Nanoseconds(1),
                                       absl::Nanoseconds(127), absl::Nanoseconds(128), absl::Hours(24 * 365 * 9)}) {
    histogram.Add(latency);
  }
  EXPECT_EQ(histogram.Quantile(0.3), absl::ZeroDuration());
  EXPECT_EQ(histogram.Quantile(1), absl::Hours(24 * 365 * 9));
}

TEST(LatencyHistogramTest, CountsUpToABound) {
  LatencyHistogram histogram;
  for (int ms = 1; ms <= 100; ++ms) histogram.Add(absl::Milliseconds(ms));
  EXPECT_EQ(histogram.CountUpTo(-absl::Seconds(1)), 0);
  EXPECT_EQ(histogram.CountUpTo(absl::Milliseconds(0.5)), 0);
  EXPECT_EQ(histogram.CountUpTo(absl::Milliseconds(10)), 10);
  EXPECT_NEAR(histogram.CountUpTo(absl::Milliseconds(90)), 90, 2);
  EXPECT_EQ(histogram.CountUpTo(absl::Hours(1)), 100);
}

TEST(LatencyHistogramTest, CountsWhatSeveralThreadsAdd) {
  LatencyHistogram histogram;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 1; k <= 1000; ++k) histogram.Add(absl::Microseconds(k));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(histogram.count(), 4000);
  EXPECT_EQ(histogram.mean(), absl::Microseconds(500.5));
}

}  // namespace
}  // namespace baryon
