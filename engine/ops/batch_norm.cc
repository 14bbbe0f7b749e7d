// Batch normalisation with the running statistics: y = (x - mean) / sqrt(var + eps) gamma + beta for each channel. Most
// are folded into the layer before them; the others get gamma / sqrt(var + eps) computed at load.
#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/graph/op_def.h"
#include "engine/kernels/normalize.h"
#include "engine/ops/reduction.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

struct BatchNormAttrs {
  double eps = 1e-3;
  double momentum = 0.9;          // for training
  bool fix_gamma = true;          // gamma counts as 1
  bool use_global_stats = false;  // for training
  bool output_mean_var = false;   // the mean and 1 / sqrt(var + eps) are outputs, too
  int64_t axis = 1;
  int64_t ndev = 1;  // of SyncBatchNorm, for training, as is its key
  std::string key;
};

constexpr int kGamma = 1, kBeta = 2, kMean = 3, kVar = 4;
const char* const kVectorNames[] = {"data", "gamma", "beta", "moving_mean", "moving_var"};

// Parameters of float64 data are float64, all others float32.
DType ParameterDType(DType data) { return data == DType::kFloat64 ? DType::kFloat64 : DType::kFloat32; }

TensorTypes OutputTypes(const TensorType& data, const TensorType& vector, int num_outputs) {
  TensorTypes types = {data};
  types.resize(num_outputs, vector);
  return types;
}

absl::StatusOr<TensorTypes> InferTypes(int num_outputs, const BatchNormAttrs& attrs, const TensorTypes& inputs) {
  const TensorType& data = inputs[0];
  BARYON_RETURN_IF_ERROR(CheckFloating("data", data));
  BARYON_ASSIGN_OR_RETURN(const int64_t axis, ResolveAxis(attrs.axis, data.shape.rank()));
  const TensorType vector = {ParameterDType(data.dtype), {data.shape[axis]}};
  for (int i = kGamma; i <= kVar; ++i) {
    const bool fits = inputs[i].dtype == vector.dtype && MergeShapes(inputs[i].shape, vector.shape).has_value();
    if (!fits) return InputMismatch(kVectorNames[i], vector, inputs[i]);
  }
  return OutputTypes(data, vector, num_outputs);
}

// The vectors from the data, and the data's channels from the vectors.
absl::Status CompleteTypes(const BatchNormAttrs& attrs, TensorTypes& inputs, TensorTypes& outputs) {
  TensorTypes data = {inputs[0]}, output = {outputs[0]};
  BARYON_RETURN_IF_ERROR(AllTypesEqual(attrs, data, output));
  TensorType vector = {data[0].dtype == DType::kUnknown ? DType::kUnknown : ParameterDType(data[0].dtype),
                       Shape::UnknownDims(1)};
  std::optional<int64_t> axis;
  if (data[0].shape.has_rank()) axis = NormalizeAxis(attrs.axis, data[0].shape.rank());
  if (axis.has_value()) vector.shape[0] = data[0].shape[*axis];
  for (int i = kGamma; i <= kVar; ++i) {
    const std::optional<Shape> shape = MergeShapes(vector.shape, inputs[i].shape);
    if (!shape.has_value()) return InputMismatch(kVectorNames[i], vector, inputs[i]);
    vector.shape = *shape;
  }
  for (int i = kGamma; i <= kVar; ++i) {
    inputs[i].shape = vector.shape;
    if (inputs[i].dtype == DType::kUnknown) inputs[i].dtype = vector.dtype;
  }
  if (axis.has_value()) data[0].shape[*axis] = vector.shape[0];
  inputs[0] = data[0];
  outputs = OutputTypes(data[0], vector, static_cast<int>(outputs.size()));
  return absl::OkStatus();
}

// P is the type of the parameters: float, or double for float64 data.
template <typename P>
class BatchNormKernel : public Kernel {
 public:
  BatchNormKernel(const BatchNormAttrs& attrs, bool relu, const PrepareContext& context)
      : attrs_(attrs),
        relu_(relu),
        split_(SplitAtAxis(context.inputs()[0].shape, *NormalizeAxis(attrs.axis, context.inputs()[0].shape.rank()))),
        in_stride_(IsLastAxis(context) ? context.input_stride(0) : split_.size),
        out_stride_(IsLastAxis(context) ? context.output_stride() : split_.size) {}

