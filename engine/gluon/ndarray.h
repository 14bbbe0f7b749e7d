// Arrays as Gluon's users know them: `mxnet.np.ndarray` in C++.
//
//   const NDArray x = np::Array({{1, 2}, {3, 4}}), y = np::Ones({2, 2});
//   const NDArray z = np::Dot(x, y) * 2 + x[0];
//   std::cout << z << "\n";                    // array([[ 7.,  8.],
//                                              //        [15., 16.]])
//   if (!z.ok()) return z.status();
//
// Expressions stay readable because an array remembers the first error that produced it: whatever is computed from it
// has the same status, and the end of the expression asks.
#ifndef BARYON_ENGINE_GLUON_NDARRAY_H_
#define BARYON_ENGINE_GLUON_NDARRAY_H_

#include <concepts>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/graph/attrs.h"
#include "engine/tensor/tensor.h"

namespace baryon {

// A number that meets an array in an expression. Whether it was whole decides the dtype of the result, as in NumPy.
struct Scalar {
  template <typename T>
  requires std::is_arithmetic_v<T> Scalar(T number)
      : value(static_cast<double>(number)), is_int(std::is_integral_v<T>) {}  // NOLINT: x * 2
  double value;
  bool is_int;
};

// A value: copies share the elements, which nobody changes. It is one of
//   elements with dtype and shape,
//   an error,
//   a value of the graph that is being written while a block is traced: dtype and shape are known (dimensions of -1 are
//     not), elements are not, and reading them is an error (FAILED_PRECONDITION),
//   none (default-constructed): what Python calls None.
// An array with elements may be used by any number of threads; a traced one belongs to the thread that traces.
class NDArray {
 public:
  NDArray() = default;
  NDArray(Tensor elements) : tensor_(std::move(elements)) {}  // NOLINT: a tensor is an array
  NDArray(absl::Status error);                                // NOLINT: `error` is not OK
  NDArray(absl::StatusOr<Tensor> result);                     // NOLINT

  bool ok() const { return status_.ok(); }
  const absl::Status& status() const { return status_; }
  bool is_none() const { return tensor_.empty() && !is_traced() && ok(); }
  bool is_traced() const { return trace_ != 0; }
  bool has_elements() const { return !tensor_.empty(); }

  const TensorType& type() const { return tensor_.type(); }
  DType dtype() const { return tensor_.dtype(); }
  const Shape& shape() const { return tensor_.shape(); }
  int64_t ndim() const { return shape().rank(); }
  int64_t size() const { return shape().num_elements(); }  // of a shape that is known

  // --- Elements. Errors: those of the array; FAILED_PRECONDITION when it is traced or none.

  const Tensor& tensor() const { return tensor_; }  // when has_elements()
  absl::StatusOr<Tensor> AsTensor() const;
  // All of them in row-major order; valid as long as the array or a copy of it. INVALID_ARGUMENT for another dtype.
  template <typename T>
  absl::StatusOr<absl::Span<const T>> Values() const;
  // One of them, converted to T. Negative indices count from the end. OUT_OF_RANGE beyond an axis.
  template <typename T>
  absl::StatusOr<T> At(absl::Span<const int64_t> index) const;
  template <typename T>
  absl::StatusOr<T> At(std::initializer_list<int64_t> index) const {
    return At<T>(absl::Span<const int64_t>(index.begin(), index.size()));
  }
  // The only one. INVALID_ARGUMENT when there are more.
  template <typename T>
  absl::StatusOr<T> Item() const;

  // --- Parts

  // Row `index` of axis 0, without that axis; negative from the end. Shares the elements.
  NDArray operator[](int64_t index) const;
  // Rows [begin, end) of axis 0 as Python slices them: ends beyond the axis are cut, negative ones count from the end.
  NDArray Slice(int64_t begin, std::optional<int64_t> end = std::nullopt) const;

  // --- The same elements in other form; more of these in np.h.

  // Gluon 2's codes: -1 infer, -2 copy this axis, -3 drop an axis of size 1, -4 copy all that are left, -5 merge two,
  // -6 split one into the two that follow.
  NDArray Reshape(const IntTuple& shape) const;
  NDArray Transpose(const IntTuple& axes = {}) const;  // no axes: all reversed
  NDArray T() const { return Transpose(); }
  NDArray AsType(DType dtype) const;

  // What NumPy prints, with the dtype unless it is float32: "array([1., 2.])". Errors and other states in words.
  std::string ToString() const;

