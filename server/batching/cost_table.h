// How long forward passes of a model take: by threads and rows.
#ifndef BARYON_SERVER_BATCHING_COST_TABLE_H_
#define BARYON_SERVER_BATCHING_COST_TABLE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace baryon {

// Measured times and what follows from them for sizes in between. A value.
class CostTable {
 public:
  struct Cost {
    absl::Duration p50, p95;
    bool operator==(const Cost& other) const { return p50 == other.p50 && p95 == other.p95; }
  };

  void Set(int threads, int64_t rows, Cost cost) { costs_[threads][rows] = cost; }
  const Cost* Find(int threads, int64_t rows) const;

  bool empty() const { return costs_.empty(); }
  std::vector<int> threads() const;              // that were measured, ascending
  std::vector<int64_t> rows(int threads) const;  // measured with that many

  // What a pass is expected to take: of the measured number of threads next below (else above) `threads`; on a line
  // between the neighbouring numbers of rows, and in proportion to the rows beyond the largest. Zero when `empty`.
  Cost Predict(int threads, int64_t rows) const;

  // Why no more rows than these were measured: the error of the first number of rows that failed. Empty: none failed.
  std::string error;

  // {"costs":[[threads,rows,p50_us,p95_us],...],"error":"..."}. Errors: DATA_LOSS.
  std::string ToJson() const;
  static absl::StatusOr<CostTable> FromJson(absl::string_view json);

 private:
  std::map<int, std::map<int64_t, Cost>> costs_;
};

}  // namespace baryon

#endif  // BARYON_SERVER_BATCHING_COST_TABLE_H_
