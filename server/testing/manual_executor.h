// An executor whose tasks a test runs by hand, one by one, and whose time a test moves on.
#ifndef BARYON_SERVER_TESTING_MANUAL_EXECUTOR_H_
#define BARYON_SERVER_TESTING_MANUAL_EXECUTOR_H_

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "server/batching/clock.h"
#include "server/batching/executor.h"

namespace baryon {

// One thread.
class ManualExecutor final : public Executor {
 public:
  void Schedule(std::shared_ptr<Account> account, absl::Duration cost, std::function<void()> task) override {
    tasks_.Push(std::move(account), cost, std::move(task));
  }
  // Where the test has allowed it and no task waits.
  bool RunHere(Account&, absl::Duration, absl::FunctionRef<void()> task) override {
    if (!runs_here_ || tasks_.num_tasks() > 0) return false;
    task();
    return true;
  }
  void set_runs_here(bool runs_here) { runs_here_ = runs_here; }
  void ScheduleAt(absl::Time time, std::function<void()> call) override { calls_.emplace(time, std::move(call)); }
  Load load() const override {
    ++looks_;
    return load_;
  }
  void set_load(Load load) { load_ = load; }
  int looks() const { return looks_; }  // at its load

  // Runs the task whose turn it is; false when there is none.
  bool RunOne() {
    std::optional<FairQueue::Entry> entry = tasks_.Pop();
    if (!entry.has_value()) return false;
    entry->run();
    tasks_.Done(*entry->account);
    return true;
  }
  void RunAll() {
    while (RunOne()) {
    }
  }
  size_t num_tasks() const { return static_cast<size_t>(tasks_.num_tasks()); }

  absl::Time now() const { return now_; }
  Clock clock() {
    return [this] { return now_; };
  }
  // Moves the time on, and calls what was to be called until then, each at its time.
  void Advance(absl::Duration duration) {
    const absl::Time end = now_ + duration;
    while (!calls_.empty() && calls_.begin()->first <= end) {
      now_ = std::max(now_, calls_.begin()->first);
      const std::function<void()> call = std::move(calls_.begin()->second);
      calls_.erase(calls_.begin());
      call();
    }
    now_ = end;
  }

 private:
  FairQueue tasks_;
  std::multimap<absl::Time, std::function<void()>> calls_;
  absl::Time now_ = absl::UnixEpoch();
  Load load_;
  mutable std::atomic<int> looks_{0};
  bool runs_here_ = false;
};

}  // namespace baryon

#endif  // BARYON_SERVER_TESTING_MANUAL_EXECUTOR_H_
