// masked_softmax and masked_log_softmax: elements whose mask is false take no part; they become 0, or -inf. They are
// set to -inf in the output, over which the softmax then runs in place.
#include <algorithm>
#include <limits>
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/softmax_compute.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

struct MaskedSoftmaxAttrs {
  int64_t axis = -1;
  std::optional<double> temperature;
  bool normalize = true;  // whether MXNet subtracts the maximum: it always is here
};

absl::StatusOr<TensorTypes> InferTypes(const MaskedSoftmaxAttrs& attrs, const TensorTypes& inputs) {
  const TensorType &data = inputs[0], &mask = inputs[1];
  BARYON_RETURN_IF_ERROR(CheckFloating("data", data));
  BARYON_RETURN_IF_ERROR(ResolveAxis(attrs.axis, data.shape.rank()).status());
  bool fits = mask.dtype == DType::kBool && mask.shape.rank() == data.shape.rank();
  for (int64_t axis = 0; fits && axis < data.shape.rank(); ++axis) {
    fits = mask.shape[axis] == data.shape[axis] || mask.shape[axis] == 1;
  }
  if (!fits) return InputMismatch("mask", {DType::kBool, data.shape}, mask);
  return TensorTypes{data};
}

// Calls fn(row, mask of the row, distance between its elements) for the rows [begin, end) of the last axis of `shape`.
template <typename Fn>
void ForEachMaskedRow(const Shape& shape, const TensorView& mask, int64_t begin, int64_t end, Fn fn) {
  const absl::InlinedVector<int64_t, 6> strides = RowMajorStrides(mask.shape());
  const int64_t last = shape.rank() - 1;
  for (int64_t row = begin; row < end; ++row) {
    int64_t offset = 0, rest = row;
    for (int64_t axis = last - 1; axis >= 0; --axis) {
      if (mask.shape()[axis] != 1) offset += rest % shape[axis] * strides[axis];
      rest /= shape[axis];
    }
    fn(row, mask.data<const bool>() + offset, mask.shape()[last] == 1 ? 0 : 1);
  }
}

// y[i] = mask[i] ? x[i] : value, for every element.
template <typename T>
void Select(const TensorView& mask, const T* x, T value, const TensorView& y, OpContext& context) {
  const Shape& shape = y.shape();
  const int64_t size = shape.back(), rows = shape.Product(0, shape.rank() - 1);
  context.ParallelRanges(rows, (1 << 14) / std::max<int64_t>(size, 1), [&](int64_t begin, int64_t end) {
    ForEachMaskedRow(shape, mask, begin, end, [&](int64_t row, const bool* row_mask, int64_t step) {
      const T* from = x + row * size;
      T* to = y.data<T>() + row * size;
      for (int64_t i = 0; i < size; ++i) to[i] = row_mask[i * step] ? from[i] : value;
    });
  });
}

void Compute(bool log, const MaskedSoftmaxAttrs& attrs, OpContext& context) {
  const TensorView &x = context.input(0), &mask = context.input(1), &y = context.output(0);
  const AxisSplit split = SplitAtAxis(x.shape(), *NormalizeAxis(attrs.axis, x.shape().rank()));
  const double scale = 1 / attrs.temperature.value_or(1);
  DispatchFloating(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T infinity = static_cast<T>(std::numeric_limits<float>::infinity());
    Select<T>(mask, x.data<const T>(), scale < 0 ? infinity : static_cast<T>(-infinity), y, context);
    RunSoftmax({scale, log}, split, y, y, context);
    // Lines without any element that takes part are NaN now.
    Select<T>(mask, y.data<const T>(), log ? static_cast<T>(-infinity) : static_cast<T>(0.0f), y, context);
  });
}

OpSpec<MaskedSoftmaxAttrs> Spec(std::vector<std::string> names, bool log) {
  return {
      .names = std::move(names),
      .inputs = {"data", "mask"},
      .attrs = {Attr("axis", &MaskedSoftmaxAttrs::axis), Attr("temperature", &MaskedSoftmaxAttrs::temperature),
                Attr("normalize", &MaskedSoftmaxAttrs::normalize)},
      .infer_types = InferTypes,
      .compute = [log](const MaskedSoftmaxAttrs& attrs, OpContext& context) { Compute(log, attrs, context); },
      .in_place = {0},
  };
}

const OpRegistration<MaskedSoftmaxAttrs> kSoftmax(Spec({"masked_softmax", "_npx_masked_softmax"}, /*log=*/false));
const OpRegistration<MaskedSoftmaxAttrs> kLogSoftmax(Spec({"masked_log_softmax", "_npx_masked_log_softmax"},
                                                          /*log=*/true));

}  // namespace
}  // namespace baryon
