// Whole numbers that describe shapes and places: shape_array and size_array (how large an array is),
// _contrib_index_array and _npi_indices (where each of its elements stands).
#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "engine/graph/op_def.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

const OpRegistration<NoAttrs> kShapeArray({
    .names = {"shape_array", "_npx_shape_array"},
    .inputs = {"data"},
    .infer_types = [](const NoAttrs&, const TensorTypes& inputs) -> absl::StatusOr<TensorTypes> {
      return TensorTypes{{DType::kInt64, {inputs[0].shape.rank()}}};
    },
    .compute =
        [](const NoAttrs&, OpContext& context) {
          const Shape& shape = context.input(0).shape();
          std::copy(shape.begin(), shape.end(), context.output(0).data<int64_t>());
        },
});

const OpRegistration<NoAttrs> kSizeArray({
    .names = {"size_array"},
    .inputs = {"data"},
    .infer_types = [](const NoAttrs&, const TensorTypes&) -> absl::StatusOr<TensorTypes> {
      return TensorTypes{{DType::kInt64, {1}}};
    },
    .compute = [](const NoAttrs&,
                  OpContext& context) { context.output(0).data<int64_t>()[0] = context.input(0).num_elements(); },
});

struct IndexArrayAttrs {
  std::optional<IntTuple> axes;  // None: all
};

absl::StatusOr<IntTuple> AxesOf(const IndexArrayAttrs& attrs, int64_t rank) {
  IntTuple axes;
  if (!attrs.axes.has_value()) {
    for (int64_t axis = 0; axis < rank; ++axis) axes.push_back(axis);
    return axes;
  }
  for (int64_t axis : *attrs.axes) {  // one may stand there twice
    BARYON_ASSIGN_OR_RETURN(axes.emplace_back(), ResolveAxis(axis, rank));
  }
  return axes;
}

// The coordinates of each element along the axes: a new last axis.
absl::StatusOr<TensorTypes> InferIndexArray(const IndexArrayAttrs& attrs, const TensorTypes& inputs) {
  BARYON_ASSIGN_OR_RETURN(const IntTuple axes, AxesOf(attrs, inputs[0].shape.rank()));
  Shape shape = inputs[0].shape;
  shape.Append(static_cast<int64_t>(axes.size()));
  return TensorTypes{{DType::kInt64, std::move(shape)}};
}

class IndexArrayKernel : public Kernel {
 public:
  IndexArrayKernel(const Shape& shape, const IntTuple& axes) : size_(shape.num_elements()) {
    const auto strides = RowMajorStrides(shape);
    for (int64_t axis : axes) axes_.push_back({strides[axis], shape[axis]});
  }

  void Compute(OpContext& context) const override {
    int64_t* y = context.output(0).data<int64_t>();
    for (int64_t i = 0; i < size_; ++i) {
      for (const Axis& axis : axes_) *y++ = i / axis.stride % axis.size;
    }
  }

 private:
  struct Axis {
    int64_t stride, size;
  };
  const int64_t size_;
  std::vector<Axis> axes_;
};

const OpRegistration<IndexArrayAttrs> kIndexArray({
    .names = {"_contrib_index_array", "_npx_index_array"},
    .inputs = {"data"},
    .attrs = {Attr("axes", &IndexArrayAttrs::axes)},
    .infer_types = InferIndexArray,
    .prepare = [](const IndexArrayAttrs& attrs, PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
      const Shape& shape = context.inputs()[0].shape;
      BARYON_ASSIGN_OR_RETURN(const IntTuple axes, AxesOf(attrs, shape.rank()));
      return std::make_unique<IndexArrayKernel>(shape, axes);
    },
});

struct IndicesAttrs {
  IntTuple dimensions;
  DType dtype = DType::kInt32;
};

// Without a dtype 1.x makes int32 and 2.x int64. The brackets of a tuple, round or square, tell which of them wrote it.
std::vector<AttrDef<IndicesAttrs>> IndicesAttrDefs() {
  AttrDef<IndicesAttrs> dimensions = RequiredAttr("dimensions", &IndicesAttrs::dimensions);
  dimensions.parse = [](absl::string_view text, IndicesAttrs& attrs) {
    if (absl::StartsWith(text, "[")) attrs.dtype = DType::kInt64;
    return ParseAttr(text, attrs.dimensions);
  };
  AttrDef<IndicesAttrs> dtype = Attr("dtype", &IndicesAttrs::dtype);
  dtype.parse = [](absl::string_view text, IndicesAttrs& attrs) {
    return ParseAttr(text == "None" ? "int64" : text, attrs.dtype);
  };
  return {std::move(dimensions), std::move(dtype)};
}

absl::StatusOr<TensorTypes> InferIndices(const IndicesAttrs& attrs, const TensorTypes&) {
  Shape shape = {static_cast<int64_t>(attrs.dimensions.size())};
  for (int64_t dim : attrs.dimensions) {
    if (dim < 0) return ExpectedGot("dimensions of 0 or more", FormatAttr(attrs.dimensions));
    shape.Append(dim);
  }
  return TensorTypes{{attrs.dtype, std::move(shape)}};
}

// One grid for each axis, which holds the coordinate along it.
template <typename T>
void WriteGrids(const Shape& shape, T* y) {
  const int64_t size = shape.Product(1, shape.rank());
  for (int64_t axis = 0; axis < shape[0]; ++axis) {
    const int64_t stride = shape.Product(axis + 2, shape.rank());
    for (int64_t i = 0; i < size; ++i) *y++ = static_cast<T>(i / stride % shape[axis + 1]);
  }
}

const OpRegistration<IndicesAttrs> kIndices({
    .names = {"_npi_indices"},
    .inputs = {},
    .attrs = IndicesAttrDefs(),
    .ignored_attrs = {"ctx"},
    .infer_types = InferIndices,
    .compute =
        [](const IndicesAttrs&, OpContext& context) {
          const TensorView& y = context.output(0);
          DispatchDType(y.dtype(), [&](auto tag) {
            using T = typename decltype(tag)::type;
            WriteGrids(y.shape(), y.data<T>());
          });
        },
});

}  // namespace
}  // namespace baryon
