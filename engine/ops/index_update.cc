// A copy of an array with some places changed: _contrib_index_copy replaces rows, _npx_index_update and _npx_index_add
// replace or add to what stands at positions along several axes, with values that are broadcast to them.
#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/function_kernel.h"
#include "engine/ops/indexing.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

// The array to be changed, unless the output already holds it.
void CopyInput(const OpContext& context) {
  const TensorView &from = context.input(0), &to = context.output(0);
  if (from.raw_data() != to.raw_data()) std::memcpy(to.raw_data(), from.raw_data(), to.size_bytes());
}

absl::StatusOr<TensorTypes> InferIndexCopy(const NoAttrs&, const TensorTypes& inputs) {
  const TensorType &old = inputs[0], &index = inputs[1];
  BARYON_RETURN_IF_ERROR(CheckRankAtLeast("old_tensor", old, 1));
  BARYON_RETURN_IF_ERROR(CheckRank("index_vector", index, 1));
  TensorType rows = old;
  rows.shape[0] = index.shape[0];
  if (inputs[2] != rows) return InputMismatch("new_tensor", rows, inputs[2]);
  return TensorTypes{old};
}

absl::StatusOr<std::unique_ptr<Kernel>> PrepareIndexCopy(const NoAttrs&, PrepareContext& context) {
  const TensorType& old = context.inputs()[0];
  const int64_t count = context.inputs()[1].shape[0];
  const int64_t row_bytes = old.shape.Product(1, old.shape.rank()) * DTypeSize(old.dtype);
  const auto compute = [count, row_bytes](OpContext& context) {
    int64_t* index = reinterpret_cast<int64_t*>(context.workspace());
    const TensorView& output = context.output(0);
    absl::Status status = ResolveIndices(context.input(1), 0, count, IndexMode::kRaise, output.shape()[0], index);
    if (!status.ok()) return context.Fail(std::move(status));
    CopyInput(context);
    ScatterRows(count, row_bytes, index, context.input(2).raw_data(), output.raw_data());
  };
  return std::make_unique<FunctionKernel>(count * sizeof(int64_t), compute);
}

const OpRegistration<NoAttrs> kIndexCopy({
    .names = {"_contrib_index_copy", "_npx_index_copy"},
    .inputs = {"old_tensor", "index_vector", "new_tensor"},
    .infer_types = InferIndexCopy,
    .prepare = PrepareIndexCopy,
    .in_place = {0},
});

// `indices` [axes, count]; a vector stands for one axis, a scalar for one position.
struct Places {
  int64_t axes, count;
};
Places PlacesOf(const Shape& indices) {
  if (indices.rank() == 2) return {indices[0], indices[1]};
  return {1, indices.num_elements()};
}

// What is written: one row of the array for each place.
Shape WrittenShape(const Shape& array, const Places& places) {
  Shape shape = {places.count};
  for (int64_t axis = places.axes; axis < array.rank(); ++axis) shape.Append(array[axis]);
  return shape;
}

absl::StatusOr<TensorTypes> InferModify(const NoAttrs&, const TensorTypes& inputs) {
  const TensorType &array = inputs[0], &indices = inputs[1], &values = inputs[2];
  BARYON_RETURN_IF_ERROR(CheckRankAtLeast("a", array, 1));
  if (indices.shape.rank() > 2 || IsFloating(indices.dtype)) {
    return ExpectedGot("\"ind\" of whole numbers and rank up to 2", indices.ToString());
  }
  const Places places = PlacesOf(indices.shape);
  if (places.axes > array.shape.rank()) {
    return ExpectedGot(absl::StrCat("at most ", array.shape.rank(), " rows of \"ind\""), indices.ToString());
  }
  const Shape written = WrittenShape(array.shape, places);
  if (values.dtype != array.dtype || BroadcastShapes(values.shape, written) != written) {
    return ExpectedGot(absl::StrCat("\"val\" that broadcasts to ", TensorType{array.dtype, written}.ToString()),
                       values.ToString());
  }
  return TensorTypes{array};
}

// Calls fn(target, value) for all elements of the rows at `places`, in order. `strides` belong to the values as they
// are broadcast to `written`.
template <typename T, typename Fn>
void ModifyRows(const Shape& written, absl::Span<const int64_t> strides, const int64_t* places, const T* values,
                T* target, Fn&& fn) {
  const int64_t row = written.Product(1, written.rank());
  for (int64_t place = 0; place < written[0]; ++place) {
    for (int64_t i = 0; i < row; ++i) {
      int64_t offset = place * strides[0], rest = i;
      for (int64_t axis = written.rank() - 1; axis > 0; --axis) {
        offset += rest % written[axis] * strides[axis];
        rest /= written[axis];
      }
      fn(target[places[place] * row + i], values[offset]);
    }
  }
}

// The strides of `shape` within an array it is broadcast to: 0 along repeated axes.
IntTuple BroadcastStrides(const Shape& shape, const Shape& to) {
  const auto own = RowMajorStrides(shape);
  IntTuple strides(to.rank(), 0);
  const int64_t added = to.rank() - shape.rank();
  for (int64_t axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] != 1) strides[added + axis] = own[axis];
  }
  return strides;
}

template <bool kAdds>
absl::StatusOr<std::unique_ptr<Kernel>> PrepareModify(const NoAttrs&, PrepareContext& context) {
  const Places places = PlacesOf(context.inputs()[1].shape);
  const Shape written = WrittenShape(context.inputs()[0].shape, places);
  const IntTuple strides = BroadcastStrides(context.inputs()[2].shape, written);
  const auto compute = [places, written, strides](OpContext& context) {
    int64_t* rows = reinterpret_cast<int64_t*>(context.workspace());
    const TensorView& output = context.output(0);
    absl::Status status =
        ResolveRows(context.input(1), places.axes, places.count, IndexMode::kRaise, output.shape(), rows);
    if (!status.ok()) return context.Fail(std::move(status));
    CopyInput(context);
    DispatchDType(output.dtype(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      ModifyRows(written, strides, rows, context.input(2).data<const T>(), output.data<T>(), [](T& target, T value) {
        target =
            kAdds ? static_cast<T>(static_cast<ComputeType<T>>(target) + static_cast<ComputeType<T>>(value)) : value;
      });
    });
  };
  return std::make_unique<FunctionKernel>(places.count * sizeof(int64_t), compute);
}

const OpRegistration<NoAttrs> kIndexAdd({
    .names = {"_npx_index_add"},
    .inputs = {"a", "ind", "val"},
    .infer_types = InferModify,
    .prepare = PrepareModify<true>,
    .in_place = {0},
});

const OpRegistration<NoAttrs> kIndexUpdate({
    .names = {"_npx_index_update"},
    .inputs = {"a", "ind", "val"},
    .infer_types = InferModify,
    .prepare = PrepareModify<false>,
    .in_place = {0},
});

}  // namespace
}  // namespace baryon
