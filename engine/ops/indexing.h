// What operators that read positions from an array have in common. Positions may have any dtype; floating ones are cut
// to whole numbers, as MXNet does.
#ifndef BARYON_ENGINE_OPS_INDEXING_H_
#define BARYON_ENGINE_OPS_INDEXING_H_

#include <cstdint>

#include "absl/status/status.h"
#include "engine/graph/op_def.h"

namespace baryon {

// What becomes of a position outside of [0, size).
enum class IndexMode {
  kClip,     // the nearest inside
  kWrap,     // modulo size
  kRaise,    // an error
  kFromEnd,  // -size to -1 count from the end, others are errors
  kKeep,     // it stays as it is, within the range of int64_t
};

// Positions [first, first + count) of the flattened `indices`, brought into [0, size) as `mode` says. Errors:
// INVALID_ARGUMENT with the first position that is not allowed; any position is, when `size` is 0.
absl::Status ResolveIndices(const TensorView& indices, int64_t first, int64_t count, IndexMode mode, int64_t size,
                            int64_t* resolved);

// Row numbers in an array of `shape` for columns of an index array [axes, columns]: the position along the first axes,
// which come from the rows of `indices`, in row-major order. Rows are what stands behind these axes. Errors: those of
// ResolveIndices, with the axis.
absl::Status ResolveRows(const TensorView& indices, int64_t axes, int64_t columns, IndexMode mode, const Shape& shape,
                         int64_t* rows);

// Rows taken from an array [outer, size, row] by positions: to[o, i] = from[o, index[i]].
struct RowGather {
  int64_t outer, size, count;
  int64_t row_bytes;
};
void GatherRows(OpContext& context, const RowGather& gather, const int64_t* index, const void* from, void* to);

// Rows put into an array by position, after each other: to[index[i]] = from[i]. On this thread.
void ScatterRows(int64_t count, int64_t row_bytes, const int64_t* index, const void* from, void* to);

}  // namespace baryon

#endif  // BARYON_ENGINE_OPS_INDEXING_H_
