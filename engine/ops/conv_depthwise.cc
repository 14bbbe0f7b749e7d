// A convolution and the depthwise 3x3 convolution behind it, as the pass fuse_depthwise puts them together; see
// kernels/conv_depthwise.h. Data and output have the channels last, [N, H, W, C], but for data of `first_data_layout`
// NCHW; weights are those of Convolution, [channels, kernel..., C] and [channels, 3, 3, 1].
#include "engine/kernels/conv_depthwise.h"

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
using kernels::ConvDepthwiseOperands;
using kernels::ConvDepthwisePlan;
using kernels::ConvDepthwiseShape;

struct ConvDepthwiseAttrs {
  IntTuple first_kernel = {1, 1}, first_stride = {1, 1}, first_pad = {0, 0};
  Layout first_data_layout = Layout::kNHWC;
  IntTuple stride = {1, 1}, pad = {0, 0};  // of the depthwise convolution; equal strides of 1 or 2
  bool first_bias = false, bias = false;
  std::string first_activation = "none", activation = "none";  // as fused_activation.h names them
  double first_act_alpha = 0, first_act_beta = 0, act_alpha = 0, act_beta = 0;

  // Places among the inputs.
  size_t depthwise_weight() const { return 2 + first_bias; }
  size_t num_inputs() const { return 3 + first_bias + bias; }
};

absl::Status CheckAttrs(const ConvDepthwiseAttrs& attrs) {
  const bool known = attrs.stride.size() == 2 && attrs.stride[0] == attrs.stride[1] && attrs.stride[0] >= 1 &&
                     attrs.stride[0] <= 2 && attrs.pad.size() == 2 && attrs.pad[0] >= 0 && attrs.pad[1] >= 0 &&
                     attrs.pad[0] <= 1 && attrs.pad[1] <= 1;
  if (known) return absl::OkStatus();
  return ExpectedGot("equal strides of 1 or 2 and two paddings of 0 or 1",
                     absl::StrCat(FormatAttr(attrs.stride), " and ", FormatAttr(attrs.pad)));
}

// The two, as operators of their own.
ConvolutionAttrs FirstOf(const ConvDepthwiseAttrs& attrs, int64_t channels) {
  ConvolutionAttrs conv;
  conv.kernel = attrs.first_kernel;
  conv.stride = attrs.first_stride;
  conv.pad = attrs.first_pad;
  conv.num_filter = channels;
  conv.no_bias = !attrs.first_bias;
  conv.layout = Layout::kNHWC;
  conv.data_layout = attrs.first_data_layout;
  return conv;
}

ConvolutionAttrs DepthwiseOf(const ConvDepthwiseAttrs& attrs, int64_t channels) {
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
absl::StatusOr<TensorType> InferMap(const ConvDepthwiseAttrs& attrs, const TensorTypes& inputs) {
  const ConvolutionAttrs first = FirstOf(attrs, inputs[1].shape[0]);
  BARYON_RETURN_IF_ERROR(CheckConvAttrs(first));
  const TensorTypes first_inputs(inputs.begin(), inputs.begin() + attrs.depthwise_weight());
  BARYON_ASSIGN_OR_RETURN(const TensorTypes map, InferConvTypes(first, first_inputs));
  return map[0];
}

absl::StatusOr<TensorTypes> InferTypes(const ConvDepthwiseAttrs& attrs, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckAttrs(attrs));
  BARYON_RETURN_IF_ERROR(CheckRank("data", inputs[0], 4));
  BARYON_RETURN_IF_ERROR(CheckRank("first_weight", inputs[1], 4));
  if (inputs[0].dtype != DType::kFloat32) return ExpectedGot("float32 data", inputs[0].ToString());
  BARYON_ASSIGN_OR_RETURN(const TensorType map, InferMap(attrs, inputs));
  TensorTypes depthwise_inputs = {map};
  depthwise_inputs.insert(depthwise_inputs.end(), inputs.begin() + attrs.depthwise_weight(), inputs.end());
  return InferConvTypes(DepthwiseOf(attrs, map.shape[3]), depthwise_inputs);
}

// Weights that come with each pass are packed for each, into the first part of worker 0's workspace.
class ConvDepthwiseKernel : public Kernel {
 public:
  struct Layer {
    std::shared_ptr<const AlignedBuffer> packed;  // nullptr: packed at run time
    ActivationSpec activation;
  };

  ConvDepthwiseKernel(const ConvDepthwiseAttrs& attrs, ConvDepthwisePlan plan, Layer first, Layer depthwise)
      : attrs_(attrs), plan_(std::move(plan)), first_(std::move(first)), depthwise_(std::move(depthwise)) {
    ScratchLayout layout;
    if (first_.packed == nullptr) first_scratch_ = layout.Add<float>(plan_.first_size());
    if (depthwise_.packed == nullptr) depthwise_scratch_ = layout.Add<float>(plan_.depthwise_size());
    task_scratch_ = layout.Add<char>(plan_.workspace_bytes());
    workspace_bytes_ = layout.bytes();
  }

