// Operators that only move elements say where each of them goes as a few strided copies; one kernel runs them all, on
// as many threads as their size deserves. Everything is tabulated when the kernel is made.
//
//   .prepare = [](const RepeatAttrs& attrs, PrepareContext& context) {
//     return MakeMoveKernel(context, {{.loops = {{rows, width, n * width}, {n, 0, width}, {width, 1, 1}}}});
//   }
#ifndef BARYON_ENGINE_OPS_MOVES_H_
#define BARYON_ENGINE_OPS_MOVES_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/strided_copy.h"

namespace baryon {

// Elements of one input on their way to one output: `from` and `to` are the first of them, counted in elements, and the
// loops (see kernels::StridedCopy) say how the others follow. They stay inside of both arrays.
struct Move {
  static constexpr int kFill = -1;  // in place of an input: the fill value, read with strides of 0

  int input = 0;
  int output = 0;
  int64_t from = 0, to = 0;
  std::vector<kernels::CopyLoop> loops = {};
};
using Moves = std::vector<Move>;

// One element of `dtype`, as a C cast makes it from `value`; whole numbers wrap around.
struct FillValue {
  uint64_t bits = 0;
  static FillValue Of(DType dtype, double value);
  static FillValue Of(DType dtype, int64_t value);
};

// A kernel that makes `moves` in any order, then `overwriting` ones, whose targets may be theirs. A move of an input
// onto the same places of an output is left out when both share a buffer (OpSpec::in_place). Outputs nobody reads are
// left out as well.
absl::StatusOr<std::unique_ptr<Kernel>> MakeMoveKernel(const PrepareContext& context, Moves moves,
                                                       Moves overwriting = {}, FillValue fill = {});

// `count` neighbours to `count` neighbours, or the fill value to them.
Move DenseMove(int64_t count);
Move FillMove(int64_t count);

// Loops over all of `shape` with the strides that each axis has on either side.
std::vector<kernels::CopyLoop> LoopsOver(const Shape& shape, absl::Span<const int64_t> from,
                                         absl::Span<const int64_t> to);

// Positions to, to + 1, ... of an axis of the output that take positions from, from + step, ... of the same axis of the
// input.
struct AxisRun {
  int64_t size, to, from;
  int64_t step = 1;
};

// The moves between arrays of equal rank where along each axis the output is put together from runs: one move for every
// combination of a run of each axis.
Moves MovesOfRuns(const Shape& from, const Shape& to, absl::Span<const std::vector<AxisRun>> runs);

}  // namespace baryon

#endif  // BARYON_ENGINE_OPS_MOVES_H_
