// An executor whose tasks a test runs by hand, one by one.
#ifndef BARYON_SERVER_TESTING_MANUAL_EXECUTOR_H_
#define BARYON_SERVER_TESTING_MANUAL_EXECUTOR_H_

#include <deque>
#include <functional>
#include <utility>

#include "server/batching/executor.h"

namespace baryon {

// One thread.
class ManualExecutor final : public Executor {
 public:
  void Schedule(std::function<void()> task) override { tasks_.push_back(std::move(task)); }

  // Runs the oldest task; false when there is none.
  bool RunOne() {
    if (tasks_.empty()) return false;
    const std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    task();
    return true;
  }
  void RunAll() {
    while (RunOne()) {
    }
  }
  size_t num_tasks() const { return tasks_.size(); }

 private:
  std::deque<std::function<void()>> tasks_;
};

}  // namespace baryon

#endif  // BARYON_SERVER_TESTING_MANUAL_EXECUTOR_H_
