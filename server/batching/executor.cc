#include "server/batching/executor.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "server/batching/clock.h"

namespace baryon {

ThreadExecutor::ThreadExecutor(int num_threads)
    : num_threads_(std::max(num_threads, 1)), timer_(std::make_unique<Timer>()) {
  {
    absl::MutexLock lock(&mutex_);
    costs_.resize(num_threads_ + 1);
  }
  for (int i = 0; i <= num_threads_; ++i) threads_.emplace_back([this, i] { Work(i); });
}

ThreadExecutor::~ThreadExecutor() {
  timer_->Hurry();
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    work_.SignalAll();
    short_work_.SignalAll();
  }
  for (std::thread& thread : threads_) thread.join();
  timer_.reset();
  RunWhatIsLeft();
}

// What the last tasks left to the timer, and the timer to the threads, when these had gone.
void ThreadExecutor::RunWhatIsLeft() {
  while (true) {
    std::optional<FairQueue::Entry> entry;
    {
      absl::MutexLock lock(&mutex_);
      entry = queue_.Pop();
    }
    if (!entry.has_value()) return;
    entry->run();
  }
}

void ThreadExecutor::ScheduleAt(absl::Time time, std::function<void()> call) {
  if (timer_ != nullptr) return timer_->At(time, std::move(call));
  Schedule(std::make_shared<Account>(), absl::ZeroDuration(), std::move(call));  // from RunWhatIsLeft
}

void ThreadExecutor::Schedule(std::shared_ptr<Account> account, absl::Duration cost, std::function<void()> task) {
  absl::MutexLock lock(&mutex_);
  queue_.Push(std::move(account), cost, std::move(task));
  NoteWaiting();
  WakeOne();
}

// Without the lock, which all requests on all processors would hand each other. Whoever comes meanwhile finds every
// thread idle but one core taken: the task is short, and theirs starts all the same.
bool ThreadExecutor::BeginHere() {
  if (stopping_.load(std::memory_order_relaxed) || waiting_tasks_.load(std::memory_order_relaxed) > 0) return false;
  if (running_.fetch_add(1, std::memory_order_relaxed) < num_threads_) return true;
  running_.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

bool ThreadExecutor::RunHere(Account& account, absl::Duration cost, absl::FunctionRef<void()> task) {
  if (!BeginHere()) return false;
  account.Charge(cost);
  RunTimed(task);
  running_.fetch_sub(1, std::memory_order_relaxed);
  return true;
}

void ThreadExecutor::RunTimed(absl::FunctionRef<void()> task) {
  const absl::Time start = MonotonicNow();
  task();
  busy_ns_.fetch_add(absl::ToInt64Nanoseconds(MonotonicNow() - start), std::memory_order_relaxed);
}

Executor::Load ThreadExecutor::load() const {
  return {num_threads_, running_.load(std::memory_order_relaxed), waiting_accounts_.load(std::memory_order_relaxed),
          absl::Nanoseconds(busy_ns_.load(std::memory_order_relaxed))};
}

void ThreadExecutor::NoteWaiting() {
  const auto note = [](std::atomic<int>& noted, int value) {
    if (noted.load(std::memory_order_relaxed) != value) noted.store(value, std::memory_order_relaxed);
  };
  note(waiting_tasks_, static_cast<int>(queue_.num_tasks()));
  note(waiting_accounts_, queue_.num_accounts());
}

void ThreadExecutor::WakeOne() {
  if (queue_.num_tasks() == 0) return;
  (idle_ > 0 ? work_ : short_work_).Signal();
}

absl::Duration ThreadExecutor::LongestRunning() const { return *std::max_element(costs_.begin(), costs_.end()); }

std::optional<FairQueue::Entry> ThreadExecutor::Next(int thread) {
  if (thread < num_threads_) return queue_.Pop();
  if (idle_ > 0) return std::nullopt;
  return queue_.PopShort(LongestRunning() * kShort);
}

void ThreadExecutor::Work(int thread) {
  const bool stands_by = thread == num_threads_;
  mutex_.Lock();
  while (true) {
    std::optional<FairQueue::Entry> entry = Next(thread);
    if (!entry.has_value()) {
      if (stopping_) break;
      idle_ += stands_by ? 0 : 1;
      (stands_by ? short_work_ : work_).Wait(&mutex_);
      idle_ -= stands_by ? 0 : 1;
      continue;
    }
    costs_[thread] = entry->cost;
    running_.fetch_add(1, std::memory_order_relaxed);
    NoteWaiting();
    WakeOne();  // there may be more than the thread that was woken for it can take
    mutex_.Unlock();
    RunTimed([&] {
      entry->run();
      entry->run = nullptr;  // what it holds goes outside of the lock
    });
    mutex_.Lock();
    queue_.Done(*entry->account);
    costs_[thread] = absl::ZeroDuration();
    running_.fetch_sub(1, std::memory_order_relaxed);
  }
  mutex_.Unlock();
}

}  // namespace baryon
