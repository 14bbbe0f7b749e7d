#include "server/batching/cost_model.h"

#include <algorithm>

namespace baryon {
namespace {

constexpr double kWeight = 0.1;
constexpr double kLeast = 0.05, kMost = 100;  // of the factor: one absurd observation must not stop all traffic

}  // namespace

CostTable::Cost CostModel::Predict(int threads, int64_t rows) const {
  const CostTable::Cost cost = table_.Predict(threads, rows);
  return {cost.p50 * correction_, cost.p95 * correction_};
}

absl::Duration CostModel::Median(int threads, int64_t rows) const {
  return table_.Predict(threads, rows).p50 * correction_;
}

CostTable::Cost CostModel::Measured(int threads, int64_t rows) const { return table_.Predict(threads, rows); }

absl::Duration CostModel::AtLeast(int threads, int64_t rows) const {
  if (!measured_) return absl::ZeroDuration();
  return table_.Predict(threads, rows).p50 * std::min(correction_, 1.0);
}

void CostModel::Observe(int threads, int64_t rows, absl::Duration took) {
  if (took <= absl::ZeroDuration()) return;
  if (table_.Find(threads, rows) == nullptr && table_.rows(threads).size() < kMostSizes) {
    return table_.Set(threads, rows, {took / correction_, took / correction_});
  }
  const double ratio = absl::FDivDuration(took, table_.Predict(threads, rows).p50);
  correction_ += kWeight * (std::clamp(ratio, kLeast, kMost) - correction_);
}

}  // namespace baryon
