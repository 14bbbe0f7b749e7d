// What a load test has found out.
#ifndef BARYON_CLIENTS_LOAD_LOAD_REPORT_H_
#define BARYON_CLIENTS_LOAD_LOAD_REPORT_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace baryon {

// Latencies in short. A value.
struct LatencySummary {
  absl::Duration mean, p50, p90, p99, p999, max;
};

// How many requests took longer than the bar before, and at most `up_to`. A value.
struct LatencyBar {
  absl::Duration up_to;
  int64_t requests;
};

// One run at one load. A value.
struct LoadReport {
  int concurrency = 0;  // closed loop; 0: open loop
  double rate = 0;      // open loop, requests a second: asked for
  absl::Duration time;  // measured, without the warm-up
  int64_t rows = 1;     // of a request
  int64_t answered = 0;
  std::map<std::string, int64_t> failed;  // by status code: "RESOURCE_EXHAUSTED"
  int64_t unsent = 0;                     // open loop: too many were under way
  LatencySummary latency;                 // of those that were answered, from the intended time of sending
  LatencySummary refusal;                 // of those that failed
  std::vector<LatencyBar> bars;           // of those that were answered: bounds 1, 2, 5, 10, ... without empty ends
  absl::Duration schedule_lag;            // open loop: 99 % of the requests were sent at most so late

  int64_t requests() const;
  double requests_per_second() const;  // answered
};

// {"model":...,"concurrency":4,...}: times in ms, as `baryon perf --json` prints a list of them.
std::string ToJson(const LoadReport& report, const std::string& model);

// Lines for a spreadsheet: names of columns, and one line a run, as `baryon perf --csv` prints them.
std::string CsvHead();
std::string ToCsv(const LoadReport& report, const std::string& model);

// The latencies as a picture of text, a line for each bar; empty when nothing was answered.
std::string DrawBars(const LoadReport& report);

// A table for people: its head, and one line a run.
std::string TableHead();
std::string TableLine(const LoadReport& report);

}  // namespace baryon

#endif  // BARYON_CLIENTS_LOAD_LOAD_REPORT_H_
