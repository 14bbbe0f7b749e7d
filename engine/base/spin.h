// Waiting awake.
#ifndef BARYON_ENGINE_BASE_SPIN_H_
#define BARYON_ENGINE_BASE_SPIN_H_

#include <atomic>
#include <chrono>
#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#else
#include <thread>
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

// Returns when all bits of `mask` are 0 in `value`; whoever clears one calls notify_one. Awake for kLongestSpin, which
// is over only when another thread lost its core, then asleep.
template <typename T>
void AwaitZero(const std::atomic<T>& value, T mask) {
  std::chrono::steady_clock::time_point give_up;
  for (int64_t pauses = 1; (value.load() & mask) != 0; ++pauses) {
    Pause();
    if (pauses % kPausesPerLook != 0) continue;
    const auto now = std::chrono::steady_clock::now();
    if (pauses == kPausesPerLook) give_up = now + kLongestSpin;
    if (now < give_up) continue;
    if (const T last = value.load(); (last & mask) != 0) value.wait(last);
  }
}

}  // namespace baryon

#endif  // BARYON_ENGINE_BASE_SPIN_H_
