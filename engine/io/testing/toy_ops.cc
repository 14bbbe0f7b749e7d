// A few operators under the names MXNet has for them, each in a few lines: what tests of model files need so that they
// depend on no operator of engine/ops. Never linked together with those.
#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/graph/op_def.h"

namespace baryon {
namespace {

absl::Status Expected(absl::string_view what, const TensorType& got) {
  return absl::InvalidArgumentError(absl::StrCat("expected ", what, ", got ", got.ToString()));
}

template <typename A>
absl::StatusOr<TensorTypes> SameAsInput(const A&, const TensorTypes& inputs) {
  return TensorTypes{inputs[0]};
}

template <typename A>
void CopyInput(const A&, OpContext& context) {
  std::copy_n(static_cast<const char*>(context.input(0).raw_data()), context.input(0).size_bytes(),
              static_cast<char*>(context.output(0).raw_data()));
}

// y = x w^T + b
struct FullyConnectedAttrs {
  int64_t num_hidden = 0;
  bool no_bias = false;
  bool flatten = true;
  bool fused_relu = false;
};

absl::Status CheckFullyConnected(const FullyConnectedAttrs& attrs) {
  if (attrs.num_hidden >= 1) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("expected num_hidden of 1 or more, got ", attrs.num_hidden));
}

absl::StatusOr<TensorTypes> InferFullyConnected(const FullyConnectedAttrs& attrs, const TensorTypes& inputs) {
  if (inputs[0].shape.rank() != 2) return Expected("data of rank 2", inputs[0]);
  const Shape weight = {attrs.num_hidden, inputs[0].shape[1]};
  if (inputs[1].shape != weight) return Expected(absl::StrCat("weight ", weight.ToString()), inputs[1]);
  return TensorTypes{{inputs[0].dtype, Shape{inputs[0].shape[0], attrs.num_hidden}}};
}

absl::Status CompleteFullyConnected(const FullyConnectedAttrs& attrs, TensorTypes& inputs, TensorTypes&) {
  Shape& data = inputs[0].shape;
  if (!data.has_rank()) data = Shape::UnknownDims(2);
  const bool weight_known = inputs[1].shape.rank() == 2;
  if (data[1] == Shape::kUnknownDim && weight_known) data[1] = inputs[1].shape[1];
  inputs[1].shape = Shape{attrs.num_hidden, data[1]};
  if (inputs.size() == 3) inputs[2].shape = Shape{attrs.num_hidden};
  for (TensorType& input : inputs) {
    for (const TensorType& other : inputs) {
      if (input.dtype == DType::kUnknown) input.dtype = other.dtype;
    }
  }
  return absl::OkStatus();
}

void ComputeFullyConnected(const FullyConnectedAttrs& attrs, OpContext& context) {
  const int64_t rows = context.input(0).shape()[0], width = context.input(0).shape()[1];
  const float *x = context.input(0).data<const float>(), *w = context.input(1).data<const float>();
  float* y = context.output(0).data<float>();
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t unit = 0; unit < attrs.num_hidden; ++unit) {
      float sum = attrs.no_bias ? 0 : context.input(2).data<const float>()[unit];
      for (int64_t i = 0; i < width; ++i) sum += x[row * width + i] * w[unit * width + i];
      y[row * attrs.num_hidden + unit] = sum;
    }
  }
}

const OpRegistration<FullyConnectedAttrs> kFullyConnected({
    .names = {"FullyConnected", "_npx_fully_connected"},
    .inputs = {"data", Parameter("weight"), Parameter("bias")},
    .attrs = {RequiredAttr("num_hidden", &FullyConnectedAttrs::num_hidden),
              Attr("no_bias", &FullyConnectedAttrs::no_bias), Attr("flatten", &FullyConnectedAttrs::flatten),
              InternalAttr("fused_relu", &FullyConnectedAttrs::fused_relu)},
    .check = CheckFullyConnected,
    .num_inputs = [](const FullyConnectedAttrs& attrs) { return attrs.no_bias ? 2 : 3; },
    .infer_types = InferFullyConnected,
    .complete_types = CompleteFullyConnected,
    .compute = ComputeFullyConnected,
});

enum class Activation { kRelu, kTanh };
struct ActivationAttrs {
  Activation type = Activation::kRelu;
};

void ComputeRelu(const ActivationAttrs&, OpContext& context) {
  const float* x = context.input(0).data<const float>();
  float* y = context.output(0).data<float>();
  for (int64_t i = 0; i < context.input(0).num_elements(); ++i) y[i] = std::max(x[i], 0.0f);
}

