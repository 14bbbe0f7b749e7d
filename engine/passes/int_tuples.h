// Questions about attributes that are tuples of whole numbers.
#ifndef BARYON_ENGINE_PASSES_INT_TUPLES_H_
#define BARYON_ENGINE_PASSES_INT_TUPLES_H_

#include <algorithm>
#include <cstdint>

#include "engine/graph/attrs.h"

namespace baryon {

// True also for an empty tuple, which leaves every axis at its default.
inline bool AllAre(const IntTuple& tuple, int64_t value) {
  return std::all_of(tuple.begin(), tuple.end(), [&](int64_t element) { return element == value; });
}

// () stands for `value` on every one of `rank` axes.
inline IntTuple Filled(const IntTuple& tuple, size_t rank, int64_t value) {
  return tuple.empty() ? IntTuple(rank, value) : tuple;
}

}  // namespace baryon

#endif  // BARYON_ENGINE_PASSES_INT_TUPLES_H_
