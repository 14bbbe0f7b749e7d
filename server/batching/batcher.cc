// A batcher is a queue and a number of slots. A slot is a task of the executor: it takes one batch from the queue,
// computes it, passes the slot on, and answers. So models take turns batch by batch, and one batch is encoded while the
// next computes. The alternative, threads of its own for each batcher, would let M models run M batches at once.
//
// Nothing is called while the lock is held: neither `done`, nor the destructor of a stop callback, which waits for the
// callback when that runs.
#include "server/batching/batcher.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "engine/base/status_macros.h"
#include "server/batching/batch_cap.h"
#include "server/batching/choose_batch.h"
#include "server/batching/cost_model.h"
#include "server/batching/drain_rate.h"
#include "server/batching/request_queue.h"
#include "server/batching/returning_rows.h"
#include "server/refusal.h"

namespace baryon {
namespace {

constexpr double kGapWeight = 0.05;                            // of one gap between rows in their average
constexpr absl::Duration kMostHere = absl::Microseconds(200);  // of a thread that brought a request

int64_t BytesOf(const Tensors& tensors) {
  int64_t bytes = 0;
  for (const Tensor& tensor : tensors) bytes += tensor.empty() ? 0 : tensor.size_bytes();
  return bytes;
}

absl::Status Cancelled() { return Refuse(Refusal::kCancelled, "the client no longer waits for the answer"); }

}  // namespace

class Batcher::State : public std::enable_shared_from_this<Batcher::State> {
 public:
  State(Options options, RunBatch run_batch, Executor& executor, Clock clock)
      : name_(std::move(options.model)),
        policy_(std::move(options.policy)),
        limits_(options.limits),
        run_batch_(std::move(run_batch)),
        executor_(executor),
        clock_(std::move(clock)),
        account_(std::make_shared<Account>(options.weight)),
        admission_(name_, policy_, limits_, costs_),
        passes_(policy_.slots),
        cap_(policy_.join ? policy_.max_rows : 1),
        costs_(std::move(options.costs)) {}

  void Submit(Request&& request);
  absl::Status Admit(absl::Time now, absl::Time deadline, absl::Duration max_wait, Priority priority) const;
  int64_t queued_requests() const;
  Report report() const;

 private:
  using Queued = std::unique_ptr<QueuedRequest>;

  // A request that has its outcome and is yet to be told.
  struct Answer {
    Queued queued;
    absl::StatusOr<Tensors> outputs;
    BatchTiming timing;
  };
  using Answers = absl::InlinedVector<Answer, 1>;

  // A batch that runs.
  struct Pass {
    absl::Time start;
    absl::Duration predicted;
  };
  struct Batch {
    absl::InlinedVector<Queued, 1> members;  // none: there was nothing to run
    int64_t rows = 0;
    int threads = 1;                           // it is expected to get
    size_t pass = 0;                           // its place in passes_
    absl::Time wake = absl::InfiniteFuture();  // when to look again
  };

