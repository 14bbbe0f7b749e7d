#include "engine/tensor/shape.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace baryon {

Shape Shape::Unknown() {
  Shape shape;
  shape.has_rank_ = false;
  return shape;
}

Shape Shape::UnknownDims(int64_t rank) {
  Shape shape;
  shape.dims_.assign(rank, kUnknownDim);
  return shape;
}

bool Shape::IsFullyKnown() const {
  return has_rank_ && std::all_of(dims_.begin(), dims_.end(), [](int64_t dim) { return dim >= 0; });
}

std::optional<int64_t> Shape::CheckedNumElements() const {
  if (!IsFullyKnown()) return std::nullopt;
  constexpr int64_t kMost = int64_t{1} << 59;
  int64_t count = 1;
  bool empty = false;
  for (int64_t dim : dims_) {
    if (dim == 0) empty = true;
    if (dim != 0 && count > kMost / dim) return std::nullopt;
    if (dim != 0) count *= dim;
  }
  return empty ? 0 : count;
}

int64_t Shape::Product(int64_t begin, int64_t end) const {
  int64_t product = 1;
  for (int64_t axis = begin; axis < end; ++axis) product *= dims_[axis];
  return product;
}

std::string Shape::ToString() const { return has_rank_ ? absl::StrCat("[", absl::StrJoin(dims_, ", "), "]") : "[...]"; }

std::optional<int64_t> NormalizeAxis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank) return std::nullopt;
  return axis < 0 ? axis + rank : axis;
}

absl::InlinedVector<int64_t, 6> RowMajorStrides(const Shape& shape) {
  absl::InlinedVector<int64_t, 6> strides(shape.rank());
  int64_t stride = 1;
  for (int64_t axis = shape.rank() - 1; axis >= 0; --axis) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

AxisSplit SplitAtAxis(const Shape& shape, int64_t axis) {
  return {shape.Product(0, axis), shape[axis], shape.Product(axis + 1, shape.rank())};
}

std::optional<Shape> BroadcastShapes(const Shape& a, const Shape& b) {
  if (!a.has_rank() || !b.has_rank()) return Shape::Unknown();
  const int64_t rank = std::max(a.rank(), b.rank());
  Shape result = Shape::UnknownDims(rank);
  for (int64_t axis = 0; axis < rank; ++axis) {
    const int64_t a_axis = axis - (rank - a.rank()), b_axis = axis - (rank - b.rank());
    const int64_t x = a_axis < 0 ? 1 : a[a_axis], y = b_axis < 0 ? 1 : b[b_axis];
    if (x == y || y == 1) {
      result[axis] = x;
    } else if (x == 1) {
      result[axis] = y;
    } else if (x == Shape::kUnknownDim || y == Shape::kUnknownDim) {
      result[axis] = std::max(x, y);  // the known one, which is not 1
    } else {
      return std::nullopt;
    }
  }
  return result;
}

std::optional<Shape> MergeShapes(const Shape& a, const Shape& b) {
  if (!a.has_rank()) return b;
  if (!b.has_rank()) return a;
  if (a.rank() != b.rank()) return std::nullopt;
  Shape merged = a;
  for (int64_t axis = 0; axis < a.rank(); ++axis) {
    if (a[axis] == Shape::kUnknownDim) merged[axis] = b[axis];
    if (a[axis] >= 0 && b[axis] >= 0 && a[axis] != b[axis]) return std::nullopt;
  }
  return merged;
}

}  // namespace baryon
