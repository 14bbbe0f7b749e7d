// Runners of tasks whose time and place a test decides.
#ifndef BARYON_SERVER_TESTING_MANUAL_RUNNER_H_
#define BARYON_SERVER_TESTING_MANUAL_RUNNER_H_

#include <deque>
#include <functional>
#include <utility>

#include "server/models/loader_pool.h"

namespace baryon {

// Runs each task at once, on the caller's thread.
class InlineRunner final : public TaskRunner {
 public:
  void Run(std::function<void()> task) override { task(); }
};

// Keeps them until the test runs them, in any order. One thread.
class ManualRunner final : public TaskRunner {
 public:
  void Run(std::function<void()> task) override { tasks_.push_back(std::move(task)); }

  size_t num_tasks() const { return tasks_.size(); }
  void RunTask(size_t index) {
    const std::function<void()> task = std::move(tasks_[index]);
    tasks_.erase(tasks_.begin() + static_cast<int64_t>(index));
    task();
  }
  void RunAll() {
    while (!tasks_.empty()) RunTask(0);
  }

 private:
  std::deque<std::function<void()>> tasks_;
};

}  // namespace baryon

#endif  // BARYON_SERVER_TESTING_MANUAL_RUNNER_H_
