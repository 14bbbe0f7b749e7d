// Scores, softmax and weighted values of interleaved self-attention in one, as the pass fuse_attention puts it; see
// kernels/self_attention.h. What it stands for:
//   _contrib_interleaved_matmul_selfatt_valatt(x, softmax(_contrib_interleaved_matmul_selfatt_qk(x), length))
#include "engine/kernels/self_attention.h"

#include <memory>
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

using kernels::SelfAttention;
using kernels::SelfAttentionShape;

struct SelfAttentionAttrs {
  int64_t heads = 0;
  bool use_length = false;  // the second input: keys that take part, for each query
};

SelfAttentionShape ShapeOf(const SelfAttentionAttrs& attrs, const Shape& data) {
  return {data[0], data[1], attrs.heads, data[2] / (3 * attrs.heads)};
}

absl::StatusOr<TensorTypes> InferTypes(const SelfAttentionAttrs& attrs, const TensorTypes& inputs) {
  const TensorType& data = inputs[0];
  BARYON_RETURN_IF_ERROR(CheckRank("queries_keys_values", data, 3));
  const bool divides = attrs.heads > 0 && data.shape[2] % 3 == 0 && data.shape[2] / 3 % attrs.heads == 0;
  if (data.dtype != DType::kFloat32 || !divides) {
    return ExpectedGot(absl::StrCat("float32 data whose last axis ", attrs.heads, " heads of 3 parts divide"),
                       data.ToString());
  }
  const SelfAttentionShape shape = ShapeOf(attrs, data.shape);
  if (attrs.use_length) {
    const TensorType lengths = {DType::kInt32, {shape.batch * shape.heads, shape.length}};
    if (inputs[1] != lengths) return InputMismatch("length", lengths, inputs[1]);
  }
  return TensorTypes{{data.dtype, {shape.length, shape.batch, shape.heads * shape.size}}};
}

class SelfAttentionKernel : public Kernel {
 public:
  explicit SelfAttentionKernel(const SelfAttentionShape& shape) : attention_(shape, kernels::ActiveGemmTarget()) {}

  void Compute(OpContext& context) const override {
    kernels::SelfAttentionOperands operands;
    operands.in = context.input(0).data<const float>();
    operands.lengths = context.num_inputs() > 1 ? context.input(1).data<const int32_t>() : nullptr;
    operands.out = context.output(0).data<float>();
    context.ParallelFor(attention_.num_tasks(),
                        [&](int task, int worker) { attention_.RunTask(task, operands, context.workspace(worker)); });
  }

  int64_t workspace_bytes() const override { return attention_.workspace_bytes(); }
  std::string algorithm() const override { return attention_.ToString(); }
  int64_t num_multiplications() const override { return attention_.num_multiplications(); }

 private:
  const SelfAttention attention_;
};

const OpRegistration<SelfAttentionAttrs> kSelfAttention({
    .names = {"_self_attention"},
    .inputs = {"queries_keys_values", "length"},
    .attrs = {RequiredAttr("heads", &SelfAttentionAttrs::heads), Attr("use_length", &SelfAttentionAttrs::use_length)},
    .num_inputs = [](const SelfAttentionAttrs& attrs) { return 1 + attrs.use_length; },
    .infer_types = InferTypes,
    .prepare = [](const SelfAttentionAttrs& attrs, PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
      return std::unique_ptr<Kernel>(std::make_unique<SelfAttentionKernel>(ShapeOf(attrs, context.inputs()[0].shape)));
    },
});

}  // namespace
}  // namespace baryon
