// Positions in an array of a given shape, as coordinates (one row for each axis) or as numbers in row-major order:
// _ravel_multi_index goes from the first to the second, _unravel_index back. Nothing is checked against the shape; what
// lies beyond it counts on, and all that is too much for the other axes ends in the first coordinate.
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

struct RavelAttrs {
  IntTuple shape;
  bool np_shape = false;
};

absl::Status CheckShape(const RavelAttrs& attrs) {
  for (int64_t dim : attrs.shape) {
    if (dim < 1) return ExpectedGot("a shape of sizes of 1 or more", FormatAttr(attrs.shape));
  }
  if (attrs.shape.empty()) return ExpectedGot("a shape with a dimension", FormatAttr(attrs.shape));
  return absl::OkStatus();
}

absl::StatusOr<TensorTypes> InferRavel(const RavelAttrs& attrs, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckRank("data", inputs[0], 2));
  const int64_t axes = static_cast<int64_t>(attrs.shape.size());
  if (inputs[0].shape[0] != axes) return ExpectedGot(absl::StrCat(axes, " rows of coordinates"), inputs[0].ToString());
  return TensorTypes{{inputs[0].dtype, {inputs[0].shape[1]}}};
}

// The coordinates stand in front of the axes of the input. MXNet 1.x means vectors: an array of higher rank it reads as
// one, but shapes the result after its first axis alone and fills that with as many coordinates as happen to fit.
absl::StatusOr<TensorTypes> InferUnravel(const RavelAttrs& attrs, const TensorTypes& inputs) {
  const Shape& from = inputs[0].shape;
  const int64_t axes = static_cast<int64_t>(attrs.shape.size());
  if (attrs.np_shape || from.rank() == 1) {
    TensorType output = inputs[0];
    output.shape.Insert(0, axes);
    return TensorTypes{std::move(output)};
  }
  BARYON_RETURN_IF_ERROR(CheckRankAtLeast("data", inputs[0], 1));
  const int64_t size = from.num_elements(), room = ScaledDim(from[0], axes);
  if (size == 0 || room < size || room % size != 0) return ExpectedGot("\"data\" of rank 1", inputs[0].ToString());
  return TensorTypes{{inputs[0].dtype, {axes, from[0]}}};
}

// Unsigned, so that coordinates of any size wrap around instead of overflowing.
uint64_t Scaled(uint64_t number, int64_t size) { return number * static_cast<uint64_t>(size); }

template <typename T>
void Ravel(const RavelAttrs& attrs, const T* coordinates, int64_t count, T* numbers) {
  for (int64_t i = 0; i < count; ++i) {
    uint64_t number = 0;
    for (size_t axis = 0; axis < attrs.shape.size(); ++axis) {
      number = Scaled(number, attrs.shape[axis]) +
               static_cast<uint64_t>(static_cast<int64_t>(coordinates[axis * count + i]));
    }
    numbers[i] = static_cast<T>(static_cast<int64_t>(number));
  }
}

// The first `axes` coordinates of each number.
template <typename T>
void Unravel(const RavelAttrs& attrs, const T* numbers, int64_t count, int64_t axes, T* coordinates) {
  for (int64_t i = 0; i < count; ++i) {
    int64_t number = static_cast<int64_t>(numbers[i]);
    for (int64_t axis = axes - 1; axis > 0; --axis) {
      coordinates[axis * count + i] = static_cast<T>(number % attrs.shape[axis]);
      number /= attrs.shape[axis];
    }
    coordinates[i] = static_cast<T>(number);
  }
}

const OpRegistration<RavelAttrs> kRavel({
    .names = {"_ravel_multi_index", "ravel_multi_index"},
    .inputs = {"data"},
    .attrs = {Attr("shape", &RavelAttrs::shape)},
    .check = CheckShape,
    .infer_types = InferRavel,
    .compute =
        [](const RavelAttrs& attrs, OpContext& context) {
          const TensorView& numbers = context.output(0);
          DispatchDType(numbers.dtype(), [&](auto tag) {
            using T = typename decltype(tag)::type;
            Ravel(attrs, context.input(0).data<const T>(), numbers.num_elements(), numbers.data<T>());
          });
        },
});

const OpRegistration<RavelAttrs> kUnravel({
    .names = {"_unravel_index", "unravel_index", "_npi_unravel_index"},
    .inputs = {"data"},
    .attrs = {Attr("shape", &RavelAttrs::shape), NpShapeAttr(&RavelAttrs::np_shape)},
    .check = CheckShape,
    .infer_types = InferUnravel,
    .compute =
        [](const RavelAttrs& attrs, OpContext& context) {
          const TensorView &numbers = context.input(0), &coordinates = context.output(0);
          const int64_t count = numbers.num_elements();
          if (count == 0) return;
          DispatchDType(numbers.dtype(), [&](auto tag) {
            using T = typename decltype(tag)::type;
            Unravel(attrs, numbers.data<const T>(), count, coordinates.num_elements() / count, coordinates.data<T>());
          });
        },
});

}  // namespace
}  // namespace baryon
