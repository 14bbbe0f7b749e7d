// Cutting work and memory into parts of whole numbers.
#ifndef BARYON_ENGINE_KERNELS_PARTS_H_
#define BARYON_ENGINE_KERNELS_PARTS_H_

#include <algorithm>
#include <cstdint>
#include <vector>

namespace baryon::kernels {

// a / b, rounded up. Both are positive, or `a` is 0.
constexpr int64_t CeilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Part `index` of `parts` nearly equal parts of [0, count) starts here.
constexpr int64_t PartBegin(int64_t count, int64_t parts, int64_t index) { return count * index / parts; }

// The most that one of `threads` of equal speed has to do when they share so many parts as a thread pool does: each
// begins with its own part of them and goes on with what is left of the others'.
inline int64_t LargestShare(int64_t count, int64_t parts, int64_t threads) {
  std::vector<int64_t> shares(threads, 0), next(threads);
  for (int64_t t = 0; t < threads; ++t) next[t] = PartBegin(parts, threads, t);
  for (int64_t taken = 0; taken < parts; ++taken) {
    const int64_t thread = std::min_element(shares.begin(), shares.end()) - shares.begin();
    int64_t owner = thread;
    while (next[owner] == PartBegin(parts, threads, owner + 1)) owner = (owner + 1) % threads;
    const int64_t part = next[owner]++;
    shares[thread] += PartBegin(count, parts, part + 1) - PartBegin(count, parts, part);
  }
  return *std::max_element(shares.begin(), shares.end());
}

// About `wanted` parts, never more than `count`, that `threads` finish at the same time as far as that is possible: two
// threads take as long for five parts as for six of the same size. Fewer only where that gains something, for small
// parts even out threads that run at different speeds.
inline int64_t EvenParts(int64_t count, int64_t wanted, int64_t threads) {
  if (wanted <= 1 || count <= 1) return std::min<int64_t>(count, 1);
  int64_t best = std::min(wanted + 1, count), least = LargestShare(count, best, threads);
  for (int64_t parts = best - 1; parts > 1; --parts) {
    const int64_t share = LargestShare(count, parts, threads);
    if (share + share / 32 >= least) continue;
    best = parts;
    least = share;
  }
  return best;
}

// The next multiple of a line of the cache, in floats.
constexpr int64_t RoundedToLine(int64_t floats) { return CeilDiv(floats, 16) * 16; }

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_PARTS_H_
