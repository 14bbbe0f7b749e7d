#include "engine/gluon/ndarray.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/gluon/array_text.h"
#include "engine/gluon/invoke.h"

namespace baryon {

NDArray::NDArray(absl::Status error) : status_(std::move(error)) {
  if (status_.ok()) status_ = absl::InternalError("an array was made of a status that is OK");
}

NDArray::NDArray(absl::StatusOr<Tensor> result) {
  if (result.ok()) {
    tensor_ = *std::move(result);
  } else {
    status_ = std::move(result).status();
  }
}

absl::Status NDArray::ElementsMissing() const {
  if (!ok()) return status_;
  if (!is_traced()) return absl::FailedPreconditionError("expected an array, got none");
  return absl::FailedPreconditionError(absl::StrCat(
      "the elements of a ", type().ToString(),
      " array are not known while its block is traced: read them outside of Forward, or do not hybridize"));
}

absl::StatusOr<Tensor> NDArray::AsTensor() const {
  if (!has_elements()) return ElementsMissing();
  return tensor_;
}

NDArray NDArray::operator[](int64_t index) const {
  if (!ok()) return *this;
  if (is_none()) return ElementsMissing();
  if (ndim() == 0)
    return absl::OutOfRangeError("too many indices for array: array is 0-dimensional, but 1 were indexed");
  const int64_t rows = shape()[0];
  if (rows >= 0 && (index < -rows || index >= rows)) {
    return absl::OutOfRangeError(absl::StrCat("index ", index, " is out of bounds for axis 0 with size ", rows));
  }
  Shape row(shape().dims().subspan(1));
  if (has_elements()) {
    const int64_t place = index < 0 ? index + rows : index;
    return tensor_.Rows(place, place + 1).Reshaped(std::move(row));
  }
  const std::optional<int64_t> end = index == -1 ? std::nullopt : std::optional<int64_t>(index + 1);
  const NDArray slice =
      InvokeOne("slice_axis", {{"axis", "0"}, {"begin", AttrText(index)}, {"end", AttrText(end)}}, {*this});
  return InvokeOne(ndim() > 1 ? "squeeze" : "_np_squeeze", {{"axis", "(0,)"}}, {slice});
}

NDArray NDArray::Slice(int64_t begin, std::optional<int64_t> end) const {
  if (!ok()) return *this;
  if (is_none()) return ElementsMissing();
  if (ndim() == 0)
    return absl::OutOfRangeError("too many indices for array: array is 0-dimensional, but 1 were indexed");
  if (has_elements()) {
    const int64_t rows = shape()[0];
    const auto place = [rows](int64_t i) { return std::clamp<int64_t>(i < 0 ? i + rows : i, 0, rows); };
    const int64_t first = place(begin);
    return tensor_.Rows(first, std::max(first, place(end.value_or(rows))));
  }
  return InvokeOne("slice", {{"begin", AttrText(OptionalIntTuple{begin})}, {"end", AttrText(OptionalIntTuple{end})}},
                   {*this});
}

NDArray NDArray::Reshape(const IntTuple& shape) const {
  return InvokeOne("_npx_reshape", {{"newshape", AttrText(shape)}}, {*this});
}

NDArray NDArray::Transpose(const IntTuple& axes) const {
  return InvokeOne("transpose", axes.empty() ? Attrs() : Attrs{{"axes", AttrText(axes)}}, {*this});
}

NDArray NDArray::AsType(DType dtype) const {
  if (ok() && !is_none() && type().dtype == dtype) return *this;
  return InvokeOne("Cast", {{"dtype", AttrText(dtype)}}, {*this}, {.hint = "cast"});
}

std::string NDArray::ToString() const {
  if (!ok()) return absl::StrCat("array(", status_.ToString(), ")");
  if (is_none()) return "None";
  if (is_traced()) return absl::StrCat("array(", type().ToString(), ", being traced)");
  return ArrayText(tensor_);
}

std::ostream& operator<<(std::ostream& out, const NDArray& array) { return out << array.ToString(); }

std::string ShapeTuple(const Shape& shape) { return FormatAttr(IntTuple(shape.begin(), shape.end())); }

namespace ndarray_internal {

absl::StatusOr<int64_t> ElementOffset(const Shape& shape, absl::Span<const int64_t> index) {
  if (static_cast<int64_t>(index.size()) != shape.rank()) {
    return absl::OutOfRangeError(absl::StrCat("expected an index of ", shape.rank(), " numbers for shape ",
                                              ShapeTuple(shape), ", got ", index.size()));
  }
  int64_t offset = 0;
  for (int64_t axis = 0; axis < shape.rank(); ++axis) {
    const int64_t size = shape[axis];
    if (index[axis] < -size || index[axis] >= size) {
      return absl::OutOfRangeError(
          absl::StrCat("index ", index[axis], " is out of bounds for axis ", axis, " with size ", size));
    }
    offset = offset * size + (index[axis] < 0 ? index[axis] + size : index[axis]);
  }
  return offset;
}

absl::Status WrongDType(DType expected, DType got) {
  return absl::InvalidArgumentError(
      absl::StrCat("expected elements of ", DTypeName(expected), ", the array has ", DTypeName(got)));
}

absl::Status NotOneElement(const Shape& shape) {
  return absl::InvalidArgumentError(
      absl::StrCat("can only convert an array of size 1 to a scalar, got shape ", ShapeTuple(shape)));
}

}  // namespace ndarray_internal
}  // namespace baryon
