// A caller opens a job in one of a few slots; workers look over the open slots and take tasks from the job's counter
// until none is left. A slot is reused only when no worker is inside it: the caller closes it (`open` = false) and then
// waits for `users` to reach zero, while a worker first raises `users` and then looks at `open`. Both orders are
// sequentially consistent, so one of the two always sees the other.
#include "engine/base/thread_pool.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "engine/base/check.h"

namespace baryon {
namespace {

constexpr size_t kMaxJobs = 64;       // callers beyond this run their loop alone
constexpr int kSpinIterations = 600;  // about 50 microseconds of pause instructions

inline void Pause() {
#if defined(__x86_64__)
  _mm_pause();
#else
  std::this_thread::yield();
#endif
}

// The pool whose ComputeScope encloses this thread, if any.
thread_local ThreadPool* current_scope = nullptr;

// Quota of a cgroup in cores, or infinity. Version 2 has "max 100000" or "150000 100000" in cpu.max; version 1 has two
// files, the quota being -1 when there is none.
double CgroupCores() {
  double quota = 0, period = 0;
  std::string first;
  if (std::ifstream file("/sys/fs/cgroup/cpu.max"); file >> first >> period) {
    if (first == "max" || period <= 0) return INFINITY;
    return std::strtod(first.c_str(), nullptr) / period;
  }
  std::ifstream quota_file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), period_file("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  if (quota_file >> quota && period_file >> period && quota > 0 && period > 0) return quota / period;
  return INFINITY;
}

}  // namespace

int AvailableCores() {
  int cores = static_cast<int>(std::thread::hardware_concurrency());
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0) cores = CPU_COUNT(&set);
  const double quota = CgroupCores();
  if (quota < cores) cores = static_cast<int>(std::ceil(quota));
  return std::max(cores, 1);
}

#if defined(__x86_64__)
ScopedFlushDenormals::ScopedFlushDenormals() : saved_(_mm_getcsr()) { _mm_setcsr(saved_ | 0x8040); }  // FTZ | DAZ
ScopedFlushDenormals::~ScopedFlushDenormals() { _mm_setcsr(saved_); }
#else
ScopedFlushDenormals::ScopedFlushDenormals() : saved_(0) {}
ScopedFlushDenormals::~ScopedFlushDenormals() { (void)saved_; }
#endif

struct alignas(64) ThreadPool::Job {
  std::atomic<bool> taken{false};  // a caller owns the slot
  std::atomic<bool> open{false};   // workers may enter
  const absl::FunctionRef<void(int, int)>* fn = nullptr;
  int num_tasks = 0;
  alignas(64) std::atomic<int> next{0};
  alignas(64) std::atomic<int> users{0};  // workers inside
};

ThreadPool::ComputeScope::ComputeScope(ThreadPool& pool) : pool_(pool), outer_(current_scope) {
  if (outer_ != &pool_) pool_.active_.fetch_add(1, std::memory_order_relaxed);
  current_scope = &pool_;
}

ThreadPool::ComputeScope::~ComputeScope() {
  if (outer_ != &pool_) pool_.active_.fetch_sub(1, std::memory_order_relaxed);
  current_scope = outer_;
}

ThreadPool::ThreadPool(int num_threads) : num_threads_(std::max(num_threads, 1)), jobs_(new Job[kMaxJobs]) {
  for (int worker = 1; worker < num_threads_; ++worker) {
    threads_.emplace_back([this, worker] { WorkerLoop(worker); });
  }
}

ThreadPool::~ThreadPool() {
  stopping_.store(true);
  wake_epoch_.fetch_add(1);
  wake_epoch_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::ParallelFor(int num_tasks, absl::FunctionRef<void(int task, int worker)> fn) {
  if (num_tasks <= 0) return;
  Job* job = nullptr;
  if (num_threads_ > 1 && num_tasks > 1 && active_.load(std::memory_order_relaxed) < num_threads_) {
    for (size_t i = 0; i < kMaxJobs && job == nullptr; ++i) {
      bool expected = false;
      if (!jobs_[i].taken.load(std::memory_order_relaxed) && jobs_[i].taken.compare_exchange_strong(expected, true)) {
        job = &jobs_[i];
      }
    }
  }
  ComputeScope scope(*this);
  if (job == nullptr) {
    for (int task = 0; task < num_tasks; ++task) fn(task, 0);
    return;
  }

  job->fn = &fn;
  job->num_tasks = num_tasks;
  job->next.store(0, std::memory_order_relaxed);
  job->open.store(true);
  open_jobs_.fetch_add(1);
  if (sleepers_.load() > 0) {
    wake_epoch_.fetch_add(1);
    wake_epoch_.notify_all();
  }
  for (int task; (task = job->next.fetch_add(1, std::memory_order_relaxed)) < num_tasks;) fn(task, 0);

  open_jobs_.fetch_sub(1);
  job->open.store(false);
  for (int spins = 0; job->users.load() != 0;) {
    if (++spins < 20 * kSpinIterations) {
      Pause();
    } else if (const int users = job->users.load(); users != 0) {
      job->users.wait(users);  // a worker lost its core in the middle of a task
    }
  }
  job->taken.store(false, std::memory_order_release);
}

bool ThreadPool::TryBecomeActive() {
  int active = active_.load(std::memory_order_relaxed);
  while (active < num_threads_) {
    if (active_.compare_exchange_weak(active, active + 1, std::memory_order_relaxed)) return true;
  }
  return false;
}

// Enters one open job and works until its tasks are gone or the core is wanted by a caller. False: nothing to do.
bool ThreadPool::HelpOnce(int worker, size_t& scan_from) {
  if (open_jobs_.load(std::memory_order_relaxed) == 0 || !TryBecomeActive()) return false;
  bool helped = false;
  for (size_t i = 0; i < kMaxJobs && !helped; ++i) {
    Job& job = jobs_[(scan_from + i) % kMaxJobs];
    if (!job.open.load(std::memory_order_relaxed)) continue;
    job.users.fetch_add(1);
    if (job.open.load()) {
      current_scope = this;
      while (active_.load(std::memory_order_relaxed) <= num_threads_) {
        const int task = job.next.fetch_add(1, std::memory_order_relaxed);
        if (task >= job.num_tasks) break;
        (*job.fn)(task, worker);
        helped = true;
      }
      current_scope = nullptr;
      scan_from = (scan_from + i + 1) % kMaxJobs;
    }
    job.users.fetch_sub(1);
    job.users.notify_one();
  }
  active_.fetch_sub(1, std::memory_order_relaxed);
  return helped;
}

void ThreadPool::WorkerLoop(int worker) {
  ScopedFlushDenormals flush;
  size_t scan_from = 0;
  while (!stopping_.load(std::memory_order_relaxed)) {
    if (HelpOnce(worker, scan_from)) continue;
    // Spin only while a core is free for this worker: beside as many callers as cores it would slow one of them down.
    bool work = false;
    for (int i = 0; i < kSpinIterations && !work && active_.load(std::memory_order_relaxed) < num_threads_; ++i) {
      Pause();
      work = open_jobs_.load(std::memory_order_relaxed) > 0;
    }
    if (work && HelpOnce(worker, scan_from)) continue;
    const uint32_t epoch = wake_epoch_.load();
    sleepers_.fetch_add(1);
    const bool may_work = open_jobs_.load() > 0 && active_.load() < num_threads_;
    if (!may_work && !stopping_.load()) wake_epoch_.wait(epoch);
    sleepers_.fetch_sub(1);
  }
}

}  // namespace baryon
