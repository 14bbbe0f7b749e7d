// Dense layer: y = x W' + b, with W as [num_hidden, columns of x]. A product of matrices with a packed weight; see
// kernels/packed_gemm.h. With one row it runs at the speed of reading the weight.
#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/aligned_buffer.h"
#include "engine/kernels/packed_gemm.h"
#include "engine/ops/fused_activation.h"
#include "engine/ops/item_dense.h"
#include "engine/ops/packed_weight.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

using kernels::AlignedBuffer;
using kernels::GemmPlan;

struct FullyConnectedAttrs {
  int64_t num_hidden = 0;
  bool no_bias = false;
  bool flatten = true;  // all axes but the first are columns; else the last one is
  std::string activation = "none";
  double act_alpha = 0, act_beta = 0;
  bool residual = false;
  int64_t batch_axis = -1;  // of data that is not flattened, where it is known: the axis of independent items

  int num_inputs() const { return 2 + !no_bias + residual; }
};

absl::Status Check(const FullyConnectedAttrs& attrs) {
  if (attrs.num_hidden < 1) return ExpectedGot("\"num_hidden\" of 1 or more", attrs.num_hidden);
  return ToActivationSpec(attrs.activation, attrs.act_alpha, attrs.act_beta).status();
}

// The columns of the matrix that data of `shape` stands for, or unknown.
int64_t Columns(const FullyConnectedAttrs& attrs, const Shape& shape) {
  const int64_t first = attrs.flatten ? 1 : shape.rank() - 1;
  int64_t columns = 1;
  for (int64_t axis = first; axis < shape.rank(); ++axis) {
    if (shape[axis] < 0) return Shape::kUnknownDim;
    columns *= shape[axis];
  }
  return columns;
}

TensorType OutputType(const FullyConnectedAttrs& attrs, const TensorType& data) {
  if (attrs.flatten) return {data.dtype, {data.shape[0], attrs.num_hidden}};
  Shape shape = data.shape;
  shape[shape.rank() - 1] = attrs.num_hidden;
  return {data.dtype, shape};
}

absl::StatusOr<TensorTypes> InferTypes(const FullyConnectedAttrs& attrs, const TensorTypes& inputs) {
  const TensorType& data = inputs[0];
  BARYON_RETURN_IF_ERROR(CheckFloating("data", data));
  BARYON_RETURN_IF_ERROR(CheckRankAtLeast("data", data, 1));
  const TensorType weight = {data.dtype, {attrs.num_hidden, Columns(attrs, data.shape)}};
  if (inputs[1].dtype != weight.dtype || !MergeShapes(inputs[1].shape, weight.shape).has_value()) {
    return InputMismatch("weight", weight, inputs[1]);
  }
  if (!attrs.no_bias) {
    const TensorType bias = {data.dtype, {attrs.num_hidden}};
    const bool fits = MergeShapes(inputs[2].shape, bias.shape) || MergeShapes(inputs[2].shape, {attrs.num_hidden, 1});
    if (inputs[2].dtype != bias.dtype || !fits) return InputMismatch("bias", bias, inputs[2]);
  }
  const TensorType output = OutputType(attrs, data);
  if (attrs.residual) {
    const TensorType& residual = inputs.back();
    const bool fits = residual.dtype == output.dtype && MergeShapes(residual.shape, output.shape).has_value();
    if (!fits) return InputMismatch("residual", output, residual);
  }
  if (attrs.batch_axis >= 0 && attrs.batch_axis >= data.shape.rank() - 1) {
    return ExpectedGot("\"batch_axis\" before the last axis", attrs.batch_axis);
  }
  if (attrs.activation != "none" && data.dtype != DType::kFloat32) {
    return ExpectedGot("float32 data before a fused activation", data.ToString());
  }
  return TensorTypes{output};
}