 private:
  friend class Trace;

  absl::Status ElementsMissing() const;

  Tensor tensor_;  // of a traced array the type alone
  absl::Status status_;
  int64_t trace_ = 0;  // which trace the array belongs to; 0: none
  int32_t node_ = -1, output_ = 0;
};

using NDArrays = std::vector<NDArray>;

std::ostream& operator<<(std::ostream& out, const NDArray& array);

// Elementwise, with broadcasting. Operands of different dtypes meet in the wider one; whole numbers divide to float32;
// comparisons give bool.
NDArray operator+(const NDArray& a, const NDArray& b);
NDArray operator-(const NDArray& a, const NDArray& b);
NDArray operator*(const NDArray& a, const NDArray& b);
NDArray operator/(const NDArray& a, const NDArray& b);
NDArray operator%(const NDArray& a, const NDArray& b);
NDArray operator==(const NDArray& a, const NDArray& b);
NDArray operator!=(const NDArray& a, const NDArray& b);
NDArray operator<(const NDArray& a, const NDArray& b);
NDArray operator<=(const NDArray& a, const NDArray& b);
NDArray operator>(const NDArray& a, const NDArray& b);
NDArray operator>=(const NDArray& a, const NDArray& b);

NDArray operator+(const NDArray& a, Scalar b);
NDArray operator-(const NDArray& a, Scalar b);
NDArray operator*(const NDArray& a, Scalar b);
NDArray operator/(const NDArray& a, Scalar b);
NDArray operator%(const NDArray& a, Scalar b);
NDArray operator==(const NDArray& a, Scalar b);
NDArray operator!=(const NDArray& a, Scalar b);
NDArray operator<(const NDArray& a, Scalar b);
NDArray operator<=(const NDArray& a, Scalar b);
NDArray operator>(const NDArray& a, Scalar b);
NDArray operator>=(const NDArray& a, Scalar b);

NDArray operator+(Scalar a, const NDArray& b);
NDArray operator-(Scalar a, const NDArray& b);
NDArray operator*(Scalar a, const NDArray& b);
NDArray operator/(Scalar a, const NDArray& b);
NDArray operator%(Scalar a, const NDArray& b);

NDArray operator-(const NDArray& a);

inline NDArray& operator+=(NDArray& a, const NDArray& b) { return a = a + b; }
inline NDArray& operator-=(NDArray& a, const NDArray& b) { return a = a - b; }
inline NDArray& operator*=(NDArray& a, const NDArray& b) { return a = a * b; }
inline NDArray& operator/=(NDArray& a, const NDArray& b) { return a = a / b; }

// A shape as Python prints it: "(10, 3)", "(5,)", "()".
std::string ShapeTuple(const Shape& shape);

// ---------------------------------------------------------------------------------------------------------------------
// Implementation

namespace ndarray_internal {
// The place of `index` among the elements of `shape`. Errors: NumPy's texts.
absl::StatusOr<int64_t> ElementOffset(const Shape& shape, absl::Span<const int64_t> index);
absl::Status WrongDType(DType expected, DType got);
absl::Status NotOneElement(const Shape& shape);
}  // namespace ndarray_internal

template <typename T>
absl::StatusOr<absl::Span<const T>> NDArray::Values() const {
  if (!has_elements()) return ElementsMissing();
  if (DTypeOf<T>() != dtype()) return ndarray_internal::WrongDType(DTypeOf<T>(), dtype());
  return tensor_.span<T>();
}

template <typename T>
absl::StatusOr<T> NDArray::At(absl::Span<const int64_t> index) const {
  if (!has_elements()) return ElementsMissing();
  absl::StatusOr<int64_t> offset = ndarray_internal::ElementOffset(shape(), index);
  if (!offset.ok()) return offset.status();
  return DispatchDType(dtype(), [&](auto tag) {
    using From = typename decltype(tag)::type;
    return static_cast<T>(static_cast<ComputeType<From>>(tensor_.data<From>()[*offset]));
  });
}

template <typename T>
absl::StatusOr<T> NDArray::Item() const {
  if (!has_elements()) return ElementsMissing();
  if (size() != 1) return ndarray_internal::NotOneElement(shape());
  return At<T>(IntTuple(ndim(), 0));
}

}  // namespace baryon

#endif  // BARYON_ENGINE_GLUON_NDARRAY_H_
