// Loops are ordered by their stride in the target, so that it is written front to back; neighbouring loops that
// together walk evenly through both sides become one. A dense copy ends as a single run, the transposition [C, H, W] to
// [H, W, C] as one matrix, and only what remains around the two innermost loops costs time by the iteration.
#include "engine/kernels/strided_copy.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "engine/kernels/transpose.h"

namespace baryon::kernels {
namespace {

// The two innermost loops at one place; strides in bytes.
struct Plane {
  int64_t rows, from_row, to_row;
  int64_t columns, from_column, to_column;
};

// Runs of a size known to the compiler become a few moves instead of a call.
template <size_t kBytes>
void CopyShortRuns(const Plane& plane, const char* from, char* to) {
  for (int64_t r = 0; r < plane.rows; ++r) std::memcpy(to + r * plane.to_row, from + r * plane.from_row, kBytes);
}

void CopyRuns(const Plane& plane, int64_t bytes, const char* from, char* to) {
  switch (bytes) {
    case 2:
      return CopyShortRuns<2>(plane, from, to);
    case 4:
      return CopyShortRuns<4>(plane, from, to);
    case 8:
      return CopyShortRuns<8>(plane, from, to);
    case 12:
      return CopyShortRuns<12>(plane, from, to);
    case 16:
      return CopyShortRuns<16>(plane, from, to);
    case 32:
      return CopyShortRuns<32>(plane, from, to);
    case 64:
      return CopyShortRuns<64>(plane, from, to);
    default:
      for (int64_t r = 0; r < plane.rows; ++r) std::memcpy(to + r * plane.to_row, from + r * plane.from_row, bytes);
  }
}

template <typename T>
void FillRuns(const Plane& plane, const char* from, char* to) {
  for (int64_t r = 0; r < plane.rows; ++r) {
    const T value = *reinterpret_cast<const T*>(from + r * plane.from_row);
    std::fill_n(reinterpret_cast<T*>(to + r * plane.to_row), plane.columns, value);
  }
}

template <typename T>
void CopySingly(const Plane& plane, const char* from, char* to) {
  constexpr int64_t kSize = sizeof(T);
  const int64_t from_step = plane.from_column / kSize, to_step = plane.to_column / kSize;
  for (int64_t r = 0; r < plane.rows; ++r) {
    const T* x = reinterpret_cast<const T*>(from + r * plane.from_row);
    T* y = reinterpret_cast<T*>(to + r * plane.to_row);
    for (int64_t c = 0; c < plane.columns; ++c) y[c * to_step] = x[c * from_step];
  }
}

template <typename Fn>
void ForSize(int64_t element_size, Fn&& fn) {
  switch (element_size) {
    case 1:
      return fn(uint8_t());
    case 2:
      return fn(uint16_t());
    case 8:
      return fn(uint64_t());
    default:
      return fn(uint32_t());
  }
}

}  // namespace

StridedCopy::StridedCopy(std::vector<CopyLoop> loops, int64_t element_size)
    : element_size_(element_size), loops_(std::move(loops)) {
  for (CopyLoop& loop : loops_) {
    loop.from *= element_size;
    loop.to *= element_size;
  }
  Normalize();
  ChooseInner();
}

void StridedCopy::Normalize() {
  loops_.erase(std::remove_if(loops_.begin(), loops_.end(), [](const CopyLoop& loop) { return loop.size == 1; }),
               loops_.end());
  std::stable_sort(loops_.begin(), loops_.end(),
                   [](const CopyLoop& a, const CopyLoop& b) { return std::abs(a.to) > std::abs(b.to); });
  for (size_t i = 0; i + 1 < loops_.size();) {
    const CopyLoop outer = loops_[i], inner = loops_[i + 1];
    if (outer.from == inner.from * inner.size && outer.to == inner.to * inner.size) {
      loops_[i] = {outer.size * inner.size, inner.from, inner.to};
      loops_.erase(loops_.begin() + i + 1);
      i = 0;
    } else {
      ++i;
    }
  }
}

void StridedCopy::ChooseInner() {
  const bool one_element = loops_.empty();
  while (loops_.size() < 2) loops_.insert(loops_.begin(), {1, 0, 0});
  const CopyLoop& last = loops_.back();
  if (one_element || (last.to == element_size_ && last.from == element_size_)) {
    inner_ = Inner::kRuns;
    return;
  }
  if (last.to != element_size_) return;
  const auto reader = std::find_if(loops_.begin(), loops_.end(),
                                   [&](const CopyLoop& loop) { return loop.from == element_size_ && loop.size > 1; });
  if (reader != loops_.end()) {
    inner_ = Inner::kTranspose;
    std::rotate(reader, reader + 1, loops_.end() - 1);
  } else if (last.from == 0) {
    inner_ = Inner::kFill;
  }
}

int64_t StridedCopy::size_bytes() const {
  int64_t size = element_size_;
  for (const CopyLoop& loop : loops_) size *= loop.size;
  return size;
}

void StridedCopy::RunLoops(size_t level, const char* from, char* to) const {
  if (level + 2 == loops_.size()) return RunInner(from, to);
  const CopyLoop& loop = loops_[level];
  for (int64_t i = 0; i < loop.size; ++i) RunLoops(level + 1, from + i * loop.from, to + i * loop.to);
}

void StridedCopy::RunInner(const char* from, char* to) const {
  const CopyLoop &outer = loops_[loops_.size() - 2], &last = loops_.back();
  const Plane plane = {outer.size, outer.from, outer.to, last.size, last.from, last.to};
  if (plane.rows == 0 || plane.columns == 0) return;
  switch (inner_) {
    case Inner::kRuns:
      return CopyRuns(plane, plane.columns * element_size_, from, to);
    case Inner::kTranspose:
      return Transpose({last.size, outer.size, last.from / element_size_, outer.to / element_size_}, element_size_,
                       from, to);
    case Inner::kFill:
      return ForSize(element_size_, [&](auto element) { FillRuns<decltype(element)>(plane, from, to); });
    case Inner::kSingly:
      return ForSize(element_size_, [&](auto element) { CopySingly<decltype(element)>(plane, from, to); });
  }
}

// Cuts the outermost loop that divides well, so that parts are wide apart in memory; else the longest one.
std::vector<StridedCopy::Part> StridedCopy::Split(int64_t most) const {
  size_t cut = 0;
  for (size_t i = 0; i < loops_.size(); ++i) {
    if (loops_[i].size > loops_[cut].size) cut = i;
  }
  for (size_t i = loops_.size(); i-- > 0;) {
    if (loops_[i].size % most == 0 || loops_[i].size >= 8 * most) cut = i;
  }
  const CopyLoop& loop = loops_[cut];
  const int64_t count = std::max<int64_t>(std::min(most, loop.size), 1);
  std::vector<Part> parts;
  for (int64_t part = 0; part < count; ++part) {
    const int64_t begin = loop.size * part / count, end = loop.size * (part + 1) / count;
    parts.push_back({*this, begin * loop.from, begin * loop.to});
    parts.back().copy.loops_[cut].size = end - begin;
  }
  return parts;
}

}  // namespace baryon::kernels
