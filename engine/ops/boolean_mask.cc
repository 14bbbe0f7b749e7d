// Operators whose values decide how much they yield: _contrib_boolean_mask and _npi_advanced_indexing keep the rows that
// a mask marks, _npx_nonzero finds the places of an array that are not 0.
#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/indexing.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

// The numbers of the elements that are not 0, in order.
std::vector<int64_t> NonZeroPlaces(const Tensor& tensor) {
  std::vector<int64_t> places;
  DispatchDType(tensor.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* elements = tensor.data<T>();
    for (int64_t i = 0; i < tensor.num_elements(); ++i) {
      if (static_cast<ComputeType<T>>(elements[i]) != 0) places.push_back(i);
    }
  });
  return places;
}

// Rows of axis 0 by number, in an array whose first axes are `leading` instead of axis 0.
absl::StatusOr<std::vector<Tensor>> TakeRows(const Tensor& data, const std::vector<int64_t>& rows,
                                             const Shape& leading) {
  TensorType type = {data.dtype(), leading};
  for (int64_t axis = 1; axis < data.shape().rank(); ++axis) type.shape.Append(data.shape()[axis]);
  BARYON_ASSIGN_OR_RETURN(Tensor result, Tensor::TryAllocate(type));
  const int64_t row_bytes = data.shape().Product(1, data.shape().rank()) * DTypeSize(data.dtype());
  const char* from = static_cast<const char*>(data.raw_data());
  char* to = static_cast<char*>(result.mutable_raw_data());
  for (int64_t row : rows) {
    std::memcpy(to, from + row * row_bytes, row_bytes);
    to += row_bytes;
  }
  return std::vector<Tensor>{std::move(result)};
}

absl::Status CheckMask(const TensorType& data, const TensorType& mask) {
  BARYON_RETURN_IF_ERROR(CheckRankAtLeast("data", data, 1));
  if (mask.shape == Shape{data.shape[0]}) return absl::OkStatus();
  return ExpectedGot(absl::StrCat("a mask of shape ", Shape{data.shape[0]}.ToString()), mask.ToString());
}

absl::StatusOr<std::vector<Tensor>> MaskRows(const Tensor& data, const Tensor& mask) {
  const std::vector<int64_t> rows = NonZeroPlaces(mask);
  return TakeRows(data, rows, {static_cast<int64_t>(rows.size())});
}

struct MaskAttrs {
  int64_t axis = 0;
};

absl::StatusOr<TensorTypes> InferMask(const MaskAttrs&, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckMask(inputs[0], inputs[1]));
  TensorType output = inputs[0];
  output.shape[0] = Shape::kUnknownDim;
  return TensorTypes{std::move(output)};
}

const OpRegistration<MaskAttrs> kBooleanMask({
    .names = {"_contrib_boolean_mask", "_npi_boolean_mask"},
    .inputs = {"data", "index"},
    .attrs = {Attr("axis", &MaskAttrs::axis)},
    .check = [](const MaskAttrs& attrs) { return attrs.axis == 0 ? absl::OkStatus() : ExpectedGot("axis 0", attrs.axis); },
    .infer_types = InferMask,
    .compute_dynamic = [](const MaskAttrs& attrs, absl::Span<const Tensor> inputs,
                          ThreadPool&) -> absl::StatusOr<std::vector<Tensor>> {
      BARYON_RETURN_IF_ERROR(InferMask(attrs, {inputs[0].type(), inputs[1].type()}).status());
      return MaskRows(inputs[0], inputs[1]);
    },
});

// Indices that are booleans are a mask; whole numbers name rows, and the result has their shape in place of axis 0.
absl::StatusOr<TensorTypes> InferIndexing(const NoAttrs&, const TensorTypes& inputs) {
  const TensorType &data = inputs[0], &indices = inputs[1];
  if (indices.dtype == DType::kBool) return InferMask({}, inputs);
  BARYON_RETURN_IF_ERROR(CheckRankAtLeast("data", data, 1));
  if (IsFloating(indices.dtype)) return ExpectedGot("indices that are whole numbers or booleans", indices.ToString());
  TensorType output = {data.dtype, indices.shape};
  for (int64_t axis = 1; axis < data.shape.rank(); ++axis) output.shape.Append(data.shape[axis]);
  return TensorTypes{std::move(output)};
}

absl::StatusOr<std::vector<Tensor>> ComputeIndexing(const NoAttrs& attrs, absl::Span<const Tensor> inputs,
                                                    ThreadPool&) {
  const Tensor &data = inputs[0], &indices = inputs[1];
  BARYON_RETURN_IF_ERROR(InferIndexing(attrs, {data.type(), indices.type()}).status());
  if (indices.dtype() == DType::kBool) return MaskRows(data, indices);
  std::vector<int64_t> rows(indices.num_elements());
  BARYON_RETURN_IF_ERROR(
      ResolveIndices(indices.view(), 0, indices.num_elements(), IndexMode::kRaise, data.shape()[0], rows.data()));
  return TakeRows(data, rows, indices.shape());
}

const OpRegistration<NoAttrs> kAdvancedIndexing({
    .names = {"_npi_advanced_indexing"},
    .inputs = {"data", "indices"},
    .infer_types = InferIndexing,
    .compute_dynamic = ComputeIndexing,
});

// One row of coordinates for each place; a scalar counts as a vector of one element.
int64_t CoordinatesOf(const Shape& shape) { return std::max<int64_t>(shape.rank(), 1); }

absl::StatusOr<std::vector<Tensor>> ComputeNonZero(const NoAttrs&, absl::Span<const Tensor> inputs, ThreadPool&) {
  const std::vector<int64_t> places = NonZeroPlaces(inputs[0]);
  const int64_t axes = CoordinatesOf(inputs[0].shape());
  BARYON_ASSIGN_OR_RETURN(Tensor result,
                          Tensor::TryAllocate({DType::kInt64, {static_cast<int64_t>(places.size()), axes}}));
  int64_t* row = result.mutable_data<int64_t>();
  for (int64_t place : places) {
    std::fill_n(row, axes, 0);
    for (int64_t axis = inputs[0].shape().rank() - 1; axis >= 0; --axis) {
      row[axis] = place % inputs[0].shape()[axis];
      place /= inputs[0].shape()[axis];
    }
    row += axes;
  }
  return std::vector<Tensor>{std::move(result)};
}

const OpRegistration<NoAttrs> kNonZero({
    .names = {"_npx_nonzero", "_npi_nonzero"},
    .inputs = {"x"},
    .infer_types = [](const NoAttrs&, const TensorTypes& inputs) -> absl::StatusOr<TensorTypes> {
      return TensorTypes{{DType::kInt64, {Shape::kUnknownDim, CoordinatesOf(inputs[0].shape)}}};
    },
    .compute_dynamic = ComputeNonZero,
});

}  // namespace
}  // namespace baryon
