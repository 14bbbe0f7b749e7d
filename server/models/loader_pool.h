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
};

// Threads of low priority, for the processor (nice, SCHED_BATCH) and for the disk (idle class): what serves goes first.
class LoaderPool final : public TaskRunner {
 public:
  explicit LoaderPool(int num_threads);
  ~LoaderPool() override;  // runs what is left, then joins the threads
  LoaderPool(const LoaderPool&) = delete;
  LoaderPool& operator=(const LoaderPool&) = delete;

  void Run(std::function<void()> task) override;

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
