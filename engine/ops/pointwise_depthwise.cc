// A 1x1 convolution and the depthwise 3x3 convolution behind it, as the pass fuse_depthwise puts them together; see
// kernels/pointwise_depthwise.h. Data and output have the channels last, [N, H, W, C]; weights are those of
// Convolution, [channels, 1, 1, C] and [channels, 3, 3, 1].
#include "engine/kernels/pointwise_depthwise.h"

#include <memory>
#include <string>
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/conv_rules.h"
#include "engine/ops/fused_activation.h"
#include "engine/ops/packed_weight.h"
#include "engine/ops/scratch_layout.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

using kernels::ActivationSpec;
using kernels::AlignedBuffer;
using kernels::PointwiseDepthwiseOperands;
using kernels::PointwiseDepthwisePlan;
using kernels::PointwiseDepthwiseShape;

struct PointwiseDepthwiseAttrs {
  IntTuple stride = {1, 1}, pad = {0, 0};  // of the depthwise convolution; equal strides of 1 or 2
  bool pointwise_bias = false, bias = false;
  std::string pointwise_activation = "none", activation = "none";  // as fused_activation.h names them
  double pointwise_act_alpha = 0, pointwise_act_beta = 0, act_alpha = 0, act_beta = 0;

  // Places among the inputs.
  size_t depthwise_weight() const { return 2 + pointwise_bias; }
  size_t num_inputs() const { return 3 + pointwise_bias + bias; }
};

absl::Status CheckAttrs(const PointwiseDepthwiseAttrs& attrs) {
  const bool known = attrs.stride.size() == 2 && attrs.stride[0] == attrs.stride[1] && attrs.stride[0] >= 1 &&
                     attrs.stride[0] <= 2 && attrs.pad.size() == 2 && attrs.pad[0] >= 0 && attrs.pad[1] >= 0 &&
                     attrs.pad[0] <= 1 && attrs.pad[1] <= 1;
  if (known) return absl::OkStatus();
  return ExpectedGot("equal strides of 1 or 2 and two paddings of 0 or 1",
                     absl::StrCat(FormatAttr(attrs.stride), " and ", FormatAttr(attrs.pad)));
}

// The two, as operators of their own.
ConvolutionAttrs PointwiseOf(const PointwiseDepthwiseAttrs& attrs, int64_t channels) {
  ConvolutionAttrs conv;
  conv.kernel = {1, 1};
  conv.num_filter = channels;
  conv.no_bias = !attrs.pointwise_bias;
  conv.layout = Layout::kNHWC;
  return conv;
}

ConvolutionAttrs DepthwiseOf(const PointwiseDepthwiseAttrs& attrs, int64_t channels) {
  ConvolutionAttrs conv;
  conv.kernel = {3, 3};
  conv.stride = attrs.stride;
  conv.pad = attrs.pad;
  conv.num_filter = conv.num_group = channels;
  conv.no_bias = !attrs.bias;
  conv.layout = Layout::kNHWC;
  return conv;
}

// The type of the map between the two; `inputs` are the operator's.
absl::StatusOr<TensorType> InferMap(const PointwiseDepthwiseAttrs& attrs, const TensorTypes& inputs) {
  const ConvolutionAttrs pointwise = PointwiseOf(attrs, inputs[1].shape[0]);
  const auto first = inputs.begin();
  BARYON_RETURN_IF_ERROR(CheckConvAttrs(pointwise));
  BARYON_ASSIGN_OR_RETURN(const TensorTypes map,
                          InferConvTypes(pointwise, TensorTypes(first, first + attrs.depthwise_weight())));
  return map[0];
}

absl::StatusOr<TensorTypes> InferTypes(const PointwiseDepthwiseAttrs& attrs, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckAttrs(attrs));
  BARYON_RETURN_IF_ERROR(CheckRank("data", inputs[0], 4));
  BARYON_RETURN_IF_ERROR(CheckRank("pointwise_weight", inputs[1], 4));
  if (inputs[0].dtype != DType::kFloat32) return ExpectedGot("float32 data", inputs[0].ToString());
  BARYON_ASSIGN_OR_RETURN(const TensorType map, InferMap(attrs, inputs));
  TensorTypes depthwise_inputs = {map};
  depthwise_inputs.insert(depthwise_inputs.end(), inputs.begin() + attrs.depthwise_weight(), inputs.end());
  return InferConvTypes(DepthwiseOf(attrs, map.shape[3]), depthwise_inputs);
}

// Weights that come with each pass are packed for each, into the first part of worker 0's workspace.
class PointwiseDepthwiseKernel : public Kernel {
 public:
  struct Layer {
    std::shared_ptr<const AlignedBuffer> packed;  // nullptr: packed at run time
    ActivationSpec activation;
  };

  PointwiseDepthwiseKernel(const PointwiseDepthwiseAttrs& attrs, PointwiseDepthwisePlan plan, Layer pointwise,
                           Layer depthwise)
      : attrs_(attrs), plan_(std::move(plan)), pointwise_(std::move(pointwise)), depthwise_(std::move(depthwise)) {
    ScratchLayout layout;
    if (pointwise_.packed == nullptr) pointwise_scratch_ = layout.Add<float>(plan_.pointwise_size());
    if (depthwise_.packed == nullptr) depthwise_scratch_ = layout.Add<float>(plan_.depthwise_size());
    task_scratch_ = layout.Add<char>(plan_.workspace_bytes());
    workspace_bytes_ = layout.bytes();
  }

