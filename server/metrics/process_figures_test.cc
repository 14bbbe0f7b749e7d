#include "server/metrics/process_figures.h"

#include <time.h>

#include <map>
#include <string>

#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(ProcessFiguresTest, AreThoseOfThisProcess) {
  std::map<std::string, double> figures;
  for (const prometheus::MetricFamily& family : ProcessFigures()) {
    const bool counts = family.type == prometheus::MetricType::Counter;
    figures[family.name] = counts ? family.metric[0].counter.value : family.metric[0].gauge.value;
  }
  EXPECT_GT(figures["process_resident_memory_bytes"], 1e5);
  EXPECT_GE(figures["process_virtual_memory_bytes"], figures["process_resident_memory_bytes"]);
  EXPECT_GE(figures["process_open_fds"], 3);
  EXPECT_GE(figures["process_max_fds"], figures["process_open_fds"]);
  EXPECT_GE(figures["process_threads"], 1);
  EXPECT_GE(figures["process_cpu_seconds_total"], 0);
  EXPECT_NEAR(figures["process_start_time_seconds"], static_cast<double>(time(nullptr)), 3600);
}

}  // namespace
}  // namespace baryon
