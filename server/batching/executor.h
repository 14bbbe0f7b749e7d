// The threads on which models run.
#ifndef BARYON_SERVER_BATCHING_EXECUTOR_H_
#define BARYON_SERVER_BATCHING_EXECUTOR_H_

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace baryon {

// Runs tasks some time later, on a thread of its own choice. Thread-safe. An interface, so that tests run the tasks of
// a batcher by hand and in the order they like.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual void Schedule(std::function<void()> task) = 0;
};

// First come, first served, on a fixed number of threads. All models of a server share one, so that the number of
// batches that run at once stays that of the cores however many models there are.
class ThreadExecutor final : public Executor {
 public:
  explicit ThreadExecutor(int num_threads);
  // Runs what is scheduled, and what that schedules, then joins the threads.
  ~ThreadExecutor() override;
  ThreadExecutor(const ThreadExecutor&) = delete;
  ThreadExecutor& operator=(const ThreadExecutor&) = delete;

  void Schedule(std::function<void()> task) override;

 private:
  void Work();
  bool HasNews() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_ || !tasks_.empty(); }

  absl::Mutex mutex_;
  std::deque<std::function<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace baryon

#endif  // BARYON_SERVER_BATCHING_EXECUTOR_H_
