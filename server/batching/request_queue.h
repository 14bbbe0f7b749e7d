// Requests that wait for a pass, and whose turn it is.
#ifndef BARYON_SERVER_BATCHING_REQUEST_QUEUE_H_
#define BARYON_SERVER_BATCHING_REQUEST_QUEUE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/batching/batch_request.h"

namespace baryon {

struct QueuedRequest;

// Ordered by priority, then by the time until which a request must have started, earliest first. The lowest priority
// that waits gets every twentieth turn, so that nobody waits for ever. Adding costs O(log n), removing any request
// O(1). One thread at a time.
class RequestQueue {
 public:
  void Push(std::unique_ptr<QueuedRequest> request);
  std::unique_ptr<QueuedRequest> Remove(QueuedRequest& request);

  // Whose turn it is; nullptr when nobody waits. The turn counts as used when `request` is removed by Take.
  QueuedRequest* First() const;
  std::unique_ptr<QueuedRequest> Take(QueuedRequest& request);
  // Those that can be joined with `request`, in their order, itself not among them.
  std::vector<QueuedRequest*> MatesOf(const QueuedRequest& request, size_t most) const;

  // Removes those that should have started before or at `now`.
  std::vector<std::unique_ptr<QueuedRequest>> TakeExpired(absl::Time now);
  absl::Time next_expiry() const;  // InfiniteFuture when there is none

  bool empty() const { return requests_ == 0; }
  int64_t requests() const { return requests_; }
  int64_t rows() const { return rows_; }
  int64_t bytes() const { return bytes_; }
  // Rows of that priority and those before it: what a new request would wait for.
  int64_t RowsUpTo(Priority priority) const;

 private:
  static constexpr int kTurnsOfTheLowest = 20;

  using Class = std::multimap<absl::Time, std::unique_ptr<QueuedRequest>>;
  using Mates = std::multimap<std::pair<Priority, absl::Time>, QueuedRequest*>;
  friend struct QueuedRequest;

  int LowestWaiting() const;

  Class classes_[kNumPriorities];
  int64_t class_rows_[kNumPriorities] = {};
  std::map<std::string, Mates> mates_;  // of requests that can be joined, by what they have in common
  int64_t requests_ = 0, rows_ = 0, bytes_ = 0;
  int turns_since_lowest_ = 0;
};

// A request with what the queue and the batcher know about it.
struct QueuedRequest {
  BatchRequest request;
  absl::Time arrival;
  absl::Time start_by;  // the deadline, or the end of the longest wait
  int64_t rows = 1, bytes = 0;
  bool noted = false;              // its arrival
  std::optional<std::string> key;  // equal for requests that can be joined; nothing: it runs alone
  absl::Duration predicted_wait;

  // Set by whoever holds the lock: cancelling it is up to the queue's owner only while it is queued.
  enum class State { kNew, kQueued, kTaken } state = State::kNew;
  bool cancelled = false;
  std::optional<std::stop_callback<std::function<void()>>> on_stop;

 private:
  friend class RequestQueue;
  RequestQueue::Class::iterator place_;
  RequestQueue::Mates::iterator mate_;
};

}  // namespace baryon

#endif  // BARYON_SERVER_BATCHING_REQUEST_QUEUE_H_
