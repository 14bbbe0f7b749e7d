// Slices of an array by position along one axis: take, and Embedding, which takes rows of its weight.
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/function_kernel.h"
#include "engine/ops/indexing.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

struct TakeAttrs {
  int64_t axis = 0;
  IndexMode mode = IndexMode::kClip;
};

absl::StatusOr<TensorTypes> InferTake(const TakeAttrs& attrs, const TensorTypes& inputs) {
  const Shape &from = inputs[0].shape, &index = inputs[1].shape;
  BARYON_ASSIGN_OR_RETURN(const int64_t axis, ResolveAxis(attrs.axis, from.rank()));
  TensorType output = {inputs[0].dtype, {}};
  for (int64_t i = 0; i < axis; ++i) output.shape.Append(from[i]);
  for (int64_t dim : index) output.shape.Append(dim);
  for (int64_t i = axis + 1; i < from.rank(); ++i) output.shape.Append(from[i]);
  return TensorTypes{std::move(output)};
}

// Takes from input `data` along `axis` at the positions in input `index`.
std::unique_ptr<Kernel> MakeTakeKernel(const PrepareContext& context, int data, int index, int64_t axis,
                                       IndexMode mode) {
  const TensorType& from = context.inputs()[data];
  const AxisSplit split = SplitAtAxis(from.shape, axis);
  const int64_t count = context.inputs()[index].shape.num_elements();
  const RowGather gather = {split.outer, split.size, count, split.inner * DTypeSize(from.dtype)};
  const auto compute = [data, index, mode, gather](OpContext& context) {
    int64_t* positions = reinterpret_cast<int64_t*>(context.workspace());
    absl::Status status = ResolveIndices(context.input(index), 0, gather.count, mode, gather.size, positions);
    if (!status.ok()) return context.Fail(std::move(status));
    GatherRows(context, gather, positions, context.input(data).raw_data(), context.output(0).raw_data());
  };
  return std::make_unique<FunctionKernel>(count * sizeof(int64_t), compute);
}

const OpRegistration<TakeAttrs> kTake({
    .names = {"take", "_npi_take"},
    .inputs = {"a", "indices"},
    .attrs = {Attr("axis", &TakeAttrs::axis),
              EnumAttr("mode", &TakeAttrs::mode,
                       {{"raise", IndexMode::kRaise}, {"wrap", IndexMode::kWrap}, {"clip", IndexMode::kClip}})},
    .infer_types = InferTake,
    .prepare = [](const TakeAttrs& attrs, PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
      BARYON_ASSIGN_OR_RETURN(const int64_t axis, ResolveAxis(attrs.axis, context.inputs()[0].shape.rank()));
      return MakeTakeKernel(context, 0, 1, axis, attrs.mode);
    },
    .accepts_unknown_dims = true,
});

struct EmbeddingAttrs {
  int64_t input_dim = 0, output_dim = 0;
  DType dtype = DType::kFloat32;  // of the weight, unless that is known
};

absl::Status CheckDims(const EmbeddingAttrs& attrs) {
  if (attrs.input_dim > 0 && attrs.output_dim > 0) return absl::OkStatus();
  return ExpectedGot("input_dim and output_dim of 1 or more", absl::StrCat(attrs.input_dim, ", ", attrs.output_dim));
}

absl::StatusOr<TensorTypes> InferEmbedding(const EmbeddingAttrs& attrs, const TensorTypes& inputs) {
  const TensorType weight = {inputs[1].dtype, {attrs.input_dim, attrs.output_dim}};
  if (inputs[1] != weight) return InputMismatch("weight", weight, inputs[1]);
  TensorType output = {weight.dtype, inputs[0].shape};
  output.shape.Append(attrs.output_dim);
  return TensorTypes{std::move(output)};
}

absl::Status CompleteEmbedding(const EmbeddingAttrs& attrs, TensorTypes& inputs, TensorTypes& outputs) {
  ShareDType(inputs[1], outputs[0]);
  if (inputs[1].dtype == DType::kUnknown) inputs[1].dtype = attrs.dtype;
  if (!inputs[1].shape.IsFullyKnown()) inputs[1].shape = {attrs.input_dim, attrs.output_dim};
  return absl::OkStatus();
}

const OpRegistration<EmbeddingAttrs> kEmbedding({
    .names = {"Embedding", "_npx_embedding", "_sparse_Embedding", "_contrib_SparseEmbedding"},
    .inputs = {"data", Parameter("weight")},
    .attrs = {RequiredAttr("input_dim", &EmbeddingAttrs::input_dim),
              RequiredAttr("output_dim", &EmbeddingAttrs::output_dim),
              NoneKeepsDefault(Attr("dtype", &EmbeddingAttrs::dtype))},
    .ignored_attrs = {"sparse_grad", "deterministic"},
    .check = CheckDims,
    .infer_types = InferEmbedding,
    .complete_types = CompleteEmbedding,
    .prepare = [](const EmbeddingAttrs&, PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
      return MakeTakeKernel(context, 1, 0, 0, IndexMode::kClip);
    },
});

}  // namespace
}  // namespace baryon
