#include "server/batching/measure_costs.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"

namespace baryon {
namespace {

constexpr int kFewestPasses = 3, kMostPasses = 20;
constexpr double kShareOfASize = 0.06;   // of the budget: what the passes of one size may take once they are three
constexpr double kWorthwhile = 0.97;     // a row of a larger batch costs at most this part of one of the best so far
constexpr int kMostDisappointments = 2;  // in a row

class Measurement {
 public:
  Measurement(const MeasureOptions& options, const TimedPass& pass, const Clock& clock)
      : options_(options), pass_(pass), clock_(clock), end_(clock() + options.budget) {}

  absl::StatusOr<CostTable> Run() {
    int disappointments = 0;
    double best = 0;
    for (int64_t rows : PowersUpTo(options_.max_rows)) {
      const absl::StatusOr<double> cost = MeasureRows(rows);
      if (!cost.ok() && rows == 1) return cost.status();
      if (!cost.ok()) {
        table_.error = absl::StrCat(rows, " rows: ", cost.status().message());
        break;
      }
      if (*cost == 0) break;  // no time left
      disappointments = rows == 1 || *cost <= kWorthwhile * best ? 0 : disappointments + 1;
      best = rows == 1 ? *cost : std::min(best, *cost);
      if (disappointments == kMostDisappointments) break;
    }
    CorrectDisturbed();
    return table_;
  }

 private:
  // The lowest CPU time of a row, over the numbers of threads; 0 when there was no time to measure any. One thread
  // comes first: beside others that compute, passes of several wait for each other's parts and take the time of many.
  absl::StatusOr<double> MeasureRows(int64_t rows) {
    double lowest = 0;
    for (int threads : options_.threads) {
      if (rows > 1 && clock_() >= end_) break;
      BARYON_ASSIGN_OR_RETURN(const CostTable::Cost cost, MeasureOne(threads, rows));
      table_.Set(threads, rows, cost);
      const double row = absl::ToDoubleSeconds(cost.p50) * threads / static_cast<double>(rows);
      lowest = lowest == 0 ? row : std::min(lowest, row);
    }
    return lowest;
  }

  absl::StatusOr<CostTable::Cost> MeasureOne(int threads, int64_t rows) {
    const absl::Time share_ends = clock_() + options_.budget * kShareOfASize;
    BARYON_RETURN_IF_ERROR(pass_(threads, rows).status());
    std::vector<absl::Duration> times;
    while (static_cast<int>(times.size()) < kMostPasses) {
      const absl::Time now = clock_();
      if (times.size() >= 1 && now >= end_) break;
      if (static_cast<int>(times.size()) >= kFewestPasses && now >= share_ends) break;
      BARYON_ASSIGN_OR_RETURN(const absl::Duration time, pass_(threads, rows));
      times.push_back(time);
    }
    std::sort(times.begin(), times.end());
    return CostTable::Cost{times[times.size() / 2], times[times.size() * 95 / 100]};
  }

  // More rows take no less time: where they did, something else had a part of the processors while fewer were measured.
  void CorrectDisturbed() {
    for (int threads : table_.threads()) {
      CostTable::Cost least{absl::InfiniteDuration(), absl::InfiniteDuration()};
      const std::vector<int64_t> sizes = table_.rows(threads);
      for (auto rows = sizes.rbegin(); rows != sizes.rend(); ++rows) {
        const CostTable::Cost& cost = *table_.Find(threads, *rows);
        least = {std::min(cost.p50, least.p50), std::min(cost.p95, least.p95)};
        table_.Set(threads, *rows, least);
      }
    }
  }

  const MeasureOptions& options_;
  const TimedPass& pass_;
  const Clock& clock_;
  const absl::Time end_;
  CostTable table_;
};

}  // namespace

std::vector<int64_t> PowersUpTo(int64_t most) {
  std::vector<int64_t> powers;
  for (int64_t power = 1; power < most; power *= 2) powers.push_back(power);
  powers.push_back(std::max<int64_t>(most, 1));
  return powers;
}

absl::StatusOr<CostTable> MeasureCosts(const MeasureOptions& options, const TimedPass& pass, const Clock& clock) {
  return Measurement(options, pass, clock).Run();
}

}  // namespace baryon
