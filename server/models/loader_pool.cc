#include "server/models/loader_pool.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace baryon {
namespace {

// How often a thread that wakes up finds the processor taken by a load, and for how long, is what shows in the latency
// of others. Least weight and longest slice: who wakes up with a shorter slice takes the processor at once (the
// scheduler's PREEMPT_SHORT, Linux 6.12), while a slice as short as theirs makes the load as urgent as they are.
// SCHED_IDLE has less weight still, but beside full cores a load would never end.
constexpr int kNicer = 10, kNicest = 19;    // than the rest of the process; that there is
constexpr uint64_t kSliceNs = 100'000'000;  // the longest that the scheduler knows

// As sched_setattr(2) takes it. The header of the system that has it cannot stand beside <sched.h>.
struct SchedulingAttributes {
  uint32_t size = sizeof(SchedulingAttributes);
  uint32_t policy = SCHED_BATCH;
  uint64_t flags = 0;
  int32_t nice = 0;
  uint32_t priority = 0;
  uint64_t runtime = 0, deadline = 0, period = 0;
};

}  // namespace

void LowerPriority(Beside beside) {
  constexpr int kWhoThread = 1, kIdleClass = 3 << 13;  // IOPRIO_WHO_PROCESS, IOPRIO_CLASS_IDLE
  SchedulingAttributes attributes;
  const int own = getpriority(PRIO_PROCESS, 0);  // of this thread
  attributes.nice = beside == Beside::kRequests ? kNicest : std::min(own + kNicer, kNicest);
  attributes.runtime = beside == Beside::kRequests ? kSliceNs : 0;  // older kernels do not look at it
  syscall(SYS_sched_setattr, 0, &attributes, 0);
  syscall(SYS_ioprio_set, kWhoThread, 0, kIdleClass);
}

LoaderPool::LoaderPool(int num_threads) {
  for (int i = 0; i < num_threads; ++i) threads_.emplace_back([this] { Work(); });
}

LoaderPool::~LoaderPool() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
}

void LoaderPool::Run(std::function<void()> task) {
  absl::MutexLock lock(&mutex_);
  tasks_.push_back(std::move(task));
}

void LoaderPool::YieldToRequests() { LowerPriority(Beside::kRequests); }

void LoaderPool::Work() {
  LowerPriority(Beside::kNobody);
  while (true) {
    std::function<void()> task;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &LoaderPool::HasNews));
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

}  // namespace baryon