  void Compute(OpContext& context) const override {
    const auto bias = [&](bool given, size_t i) { return given ? context.input(i).data<const float>() : nullptr; };
    const size_t weight = attrs_.depthwise_weight();
    PointwiseDepthwiseOperands operands;
    operands.in = context.input(0).data<const float>();
    operands.out = context.output(0).data<float>();
    operands.pointwise = {PackedPointwise(context), bias(attrs_.pointwise_bias, 2), pointwise_.activation};
    operands.depthwise = {PackedDepthwise(context), bias(attrs_.bias, weight + 1), depthwise_.activation};
    context.ParallelFor(plan_.num_tasks(), [&](int task, int worker) {
      plan_.RunTask(task, operands, task_scratch_.At(context.workspace(worker)));
    });
  }

  int64_t workspace_bytes() const override { return workspace_bytes_; }
  std::string algorithm() const override { return plan_.ToString(); }
  int64_t num_multiplications() const override { return plan_.num_multiplications(); }
  int64_t num_executed_multiplications() const override { return plan_.num_executed_multiplications(); }
  int64_t packed_bytes() const override {
    int64_t floats = 0;
    for (const Layer* layer : {&pointwise_, &depthwise_})
      floats += layer->packed == nullptr ? 0 : layer->packed->size();
    return floats * static_cast<int64_t>(sizeof(float));
  }
  bool packs_input(int i) const override {
    return (i == 1 && pointwise_.packed != nullptr) ||
           (i == static_cast<int>(attrs_.depthwise_weight()) && depthwise_.packed != nullptr);
  }

 private:
  const float* PackedPointwise(OpContext& context) const {
    if (pointwise_.packed != nullptr) return pointwise_.packed->data();
    float* packed = pointwise_scratch_.At(context.workspace(0));
    plan_.PackPointwise(context.input(1).data<const float>(), packed);
    return packed;
  }

  const float* PackedDepthwise(OpContext& context) const {
    if (depthwise_.packed != nullptr) return depthwise_.packed->data();
    float* packed = depthwise_scratch_.At(context.workspace(0));
    plan_.PackDepthwise(context.input(attrs_.depthwise_weight()).data<const float>(), packed);
    return packed;
  }

  const PointwiseDepthwiseAttrs attrs_;
  const PointwiseDepthwisePlan plan_;
  const Layer pointwise_, depthwise_;
  Scratch<float> pointwise_scratch_, depthwise_scratch_;  // for weights that are packed at run time
  Scratch<char> task_scratch_;
  int64_t workspace_bytes_;
};

absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const PointwiseDepthwiseAttrs& attrs, PrepareContext& context) {
  const TensorTypes& inputs = context.inputs();
  BARYON_ASSIGN_OR_RETURN(const TensorType map, InferMap(attrs, inputs));
  const PointwiseDepthwiseShape shape = {ConvGeometryOf(DepthwiseOf(attrs, map.shape[3]), map, context.outputs()[0]),
                                         inputs[0].shape[3]};
  PointwiseDepthwisePlan plan(shape, context.num_threads());
  PointwiseDepthwiseKernel::Layer pointwise, depthwise;
  BARYON_ASSIGN_OR_RETURN(
      pointwise.packed,
      PackedWeight(context, 1, absl::StrCat("before depthwise, ", plan.pointwise_form()), plan.pointwise_size(),
                   [&](const float* weight, float* packed) { plan.PackPointwise(weight, packed); }));
  BARYON_ASSIGN_OR_RETURN(
      depthwise.packed, PackedWeight(context, attrs.depthwise_weight(),
                                     absl::StrCat("behind pointwise, ", plan.depthwise_form()), plan.depthwise_size(),
                                     [&](const float* weight, float* packed) { plan.PackDepthwise(weight, packed); }));
  BARYON_ASSIGN_OR_RETURN(pointwise.activation, ToActivationSpec(attrs.pointwise_activation, attrs.pointwise_act_alpha,
                                                                 attrs.pointwise_act_beta));
  BARYON_ASSIGN_OR_RETURN(depthwise.activation, ToActivationSpec(attrs.activation, attrs.act_alpha, attrs.act_beta));
  return std::unique_ptr<Kernel>(
      std::make_unique<PointwiseDepthwiseKernel>(attrs, std::move(plan), std::move(pointwise), std::move(depthwise)));
}

const OpRegistration<PointwiseDepthwiseAttrs> kPointwiseDepthwise({
    .names = {"_pointwise_depthwise"},
    .inputs = {"data", "pointwise_weight", "pointwise_bias", "weight", "bias"},
    .attrs = {Attr("stride", &PointwiseDepthwiseAttrs::stride), Attr("pad", &PointwiseDepthwiseAttrs::pad),
              Attr("pointwise_bias", &PointwiseDepthwiseAttrs::pointwise_bias),
              Attr("bias", &PointwiseDepthwiseAttrs::bias),
              Attr("pointwise_activation", &PointwiseDepthwiseAttrs::pointwise_activation),
              Attr("pointwise_act_alpha", &PointwiseDepthwiseAttrs::pointwise_act_alpha),
              Attr("pointwise_act_beta", &PointwiseDepthwiseAttrs::pointwise_act_beta),
              Attr("activation", &PointwiseDepthwiseAttrs::activation),
              Attr("act_alpha", &PointwiseDepthwiseAttrs::act_alpha),
              Attr("act_beta", &PointwiseDepthwiseAttrs::act_beta)},
    .num_inputs = [](const PointwiseDepthwiseAttrs& attrs) { return static_cast<int>(attrs.num_inputs()); },
    .infer_types = InferTypes,
    .prepare = Prepare,
});

}  // namespace
}  // namespace baryon