  Queued MakeQueued(Request&& request, absl::Time now) const;
  // Queues the request, or tells it why not; returns the cost of the next batch when a slot is free for it.
  std::optional<absl::Duration> Enqueue(Queued queued, absl::Time now);
  absl::Status Check(const QueuedRequest& queued, absl::Time now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Forecast(const Demand& demand, Priority priority, absl::Time now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Backlog BacklogFor(Priority priority, absl::Time now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsFree() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return queue_.empty() && busy_slots_ < policy_.slots; }
  void NoteArrival(QueuedRequest& queued) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Cancel(QueuedRequest& queued);

  void ExpectReturn(int64_t rows, absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // The cost of the next batch when a slot is free for it.
  std::optional<absl::Duration> ClaimSlot() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ScheduleSlot(absl::Duration cost);
  bool IsShort(absl::Duration cost) const { return cost > absl::ZeroDuration() && cost <= policy_.run_here; }
  std::optional<absl::Duration> RunAtOnce(Queued& queued, absl::Time now);
  std::optional<absl::Duration> GoOnHere(std::optional<absl::Duration> slot, absl::Time end);
  void RunOneBatch();
  std::optional<absl::Duration> RunNextBatch(bool keep_slot);
  std::optional<absl::Duration> Run(Batch& batch, absl::Time start, bool keep_slot);
  Batch TakeBatch(absl::Time now, Answers& answers) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Batch BeginPass(Queued first, int64_t rows, int threads, absl::Duration predicted, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Queued UndoPass(Batch& batch) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Duration Excess(const Batch& batch, absl::Duration took, absl::Duration predicted) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::optional<absl::Duration> PassOn(const Batch& batch, absl::Time start, absl::Time now);
  void WakeUp();

  absl::Time Compute(Batch& batch, absl::Time start, Answers& answers) const;
  absl::Time ComputeAlone(Queued queued, absl::Time start, Answers& answers) const;
  absl::StatusOr<std::vector<Tensors>> ComputeTogether(const Batch& batch) const;

  void TakeExpired(absl::Time now, Answers& answers) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WatchExpiry() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Expire();
  absl::Status WhyExpired(const QueuedRequest& queued, absl::Time now) const;

  Answer Refused(Queued queued, absl::Status why) const;
  static void Tell(Answers& answers);

  const std::string name_;
  const BatchPolicy policy_;
  const QueueLimits limits_;
  const RunBatch run_batch_;
  Executor& executor_;
  const Clock clock_;
  const std::shared_ptr<Account> account_;
  const Admission admission_;

  // What every request changes lies together, apart from what it only reads: threads on several processors hand each
  // other as few cache lines as possible.
  alignas(64) mutable absl::Mutex mutex_;
  int busy_slots_ ABSL_GUARDED_BY(mutex_) = 0;  // that run a batch, or wait for a thread to do so
  absl::InlinedVector<std::optional<Pass>, 2> passes_ ABSL_GUARDED_BY(mutex_);  // one place for each slot
  absl::Time last_arrival_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  double gap_seconds_ ABSL_GUARDED_BY(mutex_) = 0;  // between rows, on average; 0: unknown
  BatchCap cap_ ABSL_GUARDED_BY(mutex_);
  CostModel costs_ ABSL_GUARDED_BY(mutex_);
  DrainRate drain_rate_ ABSL_GUARDED_BY(mutex_);
  ReturningRows returning_ ABSL_GUARDED_BY(mutex_);
  int64_t awaited_rows_ ABSL_GUARDED_BY(mutex_) = 0;  // in the queue, before a batch starts or a timer ends the wait
  absl::Time watched_expiry_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
  RequestQueue queue_ ABSL_GUARDED_BY(mutex_);
};

// --- Coming in

Batcher::State::Queued Batcher::State::MakeQueued(Request&& request, absl::Time now) const {
  auto queued = std::make_unique<QueuedRequest>();
  if (request.rows == BatchRequest::kUncounted) request.rows = CommonRows(request.inputs).value_or(0);
  queued->rows = std::max<int64_t>(request.rows, 1);
  queued->bytes = BytesOf(request.inputs);
  queued->arrival = now;
  queued->start_by = std::min(request.deadline, now + request.max_wait);
  queued->request = std::move(request);
  return queued;
}

void Batcher::State::Submit(Request&& request) {
  const std::shared_ptr<State> keep = shared_from_this();  // an answer may release the model
  const absl::Time now = request.submitted == absl::InfinitePast() ? clock_() : request.submitted;
  const bool may_run_here = request.may_run_here && policy_.run_here > absl::ZeroDuration();
  Queued queued = MakeQueued(std::move(request), now);
  std::optional<absl::Duration> slot;
  if (may_run_here) slot = RunAtOnce(queued, now);
  if (queued != nullptr) slot = Enqueue(std::move(queued), now);
  if (may_run_here) slot = GoOnHere(slot, now + kMostHere);
  if (slot.has_value()) ScheduleSlot(*slot);
}

std::optional<absl::Duration> Batcher::State::Enqueue(Queued queued, absl::Time now) {
  if (policy_.join && queued->request.rows > 0) queued->key = JoinKey(queued->request.inputs);
  // From here on the client may go at any moment; see Cancel.
  if (QueuedRequest& watched = *queued; watched.request.stop.stop_possible()) {
    watched.on_stop.emplace(watched.request.stop, [self = shared_from_this(), &watched] { self->Cancel(watched); });
  }
  absl::Status refused;
  std::optional<absl::Duration> slot;
  {
    absl::MutexLock lock(&mutex_);
    refused = Check(*queued, now);
    if (refused.ok()) {
      NoteArrival(*queued);
      if (queued->request.deadline != absl::InfiniteFuture()) awaited_rows_ = 0;  // it may leave less time to wait
      queue_.Push(std::move(queued));
      WatchExpiry();
    }
    slot = ClaimSlot();
  }
  if (refused.ok()) return slot;
  Answers answers;
  answers.push_back(Refused(std::move(queued), std::move(refused)));
  Tell(answers);
  return slot;
}

absl::Status Batcher::State::Check(const QueuedRequest& queued, absl::Time now) const {
  if (queued.cancelled) return Cancelled();
  if (queued.start_by <= now) return WhyExpired(queued, now);
  const BatchRequest& request = queued.request;
  return Forecast({queued.rows, queued.bytes, request.deadline - now, request.max_wait}, request.priority, now);
}

absl::Status Batcher::State::Forecast(const Demand& demand, Priority priority, absl::Time now) const {
  if (IsFree() && demand.time_left == absl::InfiniteDuration()) return absl::OkStatus();  // as it would turn out
  return admission_.Check(demand, BacklogFor(priority, now));
}

Backlog Batcher::State::BacklogFor(Priority priority, absl::Time now) const {
  Backlog backlog;
  backlog.requests = queue_.requests();
  backlog.rows = queue_.rows();
  backlog.bytes = queue_.bytes();
  backlog.rows_ahead = queue_.RowsUpTo(priority);
  backlog.busy_slots = busy_slots_;
  backlog.pass_rows = cap_.rows();
  backlog.load = executor_.load();
  if (busy_slots_ < policy_.slots) return backlog;  // nobody waits for anything
  std::optional<absl::Duration> until_free;
  for (const std::optional<Pass>& pass : passes_) {
    if (!pass.has_value()) continue;
    const absl::Duration left = std::max(pass->start + pass->predicted - now, absl::ZeroDuration());
    until_free = std::min(until_free.value_or(left), left);
  }
  backlog.until_free = until_free.value_or(absl::ZeroDuration());
  backlog.slowdown = drain_rate_.SlowdownAt(now, costs_.correction());
  return backlog;
}

absl::Status Batcher::State::Admit(absl::Time now, absl::Time deadline, absl::Duration max_wait,
                                   Priority priority) const {
  absl::MutexLock lock(&mutex_);
  return Forecast({1, 0, deadline - now, max_wait}, priority, now);
}

void Batcher::State::NoteArrival(QueuedRequest& queued) {
  if (std::exchange(queued.noted, true)) return;
  if (last_arrival_ != absl::InfinitePast()) {
    const double gap = absl::ToDoubleSeconds(queued.arrival - last_arrival_) / static_cast<double>(queued.rows);
    gap_seconds_ = gap_seconds_ == 0 ? gap : gap_seconds_ + kGapWeight * (gap - gap_seconds_);
  }
  last_arrival_ = queued.arrival;
  returning_.Arrive(queued.rows, queued.arrival);
}

// A wait for those whom a batch has answered lasts at most as long as it saves: without it the first to return would
// run alone, and the rest behind it, which is a pass more. What a pass costs beside its rows is taken from one row and
// from the most, which were both measured at load; sizes between may be guesses.
void Batcher::State::ExpectReturn(int64_t rows, absl::Time now) {
  if (!policy_.join || policy_.run_here > absl::ZeroDuration() || policy_.max_rows == 1) return;
  const absl::Duration one = costs_.Median(policy_.threads, 1);
  const absl::Duration most = costs_.Median(policy_.threads, policy_.max_rows);
  const absl::Duration of_a_pass = one - (most - one) / static_cast<double>(policy_.max_rows - 1);
  returning_.Expect(rows, now + std::max(of_a_pass, absl::ZeroDuration()));
}

// Called by whoever asks to stop. Before the request is queued, Enqueue finds out; after it was taken, Compute may.
void Batcher::State::Cancel(QueuedRequest& request) {
  const std::shared_ptr<State> keep = shared_from_this();  // the callback that holds it goes with the request
  Answers answers;
  {
    absl::MutexLock lock(&mutex_);
    request.cancelled = true;
    if (request.state != QueuedRequest::State::kQueued) return;
    answers.push_back(Refused(queue_.Remove(request), Cancelled()));
  }
  Tell(answers);
}

// --- Taking turns

std::optional<absl::Duration> Batcher::State::ClaimSlot() {
  if (queue_.empty() || busy_slots_ == policy_.slots || queue_.rows() < awaited_rows_) return std::nullopt;
  awaited_rows_ = 0;
  ++busy_slots_;
  const int64_t rows = std::clamp<int64_t>(queue_.rows(), 1, cap_.rows());
  return costs_.Median(1, rows);  // the time on one thread is the CPU time, near enough
}

void Batcher::State::ScheduleSlot(absl::Duration cost) {
  executor_.Schedule(account_, cost, [self = shared_from_this()] { self->RunOneBatch(); });
}

// On the thread that brought the request, when that takes less time than waking up another: see BatchPolicy::run_here.
// One that finds a slot free and nobody before it needs no place in the queue, and nobody to watch over it there. Takes
// `queued` and returns the cost of the next batch, if there is one; leaves it where the request has to be queued.
std::optional<absl::Duration> Batcher::State::RunAtOnce(Queued& queued, absl::Time now) {
  if (queued->request.stop.stop_requested()) return std::nullopt;
  absl::Duration cost;
  Batch batch;
  {
    absl::MutexLock lock(&mutex_);
    cost = costs_.Median(1, queued->rows);
    if (!IsShort(cost) || !IsFree() || !Check(*queued, now).ok()) return std::nullopt;
    ++busy_slots_;
    NoteArrival(*queued);
    const int64_t rows = queued->rows;
    const int threads = admission_.ThreadsFor(busy_slots_, executor_.load());
    const absl::Duration predicted = threads == 1 ? cost : costs_.Median(threads, rows);
    batch = BeginPass(std::move(queued), rows, threads, predicted, now);
  }
  std::optional<absl::Duration> slot;
  const bool ran = executor_.RunHere(*account_, cost, [&] { slot = Run(batch, now, /*keep_slot=*/true); });
  if (ran) return slot;
  absl::MutexLock lock(&mutex_);
  queued = UndoPass(batch);
  --busy_slots_;  // for Enqueue, which finds who has come meanwhile
  return std::nullopt;
}

// What came while a short pass ran here, and is as short, goes on here until `end`: then the thread has to get back to
// what it is for. Returns the cost of the batch that is left to the executor.
std::optional<absl::Duration> Batcher::State::GoOnHere(std::optional<absl::Duration> slot, absl::Time end) {
  while (slot.has_value() && IsShort(*slot) && clock_() < end) {
    const bool ran = executor_.RunHere(*account_, *slot, [&] { slot = RunNextBatch(/*keep_slot=*/true); });
    if (!ran) break;
  }
  return slot;
}

void Batcher::State::RunOneBatch() { RunNextBatch(/*keep_slot=*/false); }

std::optional<absl::Duration> Batcher::State::RunNextBatch(bool keep_slot) {
  Answers answers;
  Batch batch;
  const absl::Time start = clock_();
  {
    absl::MutexLock lock(&mutex_);
    batch = TakeBatch(start, answers);
  }
  if (answers.empty()) return Run(batch, start, keep_slot);
  Tell(answers);
  return Run(batch, clock_(), keep_slot);
}

// The slot goes to the executor as soon as the batch is computed, or is kept: then the cost of the next batch is
// returned, if there is one.
std::optional<absl::Duration> Batcher::State::Run(Batch& batch, absl::Time start, bool keep_slot) {
  Answers answers;
  const absl::Time end = Compute(batch, start, answers);
  std::optional<absl::Duration> slot = PassOn(batch, start, end);
  if (slot.has_value() && !keep_slot) ScheduleSlot(*std::exchange(slot, std::nullopt));
  Tell(answers);
  return slot;
}

Batcher::State::Batch Batcher::State::TakeBatch(absl::Time now, Answers& answers) {
  Batch batch;
  TakeExpired(now, answers);
  const int threads = admission_.ThreadsFor(busy_slots_, executor_.load());
  BatchChoice choice;
  while (true) {
    choice = ChooseBatch(queue_, policy_, costs_,
                         {now, threads, cap_.rows(), gap_seconds_, returning_.MissingAt(now), returning_.until()});
    if (!choice.hopeless) break;
    answers.push_back(Refused(queue_.Remove(*choice.first),
                              Refuse(Refusal::kDeadlineUnreachable,
                                     absl::StrCat(name_, ": no time is left to compute before the deadline"))));
  }
  WatchExpiry();
  if (choice.first == nullptr) return batch;
  if (choice.delay > absl::ZeroDuration()) {
    batch.wake = now + choice.delay;
    awaited_rows_ = std::min(queue_.rows() + returning_.MissingAt(now), cap_.rows());
    return batch;
  }
  batch = BeginPass(queue_.Take(*choice.first), choice.rows, threads, costs_.Median(threads, choice.rows), now);
  for (QueuedRequest* mate : choice.mates) batch.members.push_back(queue_.Remove(*mate));
  return batch;
}

Batcher::State::Batch Batcher::State::BeginPass(Queued first, int64_t rows, int threads, absl::Duration predicted,
                                                absl::Time now) {
  Batch batch;
  batch.rows = rows;
  batch.threads = threads;
  const auto free = std::find(passes_.begin(), passes_.end(), std::nullopt);
  batch.pass = free - passes_.begin();
  free->emplace(Pass{now, predicted});
  batch.members.push_back(std::move(first));
  return batch;
}

Batcher::State::Queued Batcher::State::UndoPass(Batch& batch) {
  passes_[batch.pass].reset();
  return std::move(batch.members.front());
}

// The CPU time that `batch` took beyond what it was charged for.
absl::Duration Batcher::State::Excess(const Batch& batch, absl::Duration took, absl::Duration predicted) const {
  if (batch.threads == 1) return took - predicted;
  return costs_.Median(1, batch.rows) * (absl::FDivDuration(took, predicted) - 1);
}

// The slot goes to the next batch, whose cost is returned, or becomes free.
std::optional<absl::Duration> Batcher::State::PassOn(const Batch& batch, absl::Time start, absl::Time now) {
  const absl::Duration took = now - start;
  const bool ran = !batch.members.empty() || batch.rows > 0;
  std::optional<absl::Duration> slot;
  {
    absl::MutexLock lock(&mutex_);
    --busy_slots_;
    if (ran) {
      costs_.Observe(batch.threads, batch.rows, took);
      const absl::Duration predicted = std::exchange(passes_[batch.pass], std::nullopt)->predicted;
      const bool in_time = took <= policy_.objective;  // whatever the correction, which costs more than it matters then
      cap_.Observe(took, in_time ? policy_.objective : policy_.objective * std::max(costs_.correction(), 1.0));
      if (predicted > absl::ZeroDuration()) account_->Charge(Excess(batch, took, predicted));
      ExpectReturn(batch.rows, now);
    }
    if (batch.wake == absl::InfiniteFuture()) slot = ClaimSlot();
    const bool counts = ran && drain_rate_.counts();
    drain_rate_.Finish(now, counts ? admission_.QueueTime(batch.rows, executor_.load()) : absl::ZeroDuration(),
                       slot.has_value());
  }
  if (batch.wake != absl::InfiniteFuture()) {
    executor_.ScheduleAt(batch.wake, [self = shared_from_this()] { self->WakeUp(); });
  }
  return slot;
}

void Batcher::State::WakeUp() {
  std::optional<absl::Duration> slot;
  {
    absl::MutexLock lock(&mutex_);
    awaited_rows_ = 0;
    slot = ClaimSlot();
  }
  if (slot.has_value()) ScheduleSlot(*slot);
}

// --- Computing

// From `start`; returns the end.
absl::Time Batcher::State::Compute(Batch& batch, absl::Time start, Answers& answers) const {
  // Whoever goes from here on is answered all the same, and nobody else touches these requests any more.
  for (Queued& member : batch.members) member->on_stop.reset();
  if (batch.members.size() > 1) {
    absl::StatusOr<std::vector<Tensors>> outputs = ComputeTogether(batch);
    const absl::Time end = clock_();
    for (size_t i = 0; outputs.ok() && i < batch.members.size(); ++i) {
      const BatchTiming timing{start - batch.members[i]->arrival, end - start, batch.rows};
      answers.push_back({std::move(batch.members[i]), std::move((*outputs)[i]), timing});
    }
    start = end;
    if (outputs.ok()) return end;
  }
  for (Queued& member : batch.members) start = ComputeAlone(std::move(member), start, answers);
  return batch.members.empty() ? clock_() : start;
}

absl::StatusOr<std::vector<Tensors>> Batcher::State::ComputeTogether(const Batch& batch) const {
  std::vector<const Tensors*> parts;
  std::vector<int64_t> rows;
  for (const Queued& member : batch.members) {
    parts.push_back(&member->request.inputs);
    rows.push_back(member->rows);
  }
  BARYON_ASSIGN_OR_RETURN(const Tensors inputs, JoinRows(parts));
  BARYON_ASSIGN_OR_RETURN(const Tensors outputs, run_batch_(inputs, policy_.threads));
  return SplitRows(outputs, rows);
}

absl::Time Batcher::State::ComputeAlone(Queued queued, absl::Time start, Answers& answers) const {
  if (queued->request.stop.stop_requested()) {
    answers.push_back(Refused(std::move(queued), Cancelled()));
    return start;
  }
  absl::StatusOr<Tensors> outputs = run_batch_(queued->request.inputs, policy_.threads);
  const absl::Time end = clock_();
  const BatchTiming timing{start - queued->arrival, end - start, queued->rows};
  answers.push_back({std::move(queued), std::move(outputs), timing});
  return end;
}

// --- Giving up

void Batcher::State::TakeExpired(absl::Time now, Answers& answers) {
  for (Queued& expired : queue_.TakeExpired(now)) {
    absl::Status why = WhyExpired(*expired, now);
    answers.push_back(Refused(std::move(expired), std::move(why)));
  }
}

absl::Status Batcher::State::WhyExpired(const QueuedRequest& queued, absl::Time now) const {
  const absl::Duration waited = now - queued.arrival;
  if (now >= queued.request.deadline) {
    return Refuse(Refusal::kDeadlineExceeded,
                  absl::StrCat(name_, ": the deadline passed after ", absl::FormatDuration(waited), " in the queue"));
  }
  return Refuse(Refusal::kOverload,
                absl::StrCat(name_, ": waited ", absl::FormatDuration(waited), ", limit ",
                             absl::FormatDuration(queued.request.max_wait)),
                RetryAfter(waited));
}

// One call at the time when the first request expires; it asks for the next.
void Batcher::State::WatchExpiry() {
  const absl::Time expiry = queue_.next_expiry();
  if (expiry >= watched_expiry_) return;
  watched_expiry_ = expiry;
  executor_.ScheduleAt(expiry, [self = shared_from_this()] { self->Expire(); });
}

void Batcher::State::Expire() {
  Answers answers;
  {
    absl::MutexLock lock(&mutex_);
    watched_expiry_ = absl::InfiniteFuture();
    TakeExpired(clock_(), answers);
    WatchExpiry();
  }
  Tell(answers);
}

Batcher::State::Answer Batcher::State::Refused(Queued queued, absl::Status why) const {
  const BatchTiming timing{clock_() - queued->arrival, absl::ZeroDuration(), 0};
  return {std::move(queued), std::move(why), timing};
}

void Batcher::State::Tell(Answers& answers) {
  for (Answer& answer : answers) {
    answer.queued->on_stop.reset();
    answer.queued->request.done(std::move(answer.outputs), answer.timing);
    answer.queued.reset();
  }
}

// --- Reporting

int64_t Batcher::State::queued_requests() const {
  absl::MutexLock lock(&mutex_);
  return queue_.requests();
}

Batcher::Report Batcher::State::report() const {
  Report report;
  report.policy = policy_;
  report.limits = limits_;
  absl::MutexLock lock(&mutex_);
  report.costs = costs_.table();
  report.correction = costs_.correction();
  const Backlog backlog = BacklogFor(Priority::kLow, clock_());
  report.max_rows = backlog.pass_rows;
  report.queued_requests = backlog.requests;
  report.queued_rows = backlog.rows;
  report.queued_bytes = backlog.bytes;
  report.running = static_cast<int>(passes_.size() - std::count(passes_.begin(), passes_.end(), std::nullopt));
  report.predicted_wait = admission_.PredictWait(backlog);
  report.rows_per_second = gap_seconds_ > 0 ? 1 / gap_seconds_ : 0;
  return report;
}

Batcher::Batcher(Options options, RunBatch run_batch, Executor& executor, Clock clock)
    : state_(std::make_shared<State>(std::move(options), std::move(run_batch), executor, std::move(clock))) {}

void Batcher::Submit(Request request) { state_->Submit(std::move(request)); }

absl::Status Batcher::Admit(absl::Time now, absl::Time deadline, absl::Duration max_wait, Priority priority) const {
  return state_->Admit(now, deadline, max_wait, priority);
}

int64_t Batcher::queued_requests() const { return state_->queued_requests(); }

Batcher::Report Batcher::report() const { return state_->report(); }

}  // namespace baryon
