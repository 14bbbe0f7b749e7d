// LeakyReLU, which holds a family: slopes given, learned (prelu, one for each channel) or drawn in training (rrelu, its
// mean at inference), and the exponential and Gaussian units.
#include <cmath>
#include <string>
#include <utility>

#include "engine/kernels/elementwise.h"
#include "engine/ops/fused_activation.h"
#include "engine/ops/type_rules.h"
#include "engine/ops/unary_kernel.h"

namespace baryon {
namespace {

struct LeakyReluAttrs {
  std::string act_type = "leaky";
  double slope = 0.25, lower_bound = 0.125, upper_bound = 0.334;
  int64_t axis = 1;  // of the channels, to which prelu's gamma belongs

  bool has_gamma() const { return act_type == "prelu"; }
};

double Elu(double x, double alpha) { return x > 0 ? x : alpha * std::expm1(x); }

UnaryFunction FunctionOf(const LeakyReluAttrs& attrs) {
  // Attributes are floats in MXNet.
  double slope = static_cast<float>(attrs.slope);
  std::string name = attrs.act_type;
  if (name == "rrelu") {
    slope = (static_cast<float>(attrs.lower_bound) + static_cast<float>(attrs.upper_bound)) / 2;
    name = "leaky";
  }
  if (name == "gelu_erf") name = "gelu";
  UnaryFunction function;
  if (name == "leaky") function.of_real = [slope](double x) { return x > 0 ? x : slope * x; };
  if (name == "elu") function.of_real = [slope](double x) { return Elu(x, slope); };
  if (name == "selu") function.of_real = [](double x) { return 1.0507009873554805 * Elu(x, 1.6732632423543772); };
  if (name == "gelu") function.of_real = [](double x) { return 0.5 * x * (1 + std::erf(x * std::sqrt(0.5))); };
  if (name == "gelu_tanh") {
    function.of_real = [](double x) {
      return 0.5 * x * (1 + std::tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)));
    };
  }
  if (function.of_real == nullptr) return function;
  const kernels::ActivationSpec activation = *ToActivationSpec(name, slope, 0);
  function.of_rows = [activation](const float* x, int64_t n, float* y) {
    kernels::ActivateFloats(activation, x, n, y);
  };
  return function;
}

absl::Status Check(const LeakyReluAttrs& attrs) {
  if (attrs.has_gamma() || FunctionOf(attrs).of_real != nullptr) return absl::OkStatus();
  return ExpectedGot("act_type leaky, prelu, elu, selu, gelu, gelu_tanh or rrelu", attrs.act_type);
}

int64_t ChannelsOf(const LeakyReluAttrs& attrs, const Shape& data) {
  return attrs.axis < data.rank() ? data[attrs.axis] : 1;
}

absl::StatusOr<TensorTypes> InferLeaky(const LeakyReluAttrs& attrs, const TensorTypes& inputs) {
  if (attrs.has_gamma()) {
    const TensorType &data = inputs[0], &gamma = inputs[1];
    const int64_t channels = ChannelsOf(attrs, data.shape);
    const bool one_or_each = gamma.shape.rank() == 1 &&
                             (channels == Shape::kUnknownDim || gamma.shape[0] == 1 || gamma.shape[0] == channels);
    const bool fits = gamma.dtype == data.dtype && one_or_each;
    if (!fits) return InputMismatch("gamma", {data.dtype, {channels}}, gamma);
  }
  return TensorTypes{inputs[0]};
}

absl::Status CompleteLeaky(const LeakyReluAttrs& attrs, TensorTypes& inputs, TensorTypes& outputs) {
  TensorTypes data = {inputs[0]};
  BARYON_RETURN_IF_ERROR(AllTypesEqual(attrs, data, outputs));
  inputs[0] = data[0];
  if (!attrs.has_gamma() || !data[0].shape.has_rank()) return absl::OkStatus();
  if (!inputs[1].shape.has_rank()) inputs[1].shape = {ChannelsOf(attrs, data[0].shape)};
  if (inputs[1].dtype == DType::kUnknown) inputs[1].dtype = data[0].dtype;
  return absl::OkStatus();
}