  void Compute(OpContext& context) const override {
    const auto bias = [&](bool given, size_t i) { return given ? context.input(i).data<const float>() : nullptr; };
    const size_t weight = attrs_.depthwise_weight();
    ConvDepthwiseOperands operands;
    operands.in = context.input(0).data<const float>();
    operands.out = context.output(0).data<float>();
    operands.first = {PackedFirst(context), bias(attrs_.first_bias, 2), first_.activation};
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
    for (const Layer* layer : {&first_, &depthwise_}) floats += layer->packed == nullptr ? 0 : layer->packed->size();
    return floats * static_cast<int64_t>(sizeof(float));
  }
  bool packs_input(int i) const override {
    return (i == 1 && first_.packed != nullptr) ||
           (i == static_cast<int>(attrs_.depthwise_weight()) && depthwise_.packed != nullptr);
  }

 private:
  const float* PackedFirst(OpContext& context) const {
    if (first_.packed != nullptr) return first_.packed->data();
    float* packed = first_scratch_.At(context.workspace(0));
    plan_.PackFirst(context.input(1).data<const float>(), packed);
    return packed;
  }

  const float* PackedDepthwise(OpContext& context) const {
    if (depthwise_.packed != nullptr) return depthwise_.packed->data();
    float* packed = depthwise_scratch_.At(context.workspace(0));
    plan_.PackDepthwise(context.input(attrs_.depthwise_weight()).data<const float>(), packed);
    return packed;
  }

  const ConvDepthwiseAttrs attrs_;
  const ConvDepthwisePlan plan_;
  const Layer first_, depthwise_;
  Scratch<float> first_scratch_, depthwise_scratch_;  // for weights that are packed at run time
  Scratch<char> task_scratch_;
  int64_t workspace_bytes_;
};

absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const ConvDepthwiseAttrs& attrs, PrepareContext& context) {
  const TensorTypes& inputs = context.inputs();
  BARYON_ASSIGN_OR_RETURN(const TensorType map, InferMap(attrs, inputs));
  const int64_t channels = map.shape[3];
  const ConvDepthwiseShape shape = {ConvGeometryOf(FirstOf(attrs, channels), inputs[0], map),
                                    ConvGeometryOf(DepthwiseOf(attrs, channels), map, context.outputs()[0]),
                                    attrs.first_data_layout == Layout::kNCHW};
  ConvDepthwisePlan plan(shape, context.num_threads());
  ConvDepthwiseKernel::Layer first, depthwise;
  BARYON_ASSIGN_OR_RETURN(
      first.packed, PackedWeight(context, 1, absl::StrCat("before depthwise, ", plan.first_form()), plan.first_size(),
                                 [&](const float* weight, float* packed) { plan.PackFirst(weight, packed); }));
  BARYON_ASSIGN_OR_RETURN(
      depthwise.packed, PackedWeight(context, attrs.depthwise_weight(),
                                     absl::StrCat("behind another, ", plan.depthwise_form()), plan.depthwise_size(),
                                     [&](const float* weight, float* packed) { plan.PackDepthwise(weight, packed); }));
  BARYON_ASSIGN_OR_RETURN(first.activation,
                          ToActivationSpec(attrs.first_activation, attrs.first_act_alpha, attrs.first_act_beta));
  BARYON_ASSIGN_OR_RETURN(depthwise.activation, ToActivationSpec(attrs.activation, attrs.act_alpha, attrs.act_beta));
  return std::unique_ptr<Kernel>(
      std::make_unique<ConvDepthwiseKernel>(attrs, std::move(plan), std::move(first), std::move(depthwise)));
}

const OpRegistration<ConvDepthwiseAttrs> kConvDepthwise({
    .names = {"_conv_depthwise"},
    .inputs = {"data", "first_weight", "first_bias", "weight", "bias"},
    .attrs = {Attr("first_kernel", &ConvDepthwiseAttrs::first_kernel),
              Attr("first_stride", &ConvDepthwiseAttrs::first_stride),
              Attr("first_pad", &ConvDepthwiseAttrs::first_pad),
              LayoutAttr("first_data_layout", &ConvDepthwiseAttrs::first_data_layout),
              Attr("stride", &ConvDepthwiseAttrs::stride), Attr("pad", &ConvDepthwiseAttrs::pad),
              Attr("first_bias", &ConvDepthwiseAttrs::first_bias), Attr("bias", &ConvDepthwiseAttrs::bias),
              Attr("first_activation", &ConvDepthwiseAttrs::first_activation),
              Attr("first_act_alpha", &ConvDepthwiseAttrs::first_act_alpha),
              Attr("first_act_beta", &ConvDepthwiseAttrs::first_act_beta),
              Attr("activation", &ConvDepthwiseAttrs::activation), Attr("act_alpha", &ConvDepthwiseAttrs::act_alpha),
              Attr("act_beta", &ConvDepthwiseAttrs::act_beta)},
    .num_inputs = [](const ConvDepthwiseAttrs& attrs) { return static_cast<int>(attrs.num_inputs()); },
    .infer_types = InferTypes,
    .prepare = Prepare,
});

}  // namespace
}  // namespace baryon
