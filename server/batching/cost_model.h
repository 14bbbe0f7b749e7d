// What a pass will take, as measured at load and corrected by what passes take now.
#ifndef BARYON_SERVER_BATCHING_COST_MODEL_H_
#define BARYON_SERVER_BATCHING_COST_MODEL_H_

#include <cstdint>
#include <utility>

#include "absl/time/time.h"
#include "server/batching/cost_table.h"

namespace baryon {

// A table and one factor: noisy neighbours, a throttled processor and a warmer chip slow every pass down alike. The
// factor is the moving average of observed over predicted time, in which a pass counts a tenth. Sizes the table lacks
// are learnt from the first pass of that size. One thread at a time.
class CostModel {
 public:
  explicit CostModel(CostTable table) : measured_(!table.empty()), table_(std::move(table)) {}

  // Zero until anything is known; Measured is without the correction.
  CostTable::Cost Predict(int threads, int64_t rows) const;
  CostTable::Cost Measured(int threads, int64_t rows) const;
  absl::Duration Median(int threads, int64_t rows) const;  // Predict's p50 alone
  // What it takes at least, on a machine that has nothing else to do: as it was measured, or faster if passes are now.
  // Zero when nothing was measured.
  absl::Duration AtLeast(int threads, int64_t rows) const;
  void Observe(int threads, int64_t rows, absl::Duration took);

  double correction() const { return correction_; }
  const CostTable& table() const { return table_; }  // without the correction

 private:
  static constexpr size_t kMostSizes = 64;  // learnt, for each number of threads

  const bool measured_;
  CostTable table_;
  double correction_ = 1;
};

}  // namespace baryon

#endif  // BARYON_SERVER_BATCHING_COST_MODEL_H_