template <typename T>
void LeakRows(const LeakyReluAttrs& attrs, OpContext& context) {
  using C = ComputeType<T>;
  const Shape& shape = context.input(0).shape();
  const int64_t channels = ChannelsOf(attrs, shape),
                inner = shape.Product(std::min(attrs.axis + 1, shape.rank()), shape.rank());
  const bool shared = context.input(1).num_elements() == 1;
  const T *x = context.input(0).data<const T>(), *gamma = context.input(1).data<const T>();
  T* y = context.output(0).data<T>();
  const int64_t rows = channels * inner == 0 ? 0 : shape.num_elements() / inner;
  constexpr int64_t kGrain = 16384;
  context.ParallelRanges(rows, std::max<int64_t>(kGrain / std::max<int64_t>(inner, 1), 1),
                         [&](int64_t begin, int64_t end) {
                           if constexpr (std::is_same_v<T, float>) {
                             const auto leak = [&](float slope, const float* from, int64_t n, float* to) {
                               kernels::ActivateFloats({kernels::Activation::kLeaky, slope}, from, n, to);
                             };
                             if (shared)
                               return leak(gamma[0], x + begin * inner, (end - begin) * inner, y + begin * inner);
                             if (inner == 1) {
                               for (int64_t row = begin; row < end;) {
                                 const int64_t c = row % channels, count = std::min(channels - c, end - row);
                                 kernels::LeakFloats(x + row, gamma + c, count, y + row);
                                 row += count;
                               }
                               return;
                             }
                             for (int64_t row = begin; row < end; ++row)
                               leak(gamma[row % channels], x + row * inner, inner, y + row * inner);
                           } else {
                             for (int64_t row = begin; row < end; ++row) {
                               const C slope = static_cast<C>(gamma[shared ? 0 : row % channels]);
                               for (int64_t i = row * inner; i < (row + 1) * inner; ++i) {
                                 const C v = static_cast<C>(x[i]);
                                 y[i] = static_cast<T>(v > 0 ? v : v * slope);
                               }
                             }
                           }
                         });
}

class PreluKernel : public Kernel {
 public:
  PreluKernel(const LeakyReluAttrs& attrs, DType dtype) : attrs_(attrs), dtype_(dtype) {}
  void Compute(OpContext& context) const override {
    DispatchFloating(dtype_, [&](auto tag) { LeakRows<typename decltype(tag)::type>(attrs_, context); });
  }

 private:
  const LeakyReluAttrs attrs_;
  const DType dtype_;
};

absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const LeakyReluAttrs& attrs, PrepareContext& context) {
  const TensorType& data = context.inputs()[0];
  BARYON_RETURN_IF_ERROR(CheckFloating("data", data));
  if (attrs.has_gamma()) return std::make_unique<PreluKernel>(attrs, data.dtype);
  return MakeUnaryKernel(context, FunctionOf(attrs));
}

const OpRegistration<LeakyReluAttrs> kLeakyRelu({
    .names = {"LeakyReLU", "_npx_leaky_relu"},
    .inputs = {"data", Parameter("gamma")},
    .attrs = {Attr("act_type", &LeakyReluAttrs::act_type), Attr("slope", &LeakyReluAttrs::slope),
              Attr("lower_bound", &LeakyReluAttrs::lower_bound), Attr("upper_bound", &LeakyReluAttrs::upper_bound),
              InternalAttr("axis", &LeakyReluAttrs::axis)},
    .check = Check,
    .num_inputs = [](const LeakyReluAttrs& attrs) { return attrs.has_gamma() ? 2 : 1; },
    .infer_types = InferLeaky,
    .complete_types = CompleteLeaky,
    .prepare = Prepare,
    .in_place = {0},
    .accepts_unknown_dims = true,
    .to_channels_last = [](const LeakyReluAttrs& attrs, int rank) -> std::optional<LeakyReluAttrs> {
      if (attrs.axis != 1) return std::nullopt;
      LeakyReluAttrs last = attrs;
      last.axis = rank - 1;
      return last;
    },
});

}  // namespace
}  // namespace baryon
