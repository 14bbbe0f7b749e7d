#include "engine/runtime/memory_plan.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "engine/tensor/tensor.h"

namespace baryon {
namespace {

// A step reads a buffer and writes its neighbour, and where pixels lie a power of two apart, all its loads and stores
// fall into few sets of the first cache and look alike in their low address bits. Half a kilobyte between the two
// within a page keeps what is written behind what is read next; a single line would lay it just there.
int64_t PaddedSize(int64_t size_bytes) {
  constexpr int64_t kPage = 4096, kApart = 512;
  const int64_t lines = AlignedSize(std::max<int64_t>(size_bytes, 1));
  const int64_t beyond = lines % kPage;
  return lines >= kPage && beyond < kApart ? lines - beyond + kApart : lines;
}

}  // namespace

MemoryPlan PlanMemory(absl::Span<const BufferLifetime> buffers) {
  std::vector<int> by_size(buffers.size());
  std::iota(by_size.begin(), by_size.end(), 0);
  std::stable_sort(by_size.begin(), by_size.end(),
                   [&](int a, int b) { return buffers[a].size_bytes > buffers[b].size_bytes; });
  MemoryPlan plan;
  plan.offsets.assign(buffers.size(), 0);
  std::vector<int> placed;  // ordered by offset
  for (int index : by_size) {
    const BufferLifetime& buffer = buffers[index];
    const int64_t size = PaddedSize(buffer.size_bytes);
    int64_t best_offset = -1, best_gap = std::numeric_limits<int64_t>::max(), free_from = 0;
    for (int other : placed) {
      if (buffers[other].last < buffer.first || buffer.last < buffers[other].first) continue;
      const int64_t gap = plan.offsets[other] - free_from;
      if (gap >= size && gap < best_gap) {
        best_gap = gap;
        best_offset = free_from;
      }
      free_from = std::max(free_from, plan.offsets[other] + PaddedSize(buffers[other].size_bytes));
    }
    plan.offsets[index] = best_offset >= 0 ? best_offset : free_from;
    plan.arena_bytes = std::max(plan.arena_bytes, plan.offsets[index] + size);
    const auto place = std::upper_bound(placed.begin(), placed.end(), plan.offsets[index],
                                        [&](int64_t offset, int other) { return offset < plan.offsets[other]; });
    placed.insert(place, index);
  }
  return plan;
}

}  // namespace baryon
