// The threads on which models run.
#ifndef BARYON_SERVER_BATCHING_EXECUTOR_H_
#define BARYON_SERVER_BATCHING_EXECUTOR_H_

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/batching/fair_queue.h"
#include "server/batching/timer.h"

namespace baryon {

// Runs tasks some time later, on a thread of its own choice. Thread-safe. An interface, so that tests run the tasks of
// a batcher by hand and in the order they like.
class Executor {
 public:
  // How busy it is.
  struct Load {
    int threads = 1;
    int running = 0;           // tasks
    int waiting_accounts = 0;  // that have tasks waiting
    absl::Duration busy;       // the time, in thread-seconds, that tasks have taken of the threads so far
  };

  virtual ~Executor() = default;
  // `cost` is the CPU time that the task is expected to take: what `account` is charged for it.
  virtual void Schedule(std::shared_ptr<Account> account, absl::Duration cost, std::function<void()> task) = 0;
  // Runs `task` now, on the calling thread, where that takes no turn from anybody: no task waits and a thread is idle.
  // False: it did not run. For tasks that take less time than it takes another thread to wake up.
  virtual bool RunHere(Account& account, absl::Duration cost, absl::FunctionRef<void()> task) = 0;
  // Calls `call` at `time`; it is short.
  virtual void ScheduleAt(absl::Time time, std::function<void()> call) = 0;
  virtual Load load() const = 0;
};

// A fixed number of threads that all models of a server share, by FairQueue, so that the number of batches that run at
// once stays that of the cores however many models there are. One more thread stands by: while all others are busy, it
// takes tasks of idle models that need at most a quarter of the time of the longest one that runs. So a small model
// does not wait for the pass of a large one, and the cores are overcommitted by one short task at most.
class ThreadExecutor final : public Executor {
 public:
  explicit ThreadExecutor(int num_threads);
  // Runs what is scheduled, at whatever time, and what that schedules, then joins the threads.
  ~ThreadExecutor() override;
  ThreadExecutor(const ThreadExecutor&) = delete;
  ThreadExecutor& operator=(const ThreadExecutor&) = delete;

  void Schedule(std::shared_ptr<Account> account, absl::Duration cost, std::function<void()> task) override;
  bool RunHere(Account& account, absl::Duration cost, absl::FunctionRef<void()> task) override;
  void ScheduleAt(absl::Time time, std::function<void()> call) override;
  Load load() const override;

 private:
  static constexpr double kShort = 0.25;  // of the longest task that runs

  void Work(int thread);
  void RunTimed(absl::FunctionRef<void()> task);
  bool BeginHere();
  void RunWhatIsLeft();
  std::optional<FairQueue::Entry> Next(int thread) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Duration LongestRunning() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WakeOne() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void NoteWaiting() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const int num_threads_;
  absl::Mutex mutex_;
  absl::CondVar work_, short_work_;  // for the threads, and for the one that stands by
  FairQueue queue_ ABSL_GUARDED_BY(mutex_);
  std::vector<absl::Duration> costs_ ABSL_GUARDED_BY(mutex_);  // of what each thread runs; zero: nothing
  int idle_ ABSL_GUARDED_BY(mutex_) = 0;                       // threads that wait for `work_`
  // What those know of it who do not take the lock, as of its last change: tasks and accounts that wait. Read by every
  // request, and seldom written.
  std::atomic<bool> stopping_{false};
  std::atomic<int> waiting_tasks_{0}, waiting_accounts_{0};
  // Written by every request.
  alignas(64) std::atomic<int> running_{0};  // tasks, those on threads of callers included
  std::atomic<int64_t> busy_ns_{0};
  alignas(64) std::unique_ptr<Timer> timer_;
  std::vector<std::thread> threads_;
};

}  // namespace baryon

#endif  // BARYON_SERVER_BATCHING_EXECUTOR_H_