const OpRegistration<ActivationAttrs> kActivation({
    .names = {"Activation"},
    .inputs = {"data"},
    .attrs = {Required(EnumAttr("act_type", &ActivationAttrs::type,
                                {{"relu", Activation::kRelu}, {"tanh", Activation::kTanh}}))},
    .infer_types = SameAsInput<ActivationAttrs>,
    .compute = ComputeRelu,
});

struct BatchNormAttrs {
  double eps = 1e-3;
  bool np_shape = false;
};

absl::Status CompleteBatchNorm(const BatchNormAttrs&, TensorTypes& inputs, TensorTypes&) {
  if (inputs[0].shape.rank() < 2 || inputs[0].shape[1] < 0) return absl::OkStatus();
  for (size_t i = 1; i < inputs.size(); ++i) inputs[i].shape = Shape{inputs[0].shape[1]};
  return absl::OkStatus();
}

const OpRegistration<BatchNormAttrs> kBatchNorm({
    .names = {"BatchNorm"},
    .inputs = {"data", Parameter("gamma"), Parameter("beta"), Aux("moving_mean"), Aux("moving_var")},
    .outputs = {"output", "mean", "var"},
    .attrs = {Attr("eps", &BatchNormAttrs::eps), Attr("__np_shape__", &BatchNormAttrs::np_shape)},
    .num_visible_outputs = [](const BatchNormAttrs&) { return 1; },
    .infer_types = [](const BatchNormAttrs&, const TensorTypes& inputs) -> absl::StatusOr<TensorTypes> {
      return TensorTypes{inputs[0], inputs[1], inputs[1]};
    },
    .complete_types = CompleteBatchNorm,
    .compute = CopyInput<BatchNormAttrs>,
});

const OpRegistration<NoAttrs> kSoftmaxOutput({
    .names = {"SoftmaxOutput", "Softmax"},
    .inputs = {"data", Label("label")},
    .infer_types = SameAsInput<NoAttrs>,
    .compute = CopyInput<NoAttrs>,
});

const OpRegistration<NoAttrs> kFlatten({
    .names = {"Flatten", "flatten"},
    .inputs = {"data"},
    .infer_types = SameAsInput<NoAttrs>,
    .compute = CopyInput<NoAttrs>,
});

struct ArgmaxAttrs {
  std::optional<int64_t> axis;
};

const OpRegistration<ArgmaxAttrs> kArgmax({
    .names = {"argmax"},
    .inputs = {"data"},
    .attrs = {Attr("axis", &ArgmaxAttrs::axis)},
    .infer_types = SameAsInput<ArgmaxAttrs>,
    .compute = CopyInput<ArgmaxAttrs>,
});

struct ConcatAttrs {
  int64_t dim = 1;
};

const OpRegistration<ConcatAttrs> kConcat({
    .names = {"Concat", "concat"},
    .inputs = {"data"},
    .variadic = true,
    .attrs = {Attr("dim", &ConcatAttrs::dim)},
    .ignored_attrs = {"num_args"},
    .infer_types = SameAsInput<ConcatAttrs>,
    .compute = CopyInput<ConcatAttrs>,
});

struct SplitAttrs {
  int64_t num_outputs = 0;
};

const OpRegistration<SplitAttrs> kSliceChannel({
    .names = {"SliceChannel", "split"},
    .inputs = {"data"},
    .outputs = {},
    .attrs = {RequiredAttr("num_outputs", &SplitAttrs::num_outputs)},
    .num_outputs = [](const SplitAttrs& attrs, int) { return static_cast<int>(attrs.num_outputs); },
    .infer_types = [](const SplitAttrs& attrs, const TensorTypes& inputs) -> absl::StatusOr<TensorTypes> {
      return TensorTypes(attrs.num_outputs, inputs[0]);
    },
    .compute = CopyInput<SplitAttrs>,
});

struct ForeachAttrs {
  int64_t num_args = 0;
};

const OpRegistration<ForeachAttrs> kForeach({
    .names = {"_foreach"},
    .inputs = {"data"},
    .variadic = true,
    .attrs = {RequiredAttr("num_args", &ForeachAttrs::num_args)},
    .num_subgraphs = 1,
    .complete_subgraph_types = [](const ForeachAttrs&, absl::Span<const std::shared_ptr<const Graph>>,
                                  TensorTypes& inputs, TensorTypes& outputs) -> absl::Status {
      outputs[0] = inputs[0];
      return absl::OkStatus();
    },
    .compute = CopyInput<ForeachAttrs>,
});

}  // namespace
}  // namespace baryon
