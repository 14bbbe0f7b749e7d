// A batcher is a queue and a number of slots. A slot is a task of the executor: it takes one batch from the queue, runs
// it, and schedules itself again behind the tasks of other models while the queue is not empty; so models take turns
// batch by batch. The alternative, threads of its own for each batcher, would let M models run M batches at once.
#include "server/batching/batcher.h"

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "engine/base/status_macros.h"
#include "server/refusal.h"

namespace baryon {

class Batcher::State : public std::enable_shared_from_this<Batcher::State> {
 public:
  State(Options options, RunBatch run_batch, Executor& executor, Clock clock)
      : options_(std::move(options)), run_batch_(std::move(run_batch)), executor_(executor), clock_(std::move(clock)) {}

  void Submit(Request request);

  int64_t queued_requests() const {
    absl::MutexLock lock(&mutex_);
    return static_cast<int64_t>(queue_.size());
  }

 private:
  struct Pending {
    Request request;
    absl::Time arrival;
    bool joinable;
    int64_t rows;
  };
  using Batch = std::vector<Pending>;

  absl::Status Enqueue(Pending& pending);
  void ScheduleSlot() {
    executor_.Schedule([self = shared_from_this()] { self->RunOneBatch(); });
  }
  void RunOneBatch();
  void TakeStale(absl::Time now, std::vector<std::pair<Pending, absl::Status>>& stale)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Batch TakeBatch() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Pending TakeAt(size_t index) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status WhyStale(const Pending& pending, absl::Time now) const;
  void RunJoined(Batch batch);
  void RunAlone(Pending pending, absl::Time start);
  absl::StatusOr<std::vector<Tensors>> RunTogether(const Batch& batch) const;

  const Options options_;
  const RunBatch run_batch_;
  Executor& executor_;
  const Clock clock_;

