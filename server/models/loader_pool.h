// The threads that load models.
#ifndef BARYON_SERVER_MODELS_LOADER_POOL_H_
#define BARYON_SERVER_MODELS_LOADER_POOL_H_

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace baryon {

// Runs tasks some time later. Thread-safe. An interface, so that tests decide when and where a load happens.
class TaskRunner {
 public:
  virtual ~TaskRunner() = default;
  virtual void Run(std::function<void()> task) = 0;
  // The task that calls it runs beside models that serve, which come before it.
  virtual void YieldToRequests() {}
};

// Of the calling thread, for the processor (nice, SCHED_BATCH) and for the disk (idle class), as far as the system
// allows: a thread that keeps its priority does its work all the same. Among threads that answer requests it is lowest
// of all, and they need not wait for its slice to end (Linux 6.12); it cannot come back from there.
enum class Beside { kNobody, kRequests };
void LowerPriority(Beside beside);

// Threads of low priority: see LowerPriority.
class LoaderPool final : public TaskRunner {
 public:
  explicit LoaderPool(int num_threads);
  ~LoaderPool() override;  // runs what is left, then joins the threads
  LoaderPool(const LoaderPool&) = delete;
  LoaderPool& operator=(const LoaderPool&) = delete;

  void Run(std::function<void()> task) override;
  void YieldToRequests() override;

 private:
  void Work();
  bool HasNews() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_ || !tasks_.empty(); }

  absl::Mutex mutex_;
  std::deque<std::function<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace baryon

#endif  // BARYON_SERVER_MODELS_LOADER_POOL_H_
