// The loops of a reduction over any set of axes of a row-major array. Neighbouring axes that are both reduced or both
// kept count as one, so that little remains:
//   [4, 5, 6] over axis 1     kept 4, rows 5 of 6 kept neighbours: strips of columns are added up
//   [4, 5, 6] over axes 1, 2  kept 4, a reduced run of 30: rows are added up
#ifndef BARYON_ENGINE_KERNELS_REDUCE_GEOMETRY_H_
#define BARYON_ENGINE_KERNELS_REDUCE_GEOMETRY_H_

#include <algorithm>
#include <cstdint>

namespace baryon::kernels {

// A value.
struct ReduceGeometry {
  static constexpr int kMaxRank = 32;    // of the array: type rules refuse more
  static constexpr int64_t kStrip = 64;  // neighbouring outputs that are computed together

  struct Loop {
    int64_t size, stride;
  };
  static constexpr int kMaxLoops = kMaxRank / 2 + 1;
  Loop kept[kMaxLoops], reduced[kMaxLoops];  // outermost first, without the loops below
  int num_kept = 0, num_reduced = 0;
  int64_t rows = 1, row_stride = 0;  // the innermost reduced loop that is not the run
  int64_t run = 1;                   // contiguous elements
  bool run_is_reduced = false;

  int64_t num_outputs = 1;
  int64_t num_terms = 1;  // for each output
  int64_t num_units = 1;  // of work: an output, or a strip of neighbouring outputs that share their loops

  int64_t num_strips() const { return run_is_reduced ? 1 : (run + kStrip - 1) / kStrip; }
};

// `reduced[i]` says whether axis i of dims[0 .. rank) goes. rank <= kMaxRank.
ReduceGeometry MakeReduceGeometry(const int64_t* dims, const bool* reduced, int rank);

// Steps through the positions of nested loops, the last one fastest, and knows the offset of the current one.
class Odometer {
 public:
  Odometer(const ReduceGeometry::Loop* loops, int count, int64_t position) : loops_(loops), count_(count) {
    for (int i = count - 1; i >= 0; --i) {
      index_[i] = position % loops[i].size;
      position /= loops[i].size;
      offset_ += index_[i] * loops[i].stride;
    }
  }
  int64_t offset() const { return offset_; }
  void Step() {
    for (int i = count_ - 1; i >= 0; --i) {
      offset_ += loops_[i].stride;
      if (++index_[i] < loops_[i].size) return;
      offset_ -= loops_[i].size * loops_[i].stride;
      index_[i] = 0;
    }
  }

 private:
  const ReduceGeometry::Loop* loops_;
  int count_;
  int64_t offset_ = 0;
  int64_t index_[ReduceGeometry::kMaxLoops];
};

// Calls fn(first output, number of outputs, offset of the first in the input) for units [begin, end).
template <typename Fn>
void ForEachUnit(const ReduceGeometry& g, int64_t begin, int64_t end, Fn fn) {
  if (begin >= end) return;
  const int64_t strips = g.num_strips(), outputs_per_position = g.run_is_reduced ? 1 : g.run;
  int64_t position = begin / strips, strip = begin % strips;
  Odometer kept(g.kept, g.num_kept, position);
  for (int64_t unit = begin; unit < end; ++unit) {
    const int64_t first = strip * ReduceGeometry::kStrip;
    fn(position * outputs_per_position + first, std::min(ReduceGeometry::kStrip, outputs_per_position - first),
       kept.offset() + (g.run_is_reduced ? 0 : first));
    if (++strip < strips) continue;
    strip = 0;
    ++position;
    kept.Step();
  }
}

// Calls fn(offset) for every group of `rows` runs that belongs to the unit at `offset`.
template <typename Fn>
void ForEachRowGroup(const ReduceGeometry& g, int64_t offset, Fn fn) {
  if (g.num_terms == 0) return;
  int64_t groups = 1;
  for (int i = 0; i < g.num_reduced; ++i) groups *= g.reduced[i].size;
  Odometer reduced(g.reduced, g.num_reduced, 0);
  for (int64_t i = 0; i < groups; ++i) {
    fn(offset + reduced.offset());
    reduced.Step();
  }
}

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_REDUCE_GEOMETRY_H_