absl::Status CompleteTypes(const FullyConnectedAttrs& attrs, TensorTypes& inputs, TensorTypes& outputs) {
  DType dtype = outputs[0].dtype;
  for (const TensorType& input : inputs) {
    if (dtype == DType::kUnknown) dtype = input.dtype;
  }
  for (TensorType& input : inputs) {
    if (input.dtype == DType::kUnknown) input.dtype = dtype;
  }
  TensorType &data = inputs[0], &weight = inputs[1];
  // A weight tells the last axis of data of known rank, where nothing is flattened.
  if (data.shape.has_rank() && data.shape.rank() > 0 && weight.shape.has_rank() && weight.shape.rank() == 2) {
    const bool last_axis_only = !attrs.flatten || data.shape.rank() == 2;
    int64_t& last = data.shape[data.shape.rank() - 1];
    if (last_axis_only && last < 0) last = weight.shape[1];
  }
  const int64_t columns = data.shape.has_rank() && data.shape.rank() > 0 ? Columns(attrs, data.shape) : -1;
  const Shape expected = {attrs.num_hidden, columns};
  const std::optional<Shape> merged = MergeShapes(weight.shape, expected);
  if (!merged.has_value()) return InputMismatch("weight", {dtype, expected}, weight);
  weight.shape = *merged;
  if (!attrs.no_bias) {
    TensorType& bias = inputs[2];
    if (!bias.shape.has_rank()) bias.shape = {attrs.num_hidden};
    if (bias.shape.IsFullyKnown() && bias.shape.num_elements() != attrs.num_hidden) {
      return InputMismatch("bias", {dtype, {attrs.num_hidden}}, bias);
    }
  }
  if (data.shape.has_rank() && data.shape.rank() > 0) {
    const TensorType output = OutputType(attrs, data);
    const std::optional<Shape> shape = MergeShapes(outputs[0].shape, output.shape);
    if (!shape.has_value()) return InputMismatch("output", output, outputs[0]);
    outputs[0] = {dtype, *shape};
    const int64_t kept_axes = attrs.flatten ? 1 : data.shape.rank() - 1;  // whose sizes are the output's
    for (int64_t axis = 0; axis < kept_axes; ++axis) data.shape[axis] = outputs[0].shape[axis];
    if (attrs.residual && !inputs.back().shape.has_rank()) inputs.back().shape = *shape;
  }
  return absl::OkStatus();
}

// Rows, columns and hidden units of a node whose types are known.
struct DenseSizes {
  int64_t m, k, n;
};

DenseSizes SizesOf(const FullyConnectedAttrs& attrs, const TensorType& data) {
  const int64_t k = Columns(attrs, data.shape);
  const int64_t m = attrs.flatten ? data.shape[0] : data.shape.Product(0, data.shape.rank() - 1);
  return {m, k, attrs.num_hidden};
}

void Pack(const GemmPlan& plan, const float* weight, float* packed) {
  const kernels::PackedLayout& layout = plan.layout();
  std::vector<int64_t> row_offsets(layout.k);
  std::iota(row_offsets.begin(), row_offsets.end(), 0);
  kernels::PackPanels(layout, weight, row_offsets, layout.k, 0, layout.num_panels(), packed);
}

class DenseKernel : public Kernel {
 public:
  DenseKernel(const FullyConnectedAttrs& attrs, const kernels::ActivationSpec& activation, const DenseSizes& sizes,
              GemmPlan plan, std::shared_ptr<const AlignedBuffer> packed)
      : attrs_(attrs), activation_(activation), sizes_(sizes), plan_(std::move(plan)), packed_(std::move(packed)) {
    constexpr int64_t kFloat = sizeof(float);
    if (packed_ == nullptr) run_time_pack_bytes_ = AlignedSize(plan_.packed_size() * kFloat);
  }

  void Compute(OpContext& context) const override {
    const float* packed = packed_ != nullptr ? packed_->data() : PackNow(context);
    kernels::Epilogue epilogue;
    epilogue.bias = attrs_.no_bias ? nullptr : context.input(2).data<const float>();
    epilogue.has_residual = attrs_.residual;
    epilogue.activation = activation_;
    kernels::MatrixRows rows;
    rows.a = context.input(0).data<const float>();
    rows.a_stride = sizes_.k;
    rows.c = context.output(0).data<float>();
    rows.c_stride = sizes_.n;
    if (attrs_.residual) rows.residual = context.input(context.num_inputs() - 1).data<const float>();
    rows.residual_stride = sizes_.n;
    const auto run = [&](int task, int worker) {
      plan_.RunTask(task, packed, epilogue, rows, context.workspace(worker) + run_time_pack_bytes_);
    };
    if (plan_.num_tasks() == 1) {
      run(0, 0);
    } else if (plan_.has_brief_tasks()) {
      context.BriefParallelFor(plan_.num_tasks(), run);
    } else {
      context.ParallelFor(plan_.num_tasks(), run);
    }
  }

  int64_t workspace_bytes() const override { return run_time_pack_bytes_ + plan_.workspace_bytes(); }
  std::string algorithm() const override {
    return absl::StrCat("gemm ", plan_.ToString(), packed_ == nullptr ? ", packed at run time" : "");
  }
  int64_t num_multiplications() const override { return sizes_.m * sizes_.k * sizes_.n; }
  int64_t packed_bytes() const override {
    return packed_ == nullptr ? 0 : packed_->size() * static_cast<int64_t>(sizeof(float));
  }
  bool packs_input(int i) const override { return i == 1 && packed_ != nullptr; }

 private:
  const float* PackNow(OpContext& context) const {
    float* packed = reinterpret_cast<float*>(context.workspace(0));
    Pack(plan_, context.input(1).data<const float>(), packed);
    return packed;
  }

