// A caller opens a job in one of a few slots; workers look over the open slots and take tasks from the job's counters
// until none is left. A slot is reused only when no worker is inside it: the caller closes it (`open` = false) and then
// waits for `users` to reach zero, while a worker first raises `users` and then looks at `open`. Both orders are
// sequentially consistent, so one of the two always sees the other.
#include "engine/base/thread_pool.h"

#include <sched.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "engine/base/check.h"
#include "engine/base/give_way.h"
#include "engine/base/spin.h"
#include "engine/base/thread_width.h"

namespace baryon {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kMaxJobs = 64;  // callers beyond this run their loop alone
constexpr std::chrono::microseconds kSpin(50);
constexpr uint32_t kLoopsPerWaking = 64;  // brief loops, each of which takes as long as waking a worker, or less

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
  // The tasks that a worker begins with.
  struct alignas(64) Range {
    std::atomic<int> next{0};
    int end = 0;
  };

  explicit Job(int num_threads) : ranges(num_threads) {}

  // The next task for `worker`, or -1 when all are taken: of its own range, then of the others'.
  int Take(int worker) {
    const int num_ranges = static_cast<int>(ranges.size());
    for (int i = 0; i < num_ranges; ++i) {
      Range& range = ranges[(worker + i) % num_ranges];
      if (range.next.load(std::memory_order_relaxed) >= range.end) continue;
      const int task = range.next.fetch_add(1, std::memory_order_relaxed);
      if (task < range.end) return task;
    }
    return -1;
  }

  std::atomic<bool> taken{false};  // a caller owns the slot
  std::atomic<bool> open{false};   // workers may enter
  int slot = 0;
  const absl::FunctionRef<void(int, int)>* fn = nullptr;
  std::atomic<int> width{0};              // most threads
  std::vector<Range> ranges;              // of each worker
  alignas(64) std::atomic<int> users{0};  // workers inside
};

// A thread in the background is so for the whole life of a scope: widths nest like scopes do.
ThreadPool::ComputeScope::ComputeScope(ThreadPool& pool) : pool_(pool), outer_(current_scope) {
  if (outer_ != &pool_ && !ThreadWidth::in_background()) pool_.active_.fetch_add(1, std::memory_order_relaxed);
  current_scope = &pool_;
}

ThreadPool::ComputeScope::~ComputeScope() {
  if (outer_ != &pool_ && !ThreadWidth::in_background()) pool_.active_.fetch_sub(1, std::memory_order_relaxed);
  current_scope = outer_;
}

ThreadPool::ThreadPool(int num_threads) : num_threads_(std::max(num_threads, 1)) {
  for (int slot = 0; slot < (num_threads_ > 1 ? kMaxJobs : 0); ++slot) {
    jobs_.push_back(std::make_unique<Job>(num_threads_));
    jobs_.back()->slot = slot;
  }
  for (int worker = 1; worker < num_threads_; ++worker) {
    threads_.emplace_back([this, worker] { WorkerLoop(worker); });
  }
}

