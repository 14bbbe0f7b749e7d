#include "engine/gluon/np/create.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/gluon/invoke.h"
#include "engine/gluon/random.h"
#include "engine/io/npy.h"

namespace baryon::np {
namespace {

// Creation does not depend on inputs, so it is computed at once, traced or not.
template <typename Fn>
NDArray Filled(const Shape& shape, DType dtype, Fn&& value) {
  absl::StatusOr<Tensor> tensor = Tensor::TryAllocate({dtype, shape});
  if (!tensor.ok()) return tensor.status();
  DispatchDType(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* elements = tensor->mutable_data<T>();
    const int64_t count = tensor->num_elements();
    for (int64_t i = 0; i < count; ++i) elements[i] = static_cast<T>(static_cast<ComputeType<T>>(value(i)));
  });
  return *std::move(tensor);
}

}  // namespace

NDArray Zeros(const Shape& shape, DType dtype) { return Full(shape, 0, dtype); }

NDArray Ones(const Shape& shape, DType dtype) { return Full(shape, 1, dtype); }

NDArray Full(const Shape& shape, Scalar value, DType dtype) {
  return Filled(shape, dtype, [&](int64_t) { return value.value; });
}

NDArray ZerosLike(const NDArray& like) { return InvokeOne("zeros_like", {}, {like}); }

NDArray OnesLike(const NDArray& like) { return InvokeOne("ones_like", {}, {like}); }

NDArray FullLike(const NDArray& like, Scalar value) { return ZerosLike(like) + value; }

NDArray Arange(double stop, DType dtype) { return Arange(0, stop, 1, dtype); }

NDArray Arange(double start, double stop, double step, DType dtype) {
  if (step == 0) return absl::InvalidArgumentError("arange: expected a step that is not 0");
  const double count = std::max(0.0, std::ceil((stop - start) / step));
  if (!(count <= 0x1p62)) return absl::ResourceExhaustedError("arange: too many elements");
  return Filled({static_cast<int64_t>(count)}, dtype, [&](int64_t i) { return start + static_cast<double>(i) * step; });
}

NDArray Linspace(double start, double stop, int64_t num, DType dtype) {
  if (num < 0) return absl::InvalidArgumentError(absl::StrCat("Number of samples, ", num, ", must be non-negative."));
  const double step = num > 1 ? (stop - start) / static_cast<double>(num - 1) : 0;
  return Filled({num}, dtype,
                [&](int64_t i) { return i > 0 && i == num - 1 ? stop : start + static_cast<double>(i) * step; });
}

NDArray Eye(int64_t n, int64_t m, int64_t k, DType dtype) {
  const int64_t columns = m == 0 ? n : m;
  return Filled({n, columns}, dtype, [&](int64_t i) { return i % columns - i / columns == k ? 1.0 : 0.0; });
}

// The first row of each axis says how long the others have to be.
absl::Status Nested::Measure(Shape& shape, int64_t axis) const {
  if (!is_row_) {
    if (axis == shape.rank()) return absl::OkStatus();
    return absl::InvalidArgumentError("array: expected rows of one length, got a number beside a row");
  }
  const int64_t size = static_cast<int64_t>(rows_.size());
  if (axis == shape.rank()) {
    return absl::InvalidArgumentError("array: expected rows of one length, got a row beside a number");
  }
  if (shape[axis] != size) {
    return absl::InvalidArgumentError(
        absl::StrCat("array: expected rows of one length, got ", shape[axis], " and ", size));
  }
  for (const Nested& row : rows_) BARYON_RETURN_IF_ERROR(row.Measure(shape, axis + 1));
  return absl::OkStatus();
}

void Nested::Collect(std::vector<double>& values) const {
  if (!is_row_) values.push_back(number_);
  for (const Nested& row : rows_) row.Collect(values);
}

NDArray Array(std::initializer_list<Nested> rows, DType dtype) {
  const Nested values(rows);
  Shape shape;
  for (const Nested* first = &values; first->is_row_; first = &first->rows_[0]) {
    shape.Append(static_cast<int64_t>(first->rows_.size()));
    if (first->rows_.empty()) break;
  }
  BARYON_RETURN_IF_ERROR(values.Measure(shape, 0));
  std::vector<double> numbers;
  values.Collect(numbers);
  return Filled(shape, dtype, [&](int64_t i) { return numbers[i]; });
}

absl::Status Save(const std::string& path, const NDArray& array) {
  BARYON_ASSIGN_OR_RETURN(const Tensor tensor, array.AsTensor());
  return WriteNpy(path, tensor);
}

NDArray Load(const std::string& path) { return ReadNpy(path); }

namespace random {

void Seed(uint64_t seed) { baryon::random::Seed(seed); }

NDArray Uniform(double low, double high, const Shape& size, DType dtype) {
  return Filled(size, dtype, [&](int64_t) { return baryon::random::ThreadGenerator().Uniform(low, high); });
}

NDArray Normal(double loc, double scale, const Shape& size, DType dtype) {
  return Filled(size, dtype, [&](int64_t) { return baryon::random::ThreadGenerator().Normal(loc, scale); });
}

NDArray Randint(int64_t low, int64_t high, const Shape& size, DType dtype) {
  if (low >= high) {
    return absl::InvalidArgumentError(absl::StrCat("randint: expected low < high, got ", low, " and ", high));
  }
  return Filled(size, dtype, [&](int64_t) { return baryon::random::ThreadGenerator().Integer(low, high); });
}

}  // namespace random

namespace create_internal {

absl::Status CheckSize(const Shape& shape, int64_t got) {
  const std::optional<int64_t> expected = shape.CheckedNumElements();
  if (expected == got) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("cannot reshape array of size ", got, " into shape ", ShapeTuple(shape)));
}

}  // namespace create_internal
}  // namespace baryon::np