  // Computes the scales once, from constant gamma and variance.
  void Precompute(const P* gamma, const P* var) {
    scales_.resize(split_.size);
    FillScales(gamma, var, scales_.data());
  }

  int64_t workspace_bytes() const override { return scales_.empty() ? split_.size * sizeof(P) : 0; }

  void Compute(OpContext& context) const override {
    const P *mean = context.input(kMean).data<const P>(), *beta = context.input(kBeta).data<const P>();
    const P* scales = Scales(context);
    DispatchFloating(context.input(0).dtype(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      const T* x = context.input(0).data<const T>();
      T* y = context.output(0).data<T>();
      const bool rows = split_.inner > 1;  // of one channel each; else a row holds all channels
      const int64_t count = rows ? split_.outer * split_.size : split_.outer;
      const int64_t row_elements = std::max<int64_t>(rows ? split_.inner : split_.size, 1);
      context.ParallelRanges(count, kElementsWorthAThread / row_elements, [&](int64_t begin, int64_t end) {
        if (rows) {
          for (int64_t row = begin; row < end; ++row) {
            const int64_t c = row % split_.size, at = row * split_.inner;
            Row(x + at, mean[c], scales[c], beta[c], y + at);
          }
        } else {
          Columns(x + begin * in_stride_, end - begin, mean, scales, beta, y + begin * out_stride_);
        }
      });
    });
    WriteStatistics(context);
  }

 private:
  static constexpr int64_t kElementsWorthAThread = 1 << 15;

  bool IsLastAxis(const PrepareContext& context) const {
    const int64_t rank = context.inputs()[0].shape.rank();
    return NormalizeAxis(attrs_.axis, rank) == rank - 1;
  }

  void FillScales(const P* gamma, const P* var, P* scales) const {
    for (int64_t c = 0; c < split_.size; ++c) {
      const double g = attrs_.fix_gamma ? 1.0 : gamma[c];
      scales[c] = static_cast<P>(g / std::sqrt(var[c] + attrs_.eps));
    }
  }

  const P* Scales(OpContext& context) const {
    if (!scales_.empty()) return scales_.data();
    P* scales = reinterpret_cast<P*>(context.workspace());
    FillScales(context.input(kGamma).data<const P>(), context.input(kVar).data<const P>(), scales);
    return scales;
  }

  template <typename T>
  void Row(const T* x, P mean, P scale, P shift, T* y) const {
    if constexpr (std::is_same_v<T, float> && std::is_same_v<P, float>) {
      kernels::NormalizeRow(x, split_.inner, mean, scale, shift, relu_, y);
    } else {
      for (int64_t i = 0; i < split_.inner; ++i) y[i] = Normalized(x[i], mean, scale, shift);
    }
  }

  template <typename T>
  void Columns(const T* x, int64_t rows, const P* mean, const P* scale, const P* shift, T* y) const {
    const int64_t columns = split_.size;
    if constexpr (std::is_same_v<T, float> && std::is_same_v<P, float>) {
      kernels::NormalizeColumns(x, rows, in_stride_, columns, mean, scale, shift, relu_, y, out_stride_);
    } else {
      for (int64_t row = 0; row < rows; ++row, x += in_stride_, y += out_stride_) {
        for (int64_t c = 0; c < columns; ++c) y[c] = Normalized(x[c], mean[c], scale[c], shift[c]);
      }
    }
  }

  template <typename T>
  T Normalized(T x, P mean, P scale, P shift) const {
    const P result = (static_cast<P>(ComputeType<T>(x)) - mean) * scale + shift;
    return static_cast<T>(relu_ && result < 0 ? P{0} : result);
  }

  void WriteStatistics(OpContext& context) const {
    const int num_outputs = context.num_outputs();
    if (num_outputs > 1 && context.output(1).has_data()) {
      std::copy_n(context.input(kMean).data<const P>(), split_.size, context.output(1).data<P>());
    }
    if (num_outputs > 2 && context.output(2).has_data()) {
      const P* var = context.input(kVar).data<const P>();
      P* inverse = context.output(2).data<P>();
      for (int64_t c = 0; c < split_.size; ++c) inverse[c] = static_cast<P>(1 / std::sqrt(var[c] + attrs_.eps));
    }
  }

  const BatchNormAttrs attrs_;
  const bool relu_;
  const AxisSplit split_;
  const int64_t in_stride_, out_stride_;  // from one row of all channels to the next
  std::vector<P> scales_;
};

