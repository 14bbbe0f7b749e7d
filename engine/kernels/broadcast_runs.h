// Where the operands of an elementwise operation lie while its output is written from front to back, when some of them
// are repeated along some axes (NumPy's broadcasting).
#ifndef BARYON_ENGINE_KERNELS_BROADCAST_RUNS_H_
#define BARYON_ENGINE_KERNELS_BROADCAST_RUNS_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace baryon::kernels {

// Immutable. Axes along which all operands go on alike are merged when it is made, so [8, 64, 56, 56] and [1, 64, 1, 1]
// become three loops of 8, 64 and 3136 steps. Within a *run*, the steps of the innermost loop, each operand moves by
// one element or stays.
class BroadcastRuns {
 public:
  static constexpr int kMaxOperands = 3;
  using Offsets = std::array<int64_t, kMaxOperands>;  // in elements; those of absent operands are 0

  // Each operand's shape broadcasts to `output`.
  BroadcastRuns(absl::Span<const absl::Span<const int64_t>> operands, absl::Span<const int64_t> output);

  int64_t num_elements() const { return num_elements_; }
  int64_t run() const { return loops_.back().size; }
  bool is_single_run() const { return num_elements_ == run(); }

  // 1 when the operand moves along a run, 0 when it stays.
  int64_t step(int operand) const { return loops_.back().strides[operand]; }
  // True when the operand has exactly the elements of the output.
  bool is_dense(int operand) const { return dense_[operand]; }
  // True when the operand has the same elements in every run.
  bool is_same_in_all_runs(int operand) const { return same_in_all_runs_[operand]; }

  // Calls fn(offsets, n) for the runs of output elements [begin, end), in order, the first and last perhaps cut:
  // operand k of the n elements starts at offsets[k]. Allocates nothing.
  template <typename Fn>
  void ForEach(int64_t begin, int64_t end, Fn fn) const;

 private:
  struct Loop {
    int64_t size = 1;
    Offsets strides = {};
  };

  // Of the first element of plane `plane`: the two innermost loops make a plane.
  Offsets PlaneOffsets(int64_t plane) const;

  int64_t num_elements_ = 1;
  std::vector<Loop> loops_;  // outermost first, at least two
  std::array<bool, kMaxOperands> dense_ = {}, same_in_all_runs_ = {};
};

template <typename Fn>
void BroadcastRuns::ForEach(int64_t begin, int64_t end, Fn fn) const {
  const Loop &rows = loops_[loops_.size() - 2], &columns = loops_.back();
  const int64_t plane_size = rows.size * columns.size;
  while (begin < end) {
    const Offsets base = PlaneOffsets(begin / plane_size);
    int64_t row = begin % plane_size / columns.size, column = begin % columns.size;
    for (; row < rows.size && begin < end; ++row, column = 0) {
      const int64_t n = std::min(columns.size - column, end - begin);
      Offsets offsets;
      for (int k = 0; k < kMaxOperands; ++k) {
        offsets[k] = base[k] + row * rows.strides[k] + column * columns.strides[k];
      }
      fn(offsets, n);
      begin += n;
    }
  }
}

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_BROADCAST_RUNS_H_
