// One value in several copies, so that processors that write to it at once do not wait for each other's cache lines.
#ifndef BARYON_SERVER_METRICS_STRIPED_H_
#define BARYON_SERVER_METRICS_STRIPED_H_

#include <sched.h>

#include <array>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace baryon {

// For what is written by every request and read now and then. T is a value whose default is nothing. A writer changes
// the copy of the processor it runs on, under a lock that is free unless it shares that processor; a reader takes all
// copies at one moment and leaves nothing. Thread-safe.
template <typename T>
class Striped {
 public:
  // `change` is short and takes a T&.
  template <typename Change>
  void Write(const Change& change) {
    Stripe& stripe = stripes_[static_cast<unsigned>(sched_getcpu()) % kStripes];
    absl::MutexLock lock(&stripe.mutex);
    change(stripe.value);
  }

  // What was written since the last call: the copies, in no order.
  std::vector<T> TakeAll() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    std::vector<T> taken(kStripes);
    for (Stripe& stripe : stripes_) stripe.mutex.Lock();
    for (size_t i = 0; i < kStripes; ++i) std::swap(taken[i], stripes_[i].value);
    for (Stripe& stripe : stripes_) stripe.mutex.Unlock();
    return taken;
  }

 private:
  static constexpr size_t kStripes = 16;  // machines with more processors share them

  struct alignas(128) Stripe {  // processors fetch cache lines in pairs
    absl::Mutex mutex;
    T value ABSL_GUARDED_BY(mutex) = T();
  };
  std::array<Stripe, kStripes> stripes_;
};

}  // namespace baryon

#endif  // BARYON_SERVER_METRICS_STRIPED_H_
