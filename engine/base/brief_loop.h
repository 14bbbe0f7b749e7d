// A loop of microseconds over a few tasks, shared with threads that are awake.
#ifndef BARYON_ENGINE_BASE_BRIEF_LOOP_H_
#define BARYON_ENGINE_BASE_BRIEF_LOOP_H_

#include <atomic>
#include <cstdint>

#include "absl/functional/function_ref.h"

namespace baryon {

// What ThreadPool does for thousands of tasks costs a microsecond: every value that two cores pass to each other takes
// 50 ns on its way, and a job has ten of them. Here it is three: the offer, its acceptance, and the word that it is
// done. One task for each thread, one caller at a time. Thread-safe.
class BriefLoop {
 public:
  static constexpr int kMostHelpers = 31;

  // Calls fn(task, worker) for every task in [0, num_tasks) and returns when all are done. As many as
  // there are `num_helpers` are offered to these, task i to helper i before others, so that it finds in its cache what
  // it had there in the loop before; what nobody has begun when the caller is through with the rest, it does itself, as
  // worker 0. fn starts no loops. False, having done nothing, while another caller's
  // loop is under way.
  bool Run(int num_tasks, int num_helpers, absl::FunctionRef<void(int task, int worker)> fn);

  // Whether a task may be waiting. For polling.
  bool is_open() const { return offered_.load(std::memory_order_relaxed) != 0; }
  // By the thread that is helper `helper` >= 1: does its task, or else another one. False when none is offered.
  bool Help(int helper);

 private:
  alignas(64) std::atomic<bool> taken_{false};                               // by a caller
  alignas(64) std::atomic<uint32_t> offered_{0};                             // a bit for each task nobody has begun
  const absl::FunctionRef<void(int task, int worker)>* function_ = nullptr;  // beside it: they arrive together
  alignas(64) std::atomic<uint32_t> unfinished_{0};                          // a bit for each task of a helper
};

}  // namespace baryon

#endif  // BARYON_ENGINE_BASE_BRIEF_LOOP_H_
