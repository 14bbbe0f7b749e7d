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
  using Time = std::chrono::steady_clock::time_point;

  explicit CoreSharing(Time start) : next_(start + kPeriod) {}

  // To be called as long as the thread waits.
  void Look(Time now) {
    if (now < next_) return;
    std::this_thread::yield();
    next_ = now + kPeriod;
  }

 private:
  static constexpr std::chrono::microseconds kPeriod{20};

  Time next_;
};

// Returns when all bits of `mask` are 0 in `value`; whoever clears one calls notify_one. Awake for kLongestSpin, which
// is over only when another thread lost its core, then asleep.
template <typename T>
void AwaitZero(const std::atomic<T>& value, T mask) {
  const auto is_zero = [&] { return (value.load() & mask) == 0; };
  for (int i = 0; i < kPausesPerLook; ++i) {
    if (is_zero()) return;
    Pause();
  }
  const CoreSharing::Time start = std::chrono::steady_clock::now();
  CoreSharing sharing(start);
  for (int64_t pauses = 1; !is_zero(); ++pauses) {
    Pause();
    if (pauses % kPausesPerLook != 0) continue;
    const CoreSharing::Time now = std::chrono::steady_clock::now();
    if (now < start + kLongestSpin) {
      sharing.Look(now);
    } else if (const T last = value.load(); (last & mask) != 0) {
      value.wait(last);
    }
  }
}

}  // namespace baryon

#endif  // BARYON_ENGINE_BASE_SPIN_H_
