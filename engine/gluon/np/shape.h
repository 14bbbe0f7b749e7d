// The same elements in another form, and arrays joined and cut: numpy's functions of the same names. NDArray itself has
// Reshape, Transpose, Slice and rows.
#ifndef BARYON_ENGINE_GLUON_NP_SHAPE_H_
#define BARYON_ENGINE_GLUON_NP_SHAPE_H_

#include <cstdint>
#include <optional>

#include "absl/types/span.h"
#include "engine/gluon/ndarray.h"

namespace baryon::np {

NDArray Reshape(const NDArray& x, const IntTuple& shape);  // codes as in NDArray::Reshape
NDArray Transpose(const NDArray& x, const IntTuple& axes = {});
NDArray SwapAxes(const NDArray& x, int64_t axis1, int64_t axis2);
NDArray MoveAxis(const NDArray& x, int64_t source, int64_t destination);
NDArray ExpandDims(const NDArray& x, int64_t axis);
// The axes named, or all, that have size 1 disappear.
NDArray Squeeze(const NDArray& x, std::optional<IntTuple> axis = std::nullopt);
NDArray Ravel(const NDArray& x);  // one axis
NDArray BroadcastTo(const NDArray& x, const IntTuple& shape);
NDArray Tile(const NDArray& x, const IntTuple& reps);
NDArray Repeat(const NDArray& x, int64_t repeats, std::optional<int64_t> axis = std::nullopt);
NDArray Flip(const NDArray& x, int64_t axis);

// Joins along an axis that is there, or along a new one.
NDArray Concatenate(absl::Span<const NDArray> arrays, int64_t axis = 0);
NDArray Stack(absl::Span<const NDArray> arrays, int64_t axis = 0);
// `sections` equal pieces, or the pieces that begin at 0 and at each of `indices`. After an error, that many of it.
NDArrays Split(const NDArray& x, int64_t sections, int64_t axis = 0);
NDArrays SplitAt(const NDArray& x, const IntTuple& indices, int64_t axis = 0);

// Elements chosen by others: x where `condition` is not 0, else y.
NDArray Where(const NDArray& condition, const NDArray& x, const NDArray& y);
// Rows `indices` of `axis` (of the flattened array without one); an index beyond the ends is the nearest there is.
NDArray Take(const NDArray& x, const NDArray& indices, std::optional<int64_t> axis = std::nullopt);

}  // namespace baryon::np

#endif  // BARYON_ENGINE_GLUON_NP_SHAPE_H_
