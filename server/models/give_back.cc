#include "server/models/give_back.h"

#include <malloc.h>

#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace baryon {
namespace {

constexpr absl::Duration kTogether = absl::Milliseconds(500);

// Its thread waits for ever, so that nobody has to end it.
class Giver {
 public:
  Giver() { std::thread(&Giver::Run, this).detach(); }

  void Add(std::vector<std::function<void()>> calls) {
    absl::MutexLock lock(&mutex_);
    freed_ = true;
    for (std::function<void()>& call : calls) calls_.push_back(std::move(call));
  }

 private:
  [[noreturn]] void Run() {
    while (true) {
      const std::vector<std::function<void()>> calls = Await();
      malloc_trim(0);
      for (const std::function<void()>& call : calls) call();
    }
  }

  std::vector<std::function<void()>> Await() {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&freed_));
    mutex_.AwaitWithTimeout(absl::Condition(this, &Giver::IsAwaited), kTogether);
    freed_ = false;
    return std::exchange(calls_, {});
  }
  bool IsAwaited() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !calls_.empty(); }

  absl::Mutex mutex_;
  bool freed_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::function<void()>> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

void GiveBackMemory(std::vector<std::function<void()>> calls) {
  static Giver& giver = *new Giver;
  giver.Add(std::move(calls));
}

}  // namespace baryon
