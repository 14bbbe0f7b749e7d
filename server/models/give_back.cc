#include "server/models/give_back.h"

#include <malloc.h>

#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/models/loader_pool.h"

namespace baryon {
namespace {

constexpr absl::Duration kTogether = absl::Milliseconds(500);

// The thread is there only while there is something to give back, so that nobody has to end it.
class Giver {
 public:
  void Add(std::vector<std::function<void()>> calls) {
    absl::MutexLock lock(&mutex_);
    freed_ = true;
    for (std::function<void()>& call : calls) calls_.push_back(std::move(call));
    if (std::exchange(running_, true)) return;
    std::thread([this] { Run(); }).detach();
  }

 private:
  void Run() {
    LowerPriority(Beside::kRequests);
    std::vector<std::function<void()>> calls;
    while (Await(calls)) {
      malloc_trim(0);
      for (const std::function<void()>& call : calls) call();
    }
  }

  // False: nothing came while the last was given back.
  bool Await(std::vector<std::function<void()>>& calls) {
    absl::MutexLock lock(&mutex_);
    running_ = freed_;
    if (!running_) return false;
    mutex_.AwaitWithTimeout(absl::Condition(this, &Giver::IsAwaited), kTogether);
    freed_ = false;
    calls = std::exchange(calls_, {});
    return true;
  }
  bool IsAwaited() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !calls_.empty(); }

  absl::Mutex mutex_;
  bool running_ ABSL_GUARDED_BY(mutex_) = false;
  bool freed_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::function<void()>> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

void GiveBackMemory(std::vector<std::function<void()>> calls) {
  static Giver& giver = *new Giver;
  giver.Add(std::move(calls));
}

}  // namespace baryon
