// Twelve sums that do not wait for each other keep two multipliers of a latency of four or five cycles busy.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/multiply_rate.cc"
#include <hwy/foreach_target.h>
//
#include <hwy/highway.h>

#include <algorithm>
#include <chrono>

#include "engine/kernels/multiply_rate.h"
#include "engine/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace baryon::kernels::HWY_NAMESPACE {
namespace {

constexpr int kSums = 12;

// The number of multiplications; `out` has room for kSums vectors.
int64_t Multiply(int64_t repetitions, float* out) {
  using D = hn::ScalableTag<float>;
  constexpr D d;
  hn::Vec<D> sums[kSums];
  // From memory and different, so that the compiler cannot work any of it out beforehand.
  BARYON_UNROLL for (int i = 0; i < kSums; ++i) sums[i] = hn::LoadU(d, out + i * hn::MaxLanes(d));
  const hn::Vec<D> factor = hn::Set(d, 0.5f), term = hn::Set(d, 0.25f);
  for (int64_t r = 0; r < repetitions; ++r) {
    BARYON_UNROLL for (int i = 0; i < kSums; ++i) sums[i] = hn::MulAdd(sums[i], factor, term);
  }
  BARYON_UNROLL for (int i = 0; i < kSums; ++i) hn::StoreU(sums[i], d, out + i * hn::MaxLanes(d));
  return repetitions * kSums * static_cast<int64_t>(hn::MaxLanes(d));
}

}  // namespace
}  // namespace baryon::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace baryon::kernels {

HWY_EXPORT(Multiply);

double MeasureMultiplyRate() {
  using Clock = std::chrono::steady_clock;
  constexpr int kAttempts = 10;
  constexpr int64_t kRepetitions = 100000;
  float numbers[256];
  for (int i = 0; i < 256; ++i) numbers[i] = static_cast<float>(i);
  double best = 0;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const Clock::time_point start = Clock::now();
    const int64_t count = HWY_DYNAMIC_DISPATCH(Multiply)(kRepetitions, numbers);
    best = std::max(best, static_cast<double>(count) / std::chrono::duration<double>(Clock::now() - start).count());
  }
  return best;
}

}  // namespace baryon::kernels
#endif  // HWY_ONCE
