// Places buffers of known lifetimes in one arena.
#ifndef BARYON_ENGINE_RUNTIME_MEMORY_PLAN_H_
#define BARYON_ENGINE_RUNTIME_MEMORY_PLAN_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace baryon {

// A buffer that is written first at step `first` and read last at step `last` (both included).
struct BufferLifetime {
  int64_t size_bytes = 0;
  int first = 0, last = 0;
};

struct MemoryPlan {
  std::vector<int64_t> offsets;  // of each buffer, multiples of kTensorAlignment
  int64_t arena_bytes = 0;
};

// Offsets such that buffers that live at the same time do not overlap. Greedy: largest first, each into the smallest
// gap it fits among those already placed that live with it, else behind them. Deterministic; O(n^2) for n buffers.
// Source: Pisarchyk, Lee, Efficient Memory Management for Deep Neural Net Inference, 2020 (greedy by size).
MemoryPlan PlanMemory(absl::Span<const BufferLifetime> buffers);

}  // namespace baryon

#endif  // BARYON_ENGINE_RUNTIME_MEMORY_PLAN_H_