  mutable absl::Mutex mutex_;
  std::deque<Pending> queue_ ABSL_GUARDED_BY(mutex_);
  int64_t queued_rows_ ABSL_GUARDED_BY(mutex_) = 0;
  int busy_slots_ ABSL_GUARDED_BY(mutex_) = 0;
};

void Batcher::State::Submit(Request request) {
  const absl::Time now = clock_();
  const std::optional<int64_t> rows = CommonRows(request.inputs);
  const bool joinable = options_.join_requests && rows.value_or(0) > 0;
  Pending pending{std::move(request), now, joinable, joinable ? *rows : 1};
  absl::Status refused = WhyStale(pending, now);
  if (refused.ok()) refused = Enqueue(pending);
  if (!refused.ok()) pending.request.done(std::move(refused), Timing());
}

absl::Status Batcher::State::Enqueue(Pending& pending) {
  {
    absl::MutexLock lock(&mutex_);
    // An empty queue takes a request of any size: it could never be answered otherwise.
    if (!queue_.empty() && queued_rows_ + pending.rows > options_.max_queued_rows) {
      return Refuse(Refusal::kQueueFull,
                    absl::StrCat(options_.model, ": ", queued_rows_, " rows queued, limit ", options_.max_queued_rows));
    }
    queued_rows_ += pending.rows;
    queue_.push_back(std::move(pending));
    if (busy_slots_ == options_.max_concurrent_batches) return absl::OkStatus();
    ++busy_slots_;
  }
  ScheduleSlot();
  return absl::OkStatus();
}

void Batcher::State::RunOneBatch() {
  std::vector<std::pair<Pending, absl::Status>> stale;
  Batch batch;
  {
    absl::MutexLock lock(&mutex_);
    const absl::Time now = clock_();
    TakeStale(now, stale);
    batch = TakeBatch();
  }
  for (auto& [pending, status] : stale) {
    pending.request.done(std::move(status), Timing{clock_() - pending.arrival, absl::ZeroDuration()});
  }
  if (batch.size() == 1) RunAlone(std::move(batch[0]), clock_());
  if (batch.size() > 1) RunJoined(std::move(batch));
  {
    absl::MutexLock lock(&mutex_);
    if (queue_.empty()) {
      --busy_slots_;
      return;
    }
  }
  ScheduleSlot();
}

// Requests nobody waits for must not keep others out of the queue, so all of it is looked through.
void Batcher::State::TakeStale(absl::Time now, std::vector<std::pair<Pending, absl::Status>>& stale) {
  for (size_t i = 0; i < queue_.size();) {
    absl::Status status = WhyStale(queue_[i], now);
    if (status.ok()) {
      ++i;
    } else {
      stale.emplace_back(TakeAt(i), std::move(status));
    }
  }
}

absl::Status Batcher::State::WhyStale(const Pending& pending, absl::Time now) const {
  if (pending.request.stop.stop_requested()) {
    return Refuse(Refusal::kCancelled, "the client no longer waits for the answer");
  }
  const absl::Duration waited = now - pending.arrival;
  if (now >= pending.request.deadline) {
    return Refuse(Refusal::kDeadlineExceeded, absl::StrCat(options_.model, ": the deadline passed after ",
                                                           absl::FormatDuration(waited), " in the queue"));
  }
  if (waited < pending.request.max_wait) return absl::OkStatus();
  return Refuse(Refusal::kOverload,
                absl::StrCat(options_.model, ": expected to wait ", absl::FormatDuration(pending.request.max_wait),
                             " at most, waited ", absl::FormatDuration(waited)));
}

// The oldest request, and behind it those that fit, in the order in which they came.
Batcher::State::Batch Batcher::State::TakeBatch() {
  Batch batch;
  if (queue_.empty()) return batch;
  batch.push_back(TakeAt(0));
  int64_t rows = batch[0].rows;
  for (size_t i = 0; batch[0].joinable && i < queue_.size() && rows < options_.max_batch_rows;) {
    const Pending& next = queue_[i];
    const bool fits = next.joinable && rows + next.rows <= options_.max_batch_rows &&
                      CanJoin(batch[0].request.inputs, next.request.inputs);
    if (fits) {
      rows += next.rows;
      batch.push_back(TakeAt(i));
    } else {
      ++i;
    }
  }
  return batch;
}

Batcher::State::Pending Batcher::State::TakeAt(size_t index) {
  Pending pending = std::move(queue_[index]);
  queue_.erase(queue_.begin() + static_cast<int64_t>(index));
  queued_rows_ -= pending.rows;
  return pending;
}

void Batcher::State::RunAlone(Pending pending, absl::Time start) {
  absl::StatusOr<Tensors> outputs = run_batch_(pending.request.inputs);
  pending.request.done(std::move(outputs), Timing{start - pending.arrival, clock_() - start});
}

void Batcher::State::RunJoined(Batch batch) {
  const absl::Time start = clock_();
  absl::StatusOr<std::vector<Tensors>> outputs = RunTogether(batch);
  if (!outputs.ok()) {
    for (Pending& pending : batch) RunAlone(std::move(pending), clock_());
    return;
  }
  const absl::Duration computed = clock_() - start;
  for (size_t i = 0; i < batch.size(); ++i) {
    batch[i].request.done(std::move((*outputs)[i]), Timing{start - batch[i].arrival, computed});
  }
}

absl::StatusOr<std::vector<Tensors>> Batcher::State::RunTogether(const Batch& batch) const {
  std::vector<const Tensors*> parts;
  std::vector<int64_t> rows;
  for (const Pending& pending : batch) {
    parts.push_back(&pending.request.inputs);
    rows.push_back(pending.rows);
  }
  BARYON_ASSIGN_OR_RETURN(const Tensors inputs, JoinRows(parts));
  BARYON_ASSIGN_OR_RETURN(const Tensors outputs, run_batch_(inputs));
  return SplitRows(outputs, rows);
}

Batcher::Batcher(Options options, RunBatch run_batch, Executor& executor, Clock clock)
    : state_(std::make_shared<State>(std::move(options), std::move(run_batch), executor, std::move(clock))) {}

void Batcher::Submit(Request request) { state_->Submit(std::move(request)); }

int64_t Batcher::queued_requests() const { return state_->queued_requests(); }

}  // namespace baryon
