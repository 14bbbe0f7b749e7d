// Doing something at a certain time.
#ifndef BARYON_SERVER_BATCHING_TIMER_H_
#define BARYON_SERVER_BATCHING_TIMER_H_

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "absl/time/time.h"

namespace baryon {

// One thread that calls functions when their time has come, by MonotonicNow: steps of the system's clock do not matter.
// Functions are short; longer work goes to an Executor. Thread-safe. A standard condition variable, because those of
// Abseil wait by the system's clock.
class Timer {
 public:
  Timer();
  // Calls what is still waiting, at once, and what that adds; then ends.
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void At(absl::Time time, std::function<void()> call);
  // From now on every time has come.
  void Hurry();

 private:
  void Run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<absl::Time, std::function<void()>> calls_;  // guarded by mutex_
  bool hurrying_ = false, stopping_ = false;                // guarded by mutex_
  std::thread thread_;
};

}  // namespace baryon

#endif  // BARYON_SERVER_BATCHING_TIMER_H_
