// The compute threads of a process: a fixed number of workers that help callers with loops of independent tasks.
#ifndef BARYON_ENGINE_BASE_THREAD_POOL_H_
#define BARYON_ENGINE_BASE_THREAD_POOL_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"
#include "engine/base/brief_loop.h"

namespace baryon {

// Cores this process may use: the CPU affinity mask, cut by the CPU quota of its cgroup (rounded up), at least 1.
int AvailableCores();

// Makes the calling thread treat subnormal numbers as zero for the lifetime of the object. Subnormals appear in deep
// networks with small weights and cost some processors two orders of magnitude in speed. One thread.
class ScopedFlushDenormals {
 public:
  ScopedFlushDenormals();
  ~ScopedFlushDenormals();
  ScopedFlushDenormals(const ScopedFlushDenormals&) = delete;
  ScopedFlushDenormals& operator=(const ScopedFlushDenormals&) = delete;

 private:
  unsigned int saved_;
};

// Thread-safe: any number of threads may call ParallelFor at once. The pool never lets more than `num_threads` threads
// compute together: with two callers on a pool of two, each runs alone and the worker sleeps. While a caller computes,
// an idle worker waits for its next loop awake, for two milliseconds at most; otherwise it sleeps after 50
// microseconds: waking up takes as long as many a step of a forward pass. ParallelFor takes no lock and allocates
// nothing.
class ThreadPool {
 public:
  // `num_threads` >= 1 counts the calling thread: num_threads - 1 workers are started, none for 1.
  explicit ThreadPool(int num_threads);
  ~ThreadPool();  // no call of ParallelFor may be under way
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int num_threads() const { return num_threads_; }

  // Says that the calling thread computes, beyond a single ParallelFor: for the length of a forward pass, so that
  // workers of other callers do not take its core between two steps. Objects may be nested.
  class ComputeScope {
   public:
    explicit ComputeScope(ThreadPool& pool);
    ~ComputeScope();
    ComputeScope(const ComputeScope&) = delete;
    ComputeScope& operator=(const ComputeScope&) = delete;

   private:
    ThreadPool& pool_;
    ThreadPool* outer_;
  };

  // Calls fn(task, worker) for every task in [0, num_tasks), in any order and on any thread, and returns when all are
  // done. `worker` is in [0, num_threads()) and differs between the threads of one call: an index for scratch memory.
  // The calling thread takes part as worker 0. Each thread begins with a range of neighbouring tasks of its own, the
  // same ones in every call with as many tasks, so that it finds in its cache what it wrote in the call before; when
  // it is through it helps the others. May be called from inside a task.
  void ParallelFor(int num_tasks, absl::FunctionRef<void(int task, int worker)> fn);

  // The same for tasks of a microsecond or two, about as many as threads, that start no loops: shorter than waking a
  // worker takes. Only those that are awake anyway help. One of many such loops that find too few awake wakes them all
  // the same: a stream of them gets its helpers, who then stay awake for it.
  void BriefParallelFor(int num_tasks, absl::FunctionRef<void(int task, int worker)> fn);

 private:
  struct Job;

  void WorkerLoop(int worker);
  void WakeWorkers();
  Job* OpenJob(int num_tasks, const absl::FunctionRef<void(int, int)>& fn);
  void CloseJob(Job& job);
  void Hide(const Job& job);
  bool Help(int worker, int& scan_from);
  bool HelpOnce(int worker, int& scan_from);
  bool TryBecomeActive();
  bool AwaitWork() const;

  const int num_threads_;
  std::vector<std::unique_ptr<Job>> jobs_;
  std::vector<std::thread> threads_;
  alignas(64) std::atomic<uint64_t> open_jobs_{0};  // a bit for each slot
  std::atomic<bool> stopping_{false};
  alignas(64) std::atomic<int> active_{0};  // threads that compute, callers and workers
  alignas(64) std::atomic<int> sleepers_{0};
  std::atomic<uint32_t> wake_epoch_{0};
  std::atomic<uint32_t> left_asleep_{0};  // brief loops that found too few workers awake
  BriefLoop brief_;
};

}  // namespace baryon

#endif  // BARYON_ENGINE_BASE_THREAD_POOL_H_
