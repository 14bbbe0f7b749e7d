#include "server/batching/cost_table.h"

#include <algorithm>
#include <iterator>

#include "absl/status/status.h"
#include "nlohmann/json.hpp"

namespace baryon {
namespace {

using nlohmann::json;

CostTable::Cost Scale(const CostTable::Cost& cost, double factor) { return {cost.p50 * factor, cost.p95 * factor}; }

CostTable::Cost Between(const CostTable::Cost& low, const CostTable::Cost& high, double part) {
  return {low.p50 + (high.p50 - low.p50) * part, low.p95 + (high.p95 - low.p95) * part};
}

absl::Duration FromMicroseconds(const json& value) { return absl::Microseconds(value.get<double>()); }

bool IsRow(const json& row) {
  if (!row.is_array() || row.size() != 4) return false;
  if (!row[0].is_number_integer() || !row[1].is_number_integer() || row[0] < 1 || row[1] < 1) return false;
  return row[2].is_number() && row[3].is_number() && row[2] > 0 && row[3] > 0;
}

}  // namespace

const CostTable::Cost* CostTable::Find(int threads, int64_t rows) const {
  const auto by_rows = costs_.find(threads);
  if (by_rows == costs_.end()) return nullptr;
  const auto cost = by_rows->second.find(rows);
  return cost == by_rows->second.end() ? nullptr : &cost->second;
}

std::vector<int> CostTable::threads() const {
  std::vector<int> threads;
  for (const auto& [count, by_rows] : costs_) threads.push_back(count);
  return threads;
}

std::vector<int64_t> CostTable::rows(int threads) const {
  std::vector<int64_t> rows;
  if (const auto found = costs_.find(threads); found != costs_.end()) {
    for (const auto& [count, cost] : found->second) rows.push_back(count);
  }
  return rows;
}

CostTable::Cost CostTable::Predict(int threads, int64_t rows) const {
  if (costs_.empty()) return Cost();
  auto column = costs_.upper_bound(threads);
  if (column != costs_.begin()) --column;
  const std::map<int64_t, Cost>& by_rows = column->second;
  const auto high = by_rows.lower_bound(rows);
  if (high == by_rows.end()) {
    const auto& [most, cost] = *by_rows.rbegin();
    return Scale(cost, static_cast<double>(rows) / static_cast<double>(most));
  }
  if (high->first == rows || high == by_rows.begin()) return high->second;
  const auto low = std::prev(high);
  const double part = static_cast<double>(rows - low->first) / static_cast<double>(high->first - low->first);
  return Between(low->second, high->second, part);
}

std::string CostTable::ToJson() const {
  json costs = json::array();
  for (const auto& [threads, by_rows] : costs_) {
    for (const auto& [rows, cost] : by_rows) {
      costs.push_back({threads, rows, absl::ToDoubleMicroseconds(cost.p50), absl::ToDoubleMicroseconds(cost.p95)});
    }
  }
  return json{{"costs", costs}, {"error", error}}.dump(-1, ' ', false, json::error_handler_t::replace);
}

absl::StatusOr<CostTable> CostTable::FromJson(absl::string_view text) {
  const json document = json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  const bool is_table = document.is_object() && document.contains("costs") && document["costs"].is_array() &&
                        document.contains("error") && document["error"].is_string();
  if (!is_table) return absl::DataLossError("expected {\"costs\":[...],\"error\":\"...\"}");
  CostTable table;
  table.error = document["error"].get<std::string>();
  for (const json& row : document["costs"]) {
    if (!IsRow(row)) return absl::DataLossError("expected [threads, rows, p50_us, p95_us], all above zero");
    table.Set(row[0].get<int>(), row[1].get<int64_t>(), {FromMicroseconds(row[2]), FromMicroseconds(row[3])});
  }
  return table;
}

}  // namespace baryon
