// Steps that follow each other, each cut into parts for a few threads: a recurrent layer, whose steps take
// microseconds.
#ifndef BARYON_ENGINE_BASE_STEP_LOOP_H_
#define BARYON_ENGINE_BASE_STEP_LOOP_H_

#include <atomic>
#include <cstdint>

#include "absl/functional/function_ref.h"

namespace baryon {

// Threads that call Run together do all parts of step 0, then all of step 1, and so on. Any number of them will do,
// even one, and they may come late: whoever is there takes what nobody has taken, first of all its preferred part, so
// that each thread finds the data of its part in its own cache. Nobody waits for a thread that has not come, only for
// one that is at work; waiting spins. A loop runs once. Run is thread-safe and allocates nothing.
class StepLoop {
 public:
  static constexpr int kMaxParts = 16;

  // 1 <= num_parts <= kMaxParts.
  explicit StepLoop(int num_parts) : num_parts_(num_parts) {}
  StepLoop(const StepLoop&) = delete;
  StepLoop& operator=(const StepLoop&) = delete;

  // Returns when steps [0, num_steps) are done. All callers give the same num_steps and work.
  void Run(int64_t num_steps, int preferred_part, absl::FunctionRef<void(int64_t step, int part)> work);

 private:
  struct alignas(64) Part {
    std::atomic<int64_t> taken{0}, done{0};  // steps
  };

  void WaitForStep(int64_t step) const;

  const int num_parts_;
  Part parts_[kMaxParts];
};

}  // namespace baryon

#endif  // BARYON_ENGINE_BASE_STEP_LOOP_H_
