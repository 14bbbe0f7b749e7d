#include "clients/load/load_report.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "nlohmann/json.hpp"

namespace baryon {
namespace {

using nlohmann::ordered_json;

double Ms(absl::Duration duration) { return absl::ToDoubleMilliseconds(duration); }

void AddSummary(const LatencySummary& summary, const std::string& prefix, ordered_json& json) {
  json[prefix + "mean_ms"] = Ms(summary.mean);
  json[prefix + "p50_ms"] = Ms(summary.p50);
  json[prefix + "p90_ms"] = Ms(summary.p90);
  json[prefix + "p99_ms"] = Ms(summary.p99);
  json[prefix + "p999_ms"] = Ms(summary.p999);
  json[prefix + "max_ms"] = Ms(summary.max);
}

std::string FailuresOf(const LoadReport& report) {
  std::string text;
  for (const auto& [code, count] : report.failed) absl::StrAppend(&text, text.empty() ? "" : ", ", count, " ", code);
  if (report.unsent > 0) absl::StrAppend(&text, text.empty() ? "" : ", ", report.unsent, " not sent");
  return text;
}

// The duration in a unit that leaves few digits: "500 us", "20 ms", "1 s".
std::string Rounded(absl::Duration duration) {
  const double us = absl::ToDoubleMicroseconds(duration);
  if (us < 1000) return absl::StrFormat("%g us", us);
  return us < 1e6 ? absl::StrFormat("%g ms", us / 1e3) : absl::StrFormat("%g s", us / 1e6);
}

// A field of a line whose fields are separated by commas.
std::string CsvField(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
}

}  // namespace

int64_t LoadReport::requests() const {
  int64_t count = answered + unsent;
  for (const auto& [code, failures] : failed) count += failures;
  return count;
}

double LoadReport::requests_per_second() const {
  return time > absl::ZeroDuration() ? static_cast<double>(answered) / absl::ToDoubleSeconds(time) : 0;
}

std::string ToJson(const LoadReport& report, const std::string& model) {
  ordered_json json;
  json["model"] = model;
  if (report.concurrency > 0) {
    json["concurrency"] = report.concurrency;
  } else {
    json["rate"] = report.rate;
  }
  json["seconds"] = absl::ToDoubleSeconds(report.time);
  json["rows"] = report.rows;
  json["requests"] = report.requests();
  json["answered"] = report.answered;
  json["failed"] = report.failed;
  json["unsent"] = report.unsent;
  json["requests_per_second"] = report.requests_per_second();
  json["rows_per_second"] = report.requests_per_second() * static_cast<double>(report.rows);
  AddSummary(report.latency, "", json);
  AddSummary(report.refusal, "refusal_", json);
  json["schedule_lag_p99_ms"] = Ms(report.schedule_lag);
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string CsvHead() {
  return "model,clients,rate,seconds,rows,requests,answered,unsent,requests_per_second,rows_per_second,mean_ms,p50_ms,"
         "p90_ms,p99_ms,p999_ms,max_ms,failed\n";
}

std::string ToCsv(const LoadReport& report, const std::string& model) {
  const double rate = report.requests_per_second();
  const LatencySummary& latency = report.latency;
  return absl::StrFormat("%s,%d,%g,%g,%d,%d,%d,%d,%g,%g,%g,%g,%g,%g,%g,%g,%s\n", CsvField(model), report.concurrency,
                         report.concurrency > 0 ? 0 : report.rate, absl::ToDoubleSeconds(report.time), report.rows,
                         report.requests(), report.answered, report.unsent, rate,
                         rate * static_cast<double>(report.rows), Ms(latency.mean), Ms(latency.p50), Ms(latency.p90),
                         Ms(latency.p99), Ms(latency.p999), Ms(latency.max), CsvField(FailuresOf(report)));
}

std::string DrawBars(const LoadReport& report) {
  constexpr int64_t kWidth = 50;
  int64_t most = 1;
  for (const LatencyBar& bar : report.bars) most = std::max(most, bar.requests);
  std::string text;
  for (const LatencyBar& bar : report.bars) {
    // Whoever was there is seen.
    const int64_t length = bar.requests == 0 ? 0 : std::max<int64_t>(kWidth * bar.requests / most, 1);
    absl::StrAppendFormat(&text, "%14s  %-*s  %d\n", absl::StrCat("<= ", Rounded(bar.up_to)), kWidth,
                          std::string(length, '#'), bar.requests);
  }
  return text;
}

std::string TableHead() {
  return absl::StrFormat("%11s %10s %10s %9s %9s %9s %9s %9s  %s\n", "load", "req/s", "rows/s", "mean ms", "p50 ms",
                         "p99 ms", "p99.9 ms", "max ms", "failed");
}

std::string TableLine(const LoadReport& report) {
  const std::string load =
      report.concurrency > 0 ? absl::StrCat(report.concurrency, " clients") : absl::StrFormat("%.6g/s", report.rate);
  const double rate = report.requests_per_second();
  const LatencySummary& latency = report.latency;
  return absl::StrFormat("%11s %10.1f %10.1f %9.3f %9.3f %9.3f %9.3f %9.3f  %s\n", load, rate,
                         rate * static_cast<double>(report.rows), Ms(latency.mean), Ms(latency.p50), Ms(latency.p99),
                         Ms(latency.p999), Ms(latency.max), FailuresOf(report));
}

}  // namespace baryon
