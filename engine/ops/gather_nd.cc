// Parts of an array by positions along several axes, which are the rows of an index array [axes, ...]: gather_nd and
// _npi_advanced_indexing_multiple read them, scatter_nd writes them into zeros.
#include <cstring>
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/function_kernel.h"
#include "engine/ops/indexing.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

// The shape of what stands at the positions `indices` in an array of shape `data`.
absl::StatusOr<Shape> IndexedShape(const Shape& data, const TensorType& indices) {
  BARYON_RETURN_IF_ERROR(CheckRankAtLeast("indices", indices, 2));
  const int64_t axes = indices.shape[0];
  if (axes > data.rank()) {
    return ExpectedGot(absl::StrCat("at most ", data.rank(), " rows of \"indices\""), indices.ToString());
  }
  Shape shape;
  for (int64_t axis = 1; axis < indices.shape.rank(); ++axis) shape.Append(indices.shape[axis]);
  for (int64_t axis = axes; axis < data.rank(); ++axis) shape.Append(data[axis]);
  return shape;
}

absl::StatusOr<TensorTypes> InferGather(const NoAttrs&, const TensorTypes& inputs) {
  BARYON_ASSIGN_OR_RETURN(Shape shape, IndexedShape(inputs[0].shape, inputs[1]));
  return TensorTypes{{inputs[0].dtype, std::move(shape)}};
}

// How the indexed axes divide an array into rows.
struct IndexedRows {
  int64_t axes, count, rows, row_bytes;
};
IndexedRows RowsOf(const TensorType& data, const Shape& indices) {
  const int64_t axes = indices[0], rank = data.shape.rank();
  return {axes, indices.Product(1, indices.rank()), data.shape.Product(0, axes),
          data.shape.Product(axes, rank) * DTypeSize(data.dtype)};
}

absl::StatusOr<std::unique_ptr<Kernel>> PrepareGather(const NoAttrs&, PrepareContext& context) {
  const IndexedRows rows = RowsOf(context.inputs()[0], context.inputs()[1].shape);
  const auto compute = [rows](OpContext& context) {
    int64_t* numbers = reinterpret_cast<int64_t*>(context.workspace());
    const TensorView& data = context.input(0);
    absl::Status status =
        ResolveRows(context.input(1), rows.axes, rows.count, IndexMode::kFromEnd, data.shape(), numbers);
    if (!status.ok()) return context.Fail(std::move(status));
    GatherRows(context, {1, rows.rows, rows.count, rows.row_bytes}, numbers, data.raw_data(),
               context.output(0).raw_data());
  };
  return std::make_unique<FunctionKernel>(rows.count * sizeof(int64_t), compute);
}

const OpRegistration<NoAttrs> kGatherNd({
    .names = {"gather_nd", "_npi_gather_nd", "_npx_gather_nd", "_npi_advanced_indexing_multiple"},
    .inputs = {"data", "indices"},
    .infer_types = InferGather,
    .prepare = PrepareGather,
});

struct ScatterAttrs {
  IntTuple shape;
};

absl::StatusOr<TensorTypes> InferScatter(const ScatterAttrs& attrs, const TensorTypes& inputs) {
  const TensorType output = {inputs[0].dtype, Shape(absl::MakeConstSpan(attrs.shape))};
  if (!output.shape.CheckedNumElements().has_value()) {
    return ExpectedGot("a shape that can be had", FormatAttr(attrs.shape));
  }
  BARYON_ASSIGN_OR_RETURN(Shape shape, IndexedShape(output.shape, inputs[1]));
  if (inputs[0].shape != shape) return InputMismatch("data", {output.dtype, shape}, inputs[0]);
  return TensorTypes{output};
}

absl::StatusOr<std::unique_ptr<Kernel>> PrepareScatter(const ScatterAttrs&, PrepareContext& context) {
  const IndexedRows rows = RowsOf(context.outputs()[0], context.inputs()[1].shape);
  const auto compute = [rows](OpContext& context) {
    int64_t* numbers = reinterpret_cast<int64_t*>(context.workspace());
    const TensorView& output = context.output(0);
    absl::Status status =
        ResolveRows(context.input(1), rows.axes, rows.count, IndexMode::kRaise, output.shape(), numbers);
    if (!status.ok()) return context.Fail(std::move(status));
    std::memset(output.raw_data(), 0, output.size_bytes());
    ScatterRows(rows.count, rows.row_bytes, numbers, context.input(0).raw_data(), output.raw_data());
  };
  return std::make_unique<FunctionKernel>(rows.count * sizeof(int64_t), compute);
}

const OpRegistration<ScatterAttrs> kScatterNd({
    .names = {"scatter_nd"},
    .inputs = {"data", "indices"},
    .attrs = {RequiredAttr("shape", &ScatterAttrs::shape)},
    .infer_types = InferScatter,
    .prepare = PrepareScatter,
});

}  // namespace
}  // namespace baryon
