#include "server/models/loader_pool.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

namespace baryon {
namespace {

constexpr int kNice = 10;

// As far as the system allows; a thread that keeps its priority loads all the same.
void LowerPriority() {
  constexpr int kWhoThread = 1, kIdleClass = 3 << 13;  // IOPRIO_WHO_PROCESS, IOPRIO_CLASS_IDLE
  const auto thread = static_cast<id_t>(syscall(SYS_gettid));
  setpriority(PRIO_PROCESS, thread, kNice);
  const sched_param none{};
  sched_setscheduler(0, SCHED_BATCH, &none);
  syscall(SYS_ioprio_set, kWhoThread, 0, kIdleClass);
}

}  // namespace

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

void LoaderPool::Work() {
  LowerPriority();
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
