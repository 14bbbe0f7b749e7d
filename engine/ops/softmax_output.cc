// Softmax as the end of Module-era networks: SoftmaxOutput, which also names the label it was trained with, and
// SoftmaxActivation.
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/softmax_compute.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

void SoftmaxAlong(const AxisSplit& split, OpContext& context) {
  RunSoftmax({}, split, context.input(0), context.output(0), context);
}

// ---------------------------------------------------------------------------------------------------------------------
// SoftmaxOutput

struct SoftmaxOutputAttrs {
  bool multi_output = false;    // along the channels
  bool preserve_shape = false;  // along the last axis; else along everything behind axis 0
  int64_t channel_axis = 1;
};

// The label has one value for each softmax, unless it is known to be otherwise.
Shape UsualLabelShape(const SoftmaxOutputAttrs& attrs, const Shape& data) {
  if (attrs.multi_output) return {data[0], data.Product(2, data.rank())};
  Shape shape = data;
  shape.Erase(data.rank() - 1);
  return shape;
}

// Label shapes that MXNet takes besides: the data's own (probabilities), and with the channels left out or 1.
bool LabelFits(const SoftmaxOutputAttrs& attrs, const Shape& data, const Shape& label) {
  if (label == data || label == UsualLabelShape(attrs, data)) return true;
  if (!attrs.multi_output) return false;
  Shape without = data, with_one = data;
  without.Erase(1);
  with_one[1] = 1;
  return label == without || label == with_one;
}

absl::StatusOr<TensorTypes> InferOutput(const SoftmaxOutputAttrs& attrs, const TensorTypes& inputs) {
  const TensorType& data = inputs[0];
  BARYON_RETURN_IF_ERROR(CheckFloating("data", data));
  BARYON_RETURN_IF_ERROR(CheckRankAtLeast("data", data, attrs.multi_output ? 2 : 1));
  const bool has_label = inputs.size() > 1 && data.shape.IsFullyKnown() && attrs.channel_axis == 1;
  if (has_label && !LabelFits(attrs, data.shape, inputs[1].shape)) {
    return InputMismatch("label", {inputs[1].dtype, UsualLabelShape(attrs, data.shape)}, inputs[1]);
  }
  return TensorTypes{data};
}

absl::Status CompleteOutput(const SoftmaxOutputAttrs& attrs, TensorTypes& inputs, TensorTypes& outputs) {
  TensorTypes data = {inputs[0]};
  BARYON_RETURN_IF_ERROR(AllTypesEqual(attrs, data, outputs));
  inputs[0] = data[0];
  const bool wants_label = inputs.size() > 1 && attrs.channel_axis == 1 && data[0].shape.IsFullyKnown();
  if (!wants_label || data[0].shape.rank() < (attrs.multi_output ? 2 : 1)) return absl::OkStatus();
  if (!inputs[1].shape.has_rank()) inputs[1].shape = UsualLabelShape(attrs, data[0].shape);
  if (inputs[1].dtype == DType::kUnknown) inputs[1].dtype = data[0].dtype;
  return absl::OkStatus();
}

void ComputeOutput(const SoftmaxOutputAttrs& attrs, OpContext& context) {
  const Shape& shape = context.input(0).shape();
  if (attrs.multi_output) return SoftmaxAlong(SplitAtAxis(shape, attrs.channel_axis), context);
  if (attrs.preserve_shape) return SoftmaxAlong(SplitAtAxis(shape, shape.rank() - 1), context);
  SoftmaxAlong({shape[0], shape.Product(1, shape.rank()), 1}, context);
}

const OpRegistration<SoftmaxOutputAttrs> kSoftmaxOutput({
    .names = {"SoftmaxOutput", "Softmax"},
    .inputs = {"data", Label("label")},
    .attrs = {Attr("multi_output", &SoftmaxOutputAttrs::multi_output),
              Attr("preserve_shape", &SoftmaxOutputAttrs::preserve_shape),
              InternalAttr("channel_axis", &SoftmaxOutputAttrs::channel_axis)},
    .ignored_attrs = {"grad_scale", "ignore_label", "use_ignore", "normalization", "out_grad", "smooth_alpha"},
    .infer_types = InferOutput,
    .complete_types = CompleteOutput,
    .compute = ComputeOutput,
    .in_place = {0},
    .accepts_unknown_dims = true,
    .to_channels_last = [](const SoftmaxOutputAttrs& attrs, int rank) -> std::optional<SoftmaxOutputAttrs> {
      if (!attrs.multi_output && attrs.preserve_shape) return std::nullopt;
      SoftmaxOutputAttrs changed = attrs;
      changed.channel_axis = rank - 1;
      return changed;
    },
});

// ---------------------------------------------------------------------------------------------------------------------
// SoftmaxActivation

enum class Mode { kInstance, kChannel };  // along the last axis, along the channels

struct SoftmaxActivationAttrs {
  Mode mode = Mode::kInstance;
  int64_t channel_axis = 1;
};

absl::StatusOr<TensorTypes> InferActivation(const SoftmaxActivationAttrs& attrs, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckFloating("data", inputs[0]));
  BARYON_RETURN_IF_ERROR(CheckRankAtLeast("data", inputs[0], attrs.mode == Mode::kChannel ? 3 : 1));
  return TensorTypes{inputs[0]};
}

void ComputeActivation(const SoftmaxActivationAttrs& attrs, OpContext& context) {
  const Shape& shape = context.input(0).shape();
  SoftmaxAlong(SplitAtAxis(shape, attrs.mode == Mode::kChannel ? attrs.channel_axis : shape.rank() - 1), context);
}

const OpRegistration<SoftmaxActivationAttrs> kSoftmaxActivation({
    .names = {"SoftmaxActivation"},
    .inputs = {"data"},
    .attrs = {EnumAttr("mode", &SoftmaxActivationAttrs::mode,
                       {{"instance", Mode::kInstance}, {"channel", Mode::kChannel}}),
              InternalAttr("channel_axis", &SoftmaxActivationAttrs::channel_axis)},
    .infer_types = InferActivation,
    .complete_types = AllTypesEqual<SoftmaxActivationAttrs>,
    .compute = ComputeActivation,
    .in_place = {0},
    .accepts_unknown_dims = true,
    .to_channels_last = [](const SoftmaxActivationAttrs& attrs, int rank) -> std::optional<SoftmaxActivationAttrs> {
      if (attrs.mode == Mode::kInstance) return std::nullopt;
      return SoftmaxActivationAttrs{attrs.mode, rank - 1};
    },
});

}  // namespace
}  // namespace baryon
