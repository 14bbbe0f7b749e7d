// The extents of a tensor, written [N, C, H, W] with the batch first.
#ifndef BARYON_ENGINE_TENSOR_SHAPE_H_
#define BARYON_ENGINE_TENSOR_SHAPE_H_

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>

#include "absl/container/inlined_vector.h"
#include "absl/types/span.h"

namespace baryon {

// A value. While types are being inferred a shape may be known in part: a dimension of kUnknownDim, or no rank at all
// (Shape::Unknown()). Shapes of tensors are always fully known.
class Shape {
 public:
  static constexpr int64_t kUnknownDim = -1;

  Shape() = default;  // rank 0: a scalar
  Shape(std::initializer_list<int64_t> dims) : dims_(dims) {}
  explicit Shape(absl::Span<const int64_t> dims) : dims_(dims.begin(), dims.end()) {}
  static Shape Unknown();                  // rank not known
  static Shape UnknownDims(int64_t rank);  // rank known, no dimension

  bool has_rank() const { return has_rank_; }
  int64_t rank() const { return static_cast<int64_t>(dims_.size()); }
  int64_t operator[](int64_t axis) const { return dims_[axis]; }
  int64_t& operator[](int64_t axis) { return dims_[axis]; }
  int64_t back() const { return dims_.back(); }
  absl::Span<const int64_t> dims() const { return dims_; }
  auto begin() const { return dims_.begin(); }
  auto end() const { return dims_.end(); }

  bool IsFullyKnown() const;

  // Product of the dimensions, 1 for a scalar. The shape must be fully known and fit (see CheckedNumElements).
  int64_t num_elements() const { return Product(0, rank()); }
  // The same, or nothing when a dimension is unknown or negative or the product exceeds 2^62 / 8.
  std::optional<int64_t> CheckedNumElements() const;

  // Product of the dimensions in [begin, end).
  int64_t Product(int64_t begin, int64_t end) const;

  void Append(int64_t dim) { dims_.push_back(dim); }
  void Insert(int64_t axis, int64_t dim) { dims_.insert(dims_.begin() + axis, dim); }
  void Erase(int64_t axis) { dims_.erase(dims_.begin() + axis); }

  // "[8, 3, 64, 64]", "[]" for a scalar, "[-1, 3]" with an unknown dimension, "[...]" without rank.
  std::string ToString() const;

  friend bool operator==(const Shape& a, const Shape& b) { return a.has_rank_ == b.has_rank_ && a.dims_ == b.dims_; }
  friend bool operator!=(const Shape& a, const Shape& b) { return !(a == b); }
  template <typename H>
  friend H AbslHashValue(H h, const Shape& shape) {
    return H::combine(std::move(h), shape.has_rank_, shape.dims_);
  }

 private:
  bool has_rank_ = true;
  absl::InlinedVector<int64_t, 6> dims_;
};

// Axis counted from the front: `axis` in [-rank, rank). Nothing when it lies outside.
std::optional<int64_t> NormalizeAxis(int64_t axis, int64_t rank);

// Elements between neighbours along each axis of a row-major tensor: {12, 4, 1} for [2, 3, 4].
absl::InlinedVector<int64_t, 6> RowMajorStrides(const Shape& shape);

// A tensor seen as [outer, size, inner] around one axis.
struct AxisSplit {
  int64_t outer, size, inner;
};
AxisSplit SplitAtAxis(const Shape& shape, int64_t axis);

// NumPy's broadcasting of two shapes, or nothing when they do not fit together. Unknown dimensions stay unknown unless
// the other side decides them.
std::optional<Shape> BroadcastShapes(const Shape& a, const Shape& b);

// The shape that agrees with both partial shapes, or nothing when they contradict each other.
std::optional<Shape> MergeShapes(const Shape& a, const Shape& b);

}  // namespace baryon

#endif  // BARYON_ENGINE_TENSOR_SHAPE_H_