template <typename P>
absl::StatusOr<std::unique_ptr<Kernel>> PrepareAs(const BatchNormAttrs& attrs, bool relu, PrepareContext& context) {
  auto kernel = std::make_unique<BatchNormKernel<P>>(attrs, relu, context);
  if (context.constant(kGamma) != nullptr && context.constant(kVar) != nullptr) {
    BARYON_ASSIGN_OR_RETURN(const Tensor gamma, context.constant(kGamma)->Get());
    BARYON_ASSIGN_OR_RETURN(const Tensor var, context.constant(kVar)->Get());
    kernel->Precompute(gamma.data<P>(), var.data<P>());
  }
  return std::unique_ptr<Kernel>(std::move(kernel));
}

OpSpec<BatchNormAttrs> Spec(std::vector<std::string> names, std::vector<std::string> outputs, bool relu) {
  const int num_outputs = static_cast<int>(outputs.size());
  return {
      .names = std::move(names),
      .inputs = {"data", Parameter("gamma"), Parameter("beta"), Aux("moving_mean"), Aux("moving_var")},
      .outputs = std::move(outputs),
      .attrs = {Attr("eps", &BatchNormAttrs::eps), Attr("momentum", &BatchNormAttrs::momentum),
                Attr("fix_gamma", &BatchNormAttrs::fix_gamma),
                Attr("use_global_stats", &BatchNormAttrs::use_global_stats),
                Attr("output_mean_var", &BatchNormAttrs::output_mean_var)},
      .ignored_attrs = {"cudnn_off", "min_calib_range", "max_calib_range"},
      .num_visible_outputs = [](const BatchNormAttrs& attrs) { return attrs.output_mean_var ? 3 : 1; },
      .infer_types = [num_outputs](const BatchNormAttrs& attrs,
                                   const TensorTypes& inputs) { return InferTypes(num_outputs, attrs, inputs); },
      .complete_types = CompleteTypes,
      .prepare = [relu](const BatchNormAttrs& attrs,
                        PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
        const bool wide = context.inputs()[0].dtype == DType::kFloat64;
        return wide ? PrepareAs<double>(attrs, relu, context) : PrepareAs<float>(attrs, relu, context);
      },
      .in_place = {0},
      .accepts_unknown_dims = true,
      .to_channels_last = [](const BatchNormAttrs& attrs, int rank) -> std::optional<BatchNormAttrs> {
        const std::optional<int64_t> axis = NormalizeAxis(attrs.axis, rank);
        if (!axis.has_value()) return std::nullopt;
        BatchNormAttrs changed = attrs;
        changed.axis = AxisChannelsLast(*axis, rank);
        return changed;
      },
      .takes_slice =
          [](const BatchNormAttrs& attrs, int operand, int rank) {
            return NormalizeAxis(attrs.axis, rank) == rank - 1 && (operand == 0 || operand == OpDef::kOutput);
          },
  };
}

OpSpec<BatchNormAttrs> With(OpSpec<BatchNormAttrs> spec, std::vector<AttrDef<BatchNormAttrs>> attrs) {
  spec.attrs.insert(spec.attrs.end(), attrs.begin(), attrs.end());
  return spec;
}

const OpRegistration<BatchNormAttrs> kBatchNorm(With(
    Spec({"BatchNorm", "CuDNNBatchNorm", "BatchNorm_v1", "_npx_batch_norm"}, {"output", "mean", "var"}, /*relu=*/false),
    {Attr("axis", &BatchNormAttrs::axis)}));
const OpRegistration<BatchNormAttrs> kBatchNormWithRelu(With(Spec({"_contrib_BatchNormWithReLU"},
                                                                  {"output", "mean", "var", "mask"}, /*relu=*/true),
                                                             {Attr("axis", &BatchNormAttrs::axis)}));
// On one device the synchronised form is the plain one; its axis is always 1, for files.
const OpRegistration<BatchNormAttrs> kSyncBatchNorm(
    With(Spec({"_contrib_SyncBatchNorm", "_npx_sync_batch_norm"}, {"output", "mean", "var"}, /*relu=*/false),
         {InternalAttr("axis", &BatchNormAttrs::axis), Attr("ndev", &BatchNormAttrs::ndev),
          RequiredAttr("key", &BatchNormAttrs::key)}));

}  // namespace
}  // namespace baryon