ThreadPool::~ThreadPool() {
  stopping_.store(true);
  WakeWorkers();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::WakeWorkers() {
  wake_epoch_.fetch_add(1);
  wake_epoch_.notify_all();
}

void ThreadPool::ParallelFor(int num_tasks, absl::FunctionRef<void(int task, int worker)> fn) {
  if (num_tasks <= 0) return;
  Job* job = nullptr;
  if (num_tasks > 1 && ThreadWidth::current() > 1 && active_.load(std::memory_order_relaxed) < num_threads_) {
    job = OpenJob(num_tasks, fn);
  }
  ComputeScope scope(*this);
  if (job == nullptr) {
    for (int task = 0; task < num_tasks; ++task) {
      fn(task, 0);
      GiveWay();
    }
    return;
  }
  for (int task; (task = job->Take(0)) >= 0;) fn(task, 0);
  CloseJob(*job);
}

void ThreadPool::BriefParallelFor(int num_tasks, absl::FunctionRef<void(int task, int worker)> fn) {
  ComputeScope scope(*this);
  const int idle = num_threads_ - active_.load(std::memory_order_relaxed);
  const int wanted = std::min({num_tasks - 1, ThreadWidth::current() - 1, idle});
  const int awake = num_threads_ - 1 - sleepers_.load(std::memory_order_relaxed);
  if (wanted > awake && left_asleep_.fetch_add(1, std::memory_order_relaxed) % kLoopsPerWaking == 0) WakeWorkers();
  const int helpers = std::min(wanted, awake);
  if (helpers > 0 && brief_.Run(num_tasks, helpers, fn)) return;
  for (int task = 0; task < num_tasks; ++task) fn(task, 0);
}

// A job that workers may enter, or nullptr when every slot is taken.
ThreadPool::Job* ThreadPool::OpenJob(int num_tasks, const absl::FunctionRef<void(int, int)>& fn) {
  __builtin_prefetch(&open_jobs_, 1);  // which the workers are reading
  for (const std::unique_ptr<Job>& job : jobs_) {
    bool expected = false;
    if (job->taken.load(std::memory_order_relaxed) || !job->taken.compare_exchange_strong(expected, true)) continue;
    job->fn = &fn;
    job->width.store(ThreadWidth::current(), std::memory_order_relaxed);
    for (int worker = 0; worker < num_threads_; ++worker) {
      Job::Range& range = job->ranges[worker];
      range.next.store(static_cast<int>(int64_t{num_tasks} * worker / num_threads_), std::memory_order_relaxed);
      range.end = static_cast<int>(int64_t{num_tasks} * (worker + 1) / num_threads_);
    }
    job->open.store(true);
    open_jobs_.fetch_or(uint64_t{1} << job->slot);
    if (sleepers_.load() > 0) WakeWorkers();
    return job.get();
  }
  return nullptr;
}

// Keeps workers from trying to enter. By the caller, or by a worker inside: the slot is the job's until both are done.
void ThreadPool::Hide(const Job& job) { open_jobs_.fetch_and(~(uint64_t{1} << job.slot)); }

// Waits for the workers inside to leave.
void ThreadPool::CloseJob(Job& job) {
  Hide(job);
  job.open.store(false);
  AwaitZero(job.users, ~0);
  job.taken.store(false, std::memory_order_release);
}

bool ThreadPool::TryBecomeActive() {
  int active = active_.load(std::memory_order_relaxed);
  while (active < num_threads_) {
    if (active_.compare_exchange_weak(active, active + 1, std::memory_order_relaxed)) return true;
  }
  return false;
}

bool ThreadPool::Help(int worker, int& scan_from) { return brief_.Help(worker) || HelpOnce(worker, scan_from); }

// Enters one open job and works until its tasks are gone or the core is wanted by a caller. False: nothing to do.
bool ThreadPool::HelpOnce(int worker, int& scan_from) {
  const uint64_t open = open_jobs_.load(std::memory_order_relaxed);
  if (open == 0) return false;
  // The first open slot from `scan_from` on, so that no caller is left waiting for help.
  const int slot = (scan_from + std::countr_zero(std::rotr(open, scan_from))) % kMaxJobs;
  Job& job = *jobs_[slot];
  __builtin_prefetch(&job);  // all that another core has changed at once, rather than one after the other
  __builtin_prefetch(&job.users, 1);
  if (!TryBecomeActive()) return false;
  bool helped = false;
  const int helpers = job.users.fetch_add(1) + 1;
  const int most = job.width.load(std::memory_order_relaxed);
  if (job.open.load() && helpers < most) {
    if (helpers + 1 == most) Hide(job);  // full: who would help looks for another, or sleeps
    current_scope = this;
    const ThreadWidth width(most);  // for loops inside the task
    while (active_.load(std::memory_order_relaxed) <= num_threads_) {
      const int task = job.Take(worker);
      if (task < 0) {
        Hide(job);  // nothing is left, though the caller may not have noticed: wait for another job, not at its door
        break;
      }
      (*job.fn)(task, worker);
      helped = true;
    }
    current_scope = nullptr;
    scan_from = (slot + 1) % kMaxJobs;
  }
  job.users.fetch_sub(1);
  job.users.notify_one();
  active_.fetch_sub(1, std::memory_order_relaxed);
  return helped;
}

// Waits awake until there is work: see the class for how long. Only while a core is free for this worker: beside as
// many callers as cores it would slow one of them down. False: time to sleep.
bool ThreadPool::AwaitWork() const {
  CoreSharing sharing;
  Clock::duration give_up = kSpin;
  for (;;) {
    for (int i = 0; i < kPausesPerLook; ++i) {
      if (brief_.is_open() || open_jobs_.load(std::memory_order_relaxed) != 0) return true;
      Pause();
    }
    const int active = active_.load(std::memory_order_relaxed);
    const Clock::duration waited = sharing.Look();
    if (active > 0) give_up = std::min<Clock::duration>(waited + kSpin, kLongestSpin);
    if (active >= num_threads_ || waited >= give_up || stopping_.load(std::memory_order_relaxed)) return false;
  }
}

void ThreadPool::WorkerLoop(int worker) {
  ScopedFlushDenormals flush;
  int scan_from = 0;
  while (!stopping_.load(std::memory_order_relaxed)) {
    if (Help(worker, scan_from)) continue;
    if (AwaitWork() && Help(worker, scan_from)) continue;
    const uint32_t epoch = wake_epoch_.load();
    sleepers_.fetch_add(1);
    const bool may_work = open_jobs_.load() != 0 && active_.load() < num_threads_;
    if (!may_work && !stopping_.load()) wake_epoch_.wait(epoch);
    sleepers_.fetch_sub(1);
  }
}

}  // namespace baryon
