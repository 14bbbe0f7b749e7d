// Clients that ask again as soon as they are answered.
#ifndef BARYON_SERVER_BATCHING_RETURNING_ROWS_H_
#define BARYON_SERVER_BATCHING_RETURNING_ROWS_H_

#include <algorithm>
#include <cstdint>

#include "absl/time/time.h"

namespace baryon {

// A batch ends, and all whom it answered are back within a moment: the first of them would find the slot free and begin
// a pass of its own, for which the others wait. Whether they do come back is seen after every batch, waited for or not;
// it is worth a wait only while most of them do. Clients that come whenever they please never cause one. One thread at
// a time.
class ReturningRows {
 public:
  // A batch of `rows` rows has ended; whoever it has answered may be back by `until`.
  void Expect(int64_t rows, absl::Time until) {
    if (expected_ > 0) {
      const double share = static_cast<double>(expected_ - missing_) / static_cast<double>(expected_);
      share_ += kWeight * (share - share_);
    }
    expected_ = missing_ = rows;
    until_ = until;
  }

  void Arrive(int64_t rows, absl::Time now) {
    if (now <= until_) missing_ = std::max<int64_t>(missing_ - rows, 0);
  }

  // Those of the last batch that are not back and worth waiting for, until until() at most.
  int64_t MissingAt(absl::Time now) const { return now < until_ && share_ >= kMost ? missing_ : 0; }
  absl::Time until() const { return until_; }

 private:
  static constexpr double kWeight = 0.1;  // of one batch in the average
  static constexpr double kMost = 0.5;

  int64_t expected_ = 0, missing_ = 0;
  absl::Time until_ = absl::InfinitePast();
  double share_ = 0;  // of a batch's rows that came back in time, on average
};

}  // namespace baryon

#endif  // BARYON_SERVER_BATCHING_RETURNING_ROWS_H_
