// A brake on batches that take longer than they should.
#ifndef BARYON_SERVER_BATCHING_BATCH_CAP_H_
#define BARYON_SERVER_BATCHING_BATCH_CAP_H_

#include <algorithm>
#include <cstdint>

#include "absl/time/time.h"

namespace baryon {

// The most rows of a batch, in case the measurements do not hold: a tenth less when more than one in twenty batches
// took longer than the objective, one more when not, never above `most` nor below one (additive increase,
// multiplicative decrease). Source: Crankshaw et al., Clipper: A Low-Latency Online Prediction Serving System, 2017.
// One thread.
class BatchCap {
 public:
  explicit BatchCap(int64_t most) : most_(most), rows_(most) {}

  int64_t rows() const { return rows_; }

  void Observe(absl::Duration took, absl::Duration objective) {
    too_long_ += took > objective ? 1 : 0;
    if (++batches_ < kWindow) return;
    rows_ = too_long_ > kAllowed ? std::max<int64_t>(rows_ * 9 / 10, 1) : std::min(rows_ + 1, most_);
    batches_ = too_long_ = 0;
  }

 private:
  static constexpr int kWindow = 20, kAllowed = 1;  // the 95th percentile of a window

  const int64_t most_;
  int64_t rows_;
  int batches_ = 0, too_long_ = 0;
};

}  // namespace baryon

#endif  // BARYON_SERVER_BATCHING_BATCH_CAP_H_
