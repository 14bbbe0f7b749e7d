#include "engine/base/brief_loop.h"

#include <algorithm>
#include <bit>

#include "engine/base/spin.h"

namespace baryon {

bool BriefLoop::Run(int num_tasks, int num_helpers, absl::FunctionRef<void(int task, int worker)> fn) {
  if (taken_.load(std::memory_order_relaxed) || taken_.exchange(true, std::memory_order_acquire)) return false;
  const int num_offered = std::clamp(num_tasks - 1, 0, std::min(num_helpers, kMostHelpers));
  const uint32_t offered = ((uint32_t{1} << num_offered) - 1) << 1;
  function_ = &fn;
  unfinished_.store(offered, std::memory_order_relaxed);
  offered_.store(offered, std::memory_order_release);

  if (num_tasks > 0) fn(0, 0);
  for (int task = num_offered + 1; task < num_tasks; ++task) fn(task, 0);
  __builtin_prefetch(&unfinished_);
  const uint32_t left = offered_.exchange(0, std::memory_order_acquire);
  for (uint32_t tasks = left; tasks != 0; tasks &= tasks - 1) fn(std::countr_zero(tasks), 0);
  AwaitZero(unfinished_, offered & ~left);
  taken_.store(false, std::memory_order_release);
  return true;
}

bool BriefLoop::Help(int helper) {
  const uint32_t offered = offered_.load(std::memory_order_relaxed), own = uint32_t{1} << helper;
  const uint32_t task = (offered & own) != 0 ? own : offered & -offered;
  if (task == 0 || (offered_.fetch_and(~task, std::memory_order_acquire) & task) == 0) return false;
  (*function_)(std::countr_zero(task), helper);
  unfinished_.fetch_and(~task, std::memory_order_release);
  unfinished_.notify_one();
  return true;
}

}  // namespace baryon
