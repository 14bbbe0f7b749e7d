#include "engine/base/step_loop.h"

#include <thread>

#include "engine/base/spin.h"

namespace baryon {
namespace {

constexpr int kSpinsBeforeYield = 20000;  // a millisecond or so: the other thread lost its core

}  // namespace

void StepLoop::Run(int64_t num_steps, int preferred_part, absl::FunctionRef<void(int64_t step, int part)> work) {
  for (int64_t step = 0; step < num_steps; ++step) {
    for (int i = 0; i < num_parts_; ++i) {
      Part& part = parts_[(preferred_part + i) % num_parts_];
      int64_t untaken = step;
      if (!part.taken.compare_exchange_strong(untaken, step + 1, std::memory_order_acq_rel)) continue;
      work(step, static_cast<int>(&part - parts_));
      part.done.store(step + 1, std::memory_order_release);
    }
    WaitForStep(step);
  }
}

void StepLoop::WaitForStep(int64_t step) const {
  for (int i = 0; i < num_parts_; ++i) {
    for (int spins = 0; parts_[i].done.load(std::memory_order_acquire) <= step; ++spins) {
      spins < kSpinsBeforeYield ? Pause() : std::this_thread::yield();
    }
  }
}

}  // namespace baryon
