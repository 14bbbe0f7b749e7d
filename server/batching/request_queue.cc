#include "server/batching/request_queue.h"

namespace baryon {

void RequestQueue::Push(std::unique_ptr<QueuedRequest> request) {
  QueuedRequest& queued = *request;
  const int priority = static_cast<int>(queued.request.priority);
  ++requests_;
  rows_ += queued.rows;
  class_rows_[priority] += queued.rows;
  bytes_ += queued.bytes;
  queued.state = QueuedRequest::State::kQueued;
  queued.place_ = classes_[priority].emplace(queued.start_by, std::move(request));
  if (queued.key.has_value()) {
    queued.mate_ = mates_[*queued.key].emplace(std::make_pair(queued.request.priority, queued.start_by), &queued);
  }
}

std::unique_ptr<QueuedRequest> RequestQueue::Remove(QueuedRequest& queued) {
  const int priority = static_cast<int>(queued.request.priority);
  --requests_;
  rows_ -= queued.rows;
  class_rows_[priority] -= queued.rows;
  bytes_ -= queued.bytes;
  if (queued.key.has_value()) {
    const auto mates = mates_.find(*queued.key);
    mates->second.erase(queued.mate_);
    if (mates->second.empty()) mates_.erase(mates);
  }
  queued.state = QueuedRequest::State::kTaken;
  std::unique_ptr<QueuedRequest> removed = std::move(queued.place_->second);
  classes_[priority].erase(queued.place_);
  return removed;
}

int RequestQueue::LowestWaiting() const {
  int lowest = kNumPriorities - 1;
  while (lowest > 0 && classes_[lowest].empty()) --lowest;
  return lowest;
}

QueuedRequest* RequestQueue::First() const {
  if (empty()) return nullptr;
  if (turns_since_lowest_ + 1 >= kTurnsOfTheLowest) return classes_[LowestWaiting()].begin()->second.get();
  int highest = 0;
  while (classes_[highest].empty()) ++highest;
  return classes_[highest].begin()->second.get();
}

std::unique_ptr<QueuedRequest> RequestQueue::Take(QueuedRequest& request) {
  const bool lowest = static_cast<int>(request.request.priority) == LowestWaiting();
  turns_since_lowest_ = lowest ? 0 : turns_since_lowest_ + 1;
  return Remove(request);
}

std::vector<QueuedRequest*> RequestQueue::MatesOf(const QueuedRequest& request, size_t most) const {
  std::vector<QueuedRequest*> found;
  if (!request.key.has_value()) return found;
  for (const auto& [order, mate] : mates_.at(*request.key)) {
    if (found.size() == most) break;
    if (mate != &request) found.push_back(mate);
  }
  return found;
}

std::vector<std::unique_ptr<QueuedRequest>> RequestQueue::TakeExpired(absl::Time now) {
  std::vector<std::unique_ptr<QueuedRequest>> expired;
  for (const Class& requests : classes_) {
    while (!requests.empty() && requests.begin()->first <= now) expired.push_back(Remove(*requests.begin()->second));
  }
  return expired;
}

absl::Time RequestQueue::next_expiry() const {
  absl::Time next = absl::InfiniteFuture();
  for (const Class& requests : classes_) {
    if (!requests.empty()) next = std::min(next, requests.begin()->first);
  }
  return next;
}

int64_t RequestQueue::RowsUpTo(Priority priority) const {
  int64_t rows = 0;
  for (int i = 0; i <= static_cast<int>(priority); ++i) rows += class_rows_[i];
  return rows;
}

}  // namespace baryon
