#include "engine/base/step_loop.h"

#include "engine/base/spin.h"

namespace baryon {

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
  CoreSharing sharing;
  int64_t pauses = 0;
  for (int i = 0; i < num_parts_; ++i) {
    while (parts_[i].done.load(std::memory_order_acquire) <= step) {
      Pause();
      if (++pauses % kPausesPerLook == 0) sharing.Look();
    }
  }
}

}  // namespace baryon