  const FullyConnectedAttrs attrs_;
  const kernels::ActivationSpec activation_;
  const DenseSizes sizes_;
  const GemmPlan plan_;
  const std::shared_ptr<const AlignedBuffer> packed_;  // nullptr: packed at run time
  int64_t run_time_pack_bytes_ = 0;                    // of every workspace, used in worker 0's
};

// Any other element type, in plain loops. Sums are formed in T, for 16-bit floats in float.
template <typename T>
class PlainDenseKernel : public Kernel {
 public:
  PlainDenseKernel(const FullyConnectedAttrs& attrs, const DenseSizes& sizes) : attrs_(attrs), sizes_(sizes) {}

  void Compute(OpContext& context) const override {
    const T *x = context.input(0).data<const T>(), *weight = context.input(1).data<const T>();
    const T* bias = attrs_.no_bias ? nullptr : context.input(2).data<const T>();
    const T* residual = attrs_.residual ? context.input(context.num_inputs() - 1).data<const T>() : nullptr;
    T* y = context.output(0).data<T>();
    context.ParallelRanges(sizes_.m * sizes_.n, 16, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const T *row = x + i / sizes_.n * sizes_.k, *column = weight + i % sizes_.n * sizes_.k;
        ComputeType<T> sum = 0;
        for (int64_t k = 0; k < sizes_.k; ++k) sum += static_cast<ComputeType<T>>(row[k]) * column[k];
        if (bias != nullptr) sum += bias[i % sizes_.n];
        if (residual != nullptr) sum += residual[i];
        y[i] = static_cast<T>(sum);
      }
    });
  }

  std::string algorithm() const override { return "plain loops"; }
  int64_t num_multiplications() const override { return sizes_.m * sizes_.k * sizes_.n; }

 private:
  const FullyConnectedAttrs attrs_;
  const DenseSizes sizes_;
};

absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const FullyConnectedAttrs& attrs, PrepareContext& context) {
  const TensorType& data = context.inputs()[0];
  const DenseSizes sizes = SizesOf(attrs, data);
  if (data.dtype != DType::kFloat32) {
    return DispatchFloating(data.dtype, [&](auto tag) -> std::unique_ptr<Kernel> {
      return std::make_unique<PlainDenseKernel<typename decltype(tag)::type>>(attrs, sizes);
    });
  }
  BARYON_ASSIGN_OR_RETURN(const kernels::ActivationSpec activation,
                          ToActivationSpec(attrs.activation, attrs.act_alpha, attrs.act_beta));
  if (!attrs.flatten && attrs.batch_axis >= 0) {
    const ItemRows rows(data.shape, attrs.batch_axis);
    BARYON_ASSIGN_OR_RETURN(
        std::unique_ptr<Kernel> kernel,
        MakeItemDenseKernel({rows, sizes.k, sizes.n, !attrs.no_bias, attrs.residual, activation}, context));
    if (kernel != nullptr) return kernel;
  }
  GemmPlan plan(kernels::GemmShape::Matrix(sizes.m, sizes.k, sizes.n), kernels::ActiveGemmTarget(),
                context.num_threads(), GemmPlan::LeastTask::kAwake);
  const auto pack = [&](const float* weight, float* packed) { Pack(plan, weight, packed); };
  BARYON_ASSIGN_OR_RETURN(
      std::shared_ptr<const AlignedBuffer> packed,
      PackedWeight(context, 1, absl::StrCat("dense ", kernels::ActiveGemmTarget().name), plan.packed_size(), pack));
  return std::unique_ptr<Kernel>(
      std::make_unique<DenseKernel>(attrs, activation, sizes, std::move(plan), std::move(packed)));
}

const OpRegistration<FullyConnectedAttrs> kFullyConnected({
    .names = {"FullyConnected", "_npx_fully_connected", "_sparse_FullyConnected"},
    .inputs = {"data", Parameter("weight"), Parameter("bias"), "residual"},
    .attrs = {RequiredAttr("num_hidden", &FullyConnectedAttrs::num_hidden),
              Attr("no_bias", &FullyConnectedAttrs::no_bias), Attr("flatten", &FullyConnectedAttrs::flatten),
              InternalAttr("activation", &FullyConnectedAttrs::activation),
              InternalAttr("act_alpha", &FullyConnectedAttrs::act_alpha),
              InternalAttr("act_beta", &FullyConnectedAttrs::act_beta),
              InternalAttr("residual", &FullyConnectedAttrs::residual),
              InternalAttr("batch_axis", &FullyConnectedAttrs::batch_axis)},
    .check = Check,
    .num_inputs = [](const FullyConnectedAttrs& attrs) { return attrs.num_inputs(); },
    .infer_types = InferTypes,
    .complete_types = CompleteTypes,
    .prepare = Prepare,
    .in_place = {2, 3},  // the residual; a bias that is as large as the output is read before each store as well
    .accepts_unknown_dims = true,
});

}  // namespace
}  // namespace baryon
