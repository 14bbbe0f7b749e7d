// Waiting awake.
#ifndef BARYON_ENGINE_BASE_SPIN_H_
#define BARYON_ENGINE_BASE_SPIN_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace baryon {

inline constexpr std::chrono::microseconds kLongestSpin(2000);
inline constexpr int kPausesPerLook = 8;  // at the clock, which takes as long as one or two of them

inline void Pause() {
#if defined(__x86_64__)
  _mm_pause();
#else
  std::this_thread::yield();
#endif
}

// Lets others have the core now and then while its thread waits awake: what it waits for may be done by a thread that
// wants this very core, and would get it only when the scheduler's slice is over, milliseconds later. Not at each look:
// the system takes a microsecond to find that nobody wants it.
class CoreSharing {
 public:
  using Clock = std::chrono::steady_clock;

  // To be called as long as the thread waits, every kPausesPerLook pauses. How long it waits by now: since the first
  // call.
  Clock::duration Look() {
    const Clock::time_point now = Clock::now();
    if (start_ == Clock::time_point()) {
      start_ = now;
      next_ = now + kPeriod;
    } else if (now >= next_) {
      std::this_thread::yield();
      next_ = now + kPeriod;
    }
    return now - start_;
  }

 private:
  static constexpr std::chrono::microseconds kPeriod{20};

  Clock::time_point start_, next_;
};

// Returns when all bits of `mask` are 0 in `value`; whoever clears one calls notify_one. Awake for kLongestSpin, which
// is over only when another thread lost its core, then asleep.
template <typename T>
void AwaitZero(const std::atomic<T>& value, T mask) {
  CoreSharing sharing;
  for (int64_t pauses = 1; (value.load() & mask) != 0; ++pauses) {
    Pause();
    if (pauses % kPausesPerLook != 0 || sharing.Look() < kLongestSpin) continue;
    if (const T last = value.load(); (last & mask) != 0) value.wait(last);
  }
}

}  // namespace baryon

#endif  // BARYON_ENGINE_BASE_SPIN_H_
