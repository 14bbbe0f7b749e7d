// UpSampling of [N, C, H, W] pictures.
//
// nearest: each pixel becomes a square of `scale` x `scale`. Further inputs are brought to the same size and stand
// behind the first along the channels, or are added to it.
//
// bilinear: a transposed depthwise convolution with the weights given as the second input: kernel 2 * scale - scale %
// 2, stride `scale`, padding scale / 2. An output pixel gets at most two by two input pixels, so they are gathered.
#include <algorithm>
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/moves.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

enum class SampleType { kNearest, kBilinear };
enum class MultiInputMode { kConcat, kSum };

struct UpSamplingAttrs {
  int64_t scale = 1;
  int64_t num_filter = 0;
  SampleType sample_type = SampleType::kNearest;
  MultiInputMode multi_input_mode = MultiInputMode::kConcat;
  int64_t num_args = -1;
  bool channels_last = false;  // [N, H, W, C]

  int64_t channel_axis() const { return channels_last ? 3 : 1; }
  int64_t height_axis() const { return channels_last ? 1 : 2; }
  int64_t kernel_size() const { return 2 * scale - scale % 2; }
  bool sums() const { return multi_input_mode == MultiInputMode::kSum; }
};

constexpr int64_t kMostScale = 1 << 20;

absl::Status CheckScale(const UpSamplingAttrs& attrs) {
  if (1 <= attrs.scale && attrs.scale <= kMostScale) return absl::OkStatus();
  return ExpectedGot(absl::StrCat("scale from 1 to ", kMostScale), attrs.scale);
}

absl::Status CheckNearestInput(const UpSamplingAttrs& attrs, const TensorType& input, const TensorType& output) {
  BARYON_RETURN_IF_ERROR(CheckRank("data", input, 4));
  bool fits = input.dtype == output.dtype && input.shape[0] == output.shape[0];
  for (int64_t axis : {attrs.height_axis(), attrs.height_axis() + 1}) {
    fits = fits && input.shape[axis] > 0 && output.shape[axis] % input.shape[axis] == 0;
  }
  if (attrs.sums()) fits = fits && input.shape[attrs.channel_axis()] == output.shape[attrs.channel_axis()];
  if (fits) return absl::OkStatus();
  return ExpectedGot(absl::StrCat("pictures that scale to ", output.ToString()), input.ToString());
}

absl::StatusOr<TensorTypes> InferNearest(const UpSamplingAttrs& attrs, const TensorTypes& inputs, TensorType output) {
  BARYON_RETURN_IF_ERROR(CheckNumArgs(attrs.num_args, inputs));
  int64_t channels = 0;
  for (const TensorType& input : inputs) {
    BARYON_RETURN_IF_ERROR(CheckNearestInput(attrs, input, output));
    channels += input.shape[attrs.channel_axis()];
  }
  if (!attrs.sums()) output.shape[attrs.channel_axis()] = channels;
  return TensorTypes{std::move(output)};
}

absl::StatusOr<TensorTypes> InferBilinear(const UpSamplingAttrs& attrs, const TensorTypes& inputs, TensorType output) {
  if (inputs.size() != 2) return ExpectedGot("data and weight", absl::StrCat(inputs.size(), " inputs"));
  BARYON_RETURN_IF_ERROR(CheckFloating("data", inputs[0]));
  const int64_t channels = output.shape[1];
  if (attrs.num_filter != channels) return ExpectedGot(absl::StrCat("num_filter ", channels), attrs.num_filter);
  const TensorType weight = {output.dtype, {channels, 1, attrs.kernel_size(), attrs.kernel_size()}};
  if (inputs[1] != weight) return InputMismatch("weight", weight, inputs[1]);
  return TensorTypes{std::move(output)};
}

absl::StatusOr<TensorTypes> InferTypes(const UpSamplingAttrs& attrs, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckRank("data", inputs[0], 4));
  TensorType output = inputs[0];
  for (int64_t axis : {attrs.height_axis(), attrs.height_axis() + 1}) {
    output.shape[axis] = ScaledDim(output.shape[axis], attrs.scale);
  }
  const bool nearest = attrs.sample_type == SampleType::kNearest;
  return nearest ? InferNearest(attrs, inputs, std::move(output)) : InferBilinear(attrs, inputs, std::move(output));
}

// A picture seen as [outer, height, width, inner]: inner is the channels when they come last.
struct Picture {
  int64_t outer, height, width, inner;
};
Picture PictureOf(const UpSamplingAttrs& attrs, const Shape& shape) {
  const int64_t axis = attrs.height_axis();
  return {shape.Product(0, axis), shape[axis], shape[axis + 1], shape.Product(axis + 2, 4)};
}

// Input `index` enlarged into its channels of the output.
Move EnlargingMove(const UpSamplingAttrs& attrs, const Shape& from, const Shape& to, int index, int64_t channel) {
  const Picture x = PictureOf(attrs, from), y = PictureOf(attrs, to);
  const auto strides = RowMajorStrides(to);
  const int64_t row = y.width * y.inner, down = y.height / x.height, across = y.width / x.width;
  Move move = {.input = index, .to = channel * strides[attrs.channel_axis()]};
  const int64_t channels = attrs.channels_last ? 1 : from[1];
  move.loops = {{from[0], x.height * x.width * x.inner * channels, strides[0]},
                {channels, x.height * x.width, y.height * row},
                {x.height, x.width * x.inner, down * row},
                {down, 0, row},
                {x.width, x.inner, across * y.inner},
                {across, 0, y.inner},
                {x.inner, 1, 1}};
  return move;
}

template <typename T>
void SumNearest(const UpSamplingAttrs& attrs, OpContext& context) {
  const Picture y = PictureOf(attrs, context.output(0).shape());
  const int64_t row = y.width * y.inner;
  T* out = context.output(0).data<T>();
  context.ParallelRanges(
      y.outer * y.height, std::max<int64_t>((1 << 14) / std::max<int64_t>(row, 1), 1), [&](int64_t begin, int64_t end) {
        for (int64_t r = begin; r < end; ++r) {
          for (int input = 0; input < context.num_inputs(); ++input) {
            const Picture x = PictureOf(attrs, context.input(input).shape());
            const int64_t line = r / y.height * x.height + r % y.height / (y.height / x.height);
            const T* in = context.input(input).data<const T>() + line * x.width * x.inner;
            const int64_t across = y.width / x.width;
            for (int64_t i = 0; i < row; ++i) {
              const ComputeType<T> value = in[i / y.inner / across * y.inner + i % y.inner];
              out[r * row + i] = input == 0 ? static_cast<T>(value) : static_cast<T>(out[r * row + i] + value);
            }
          }
        }
      });
}

// The input positions that reach output position `at`: those whose kernel covers it.
struct Reach {
  int64_t begin, end;
};
Reach ReachOf(const UpSamplingAttrs& attrs, int64_t at, int64_t size) {
  const int64_t place = at + attrs.scale / 2, before = place - attrs.kernel_size();
  return {before < 0 ? 0 : before / attrs.scale + 1, std::min(place / attrs.scale + 1, size)};
}

template <typename T>
void Bilinear(const UpSamplingAttrs& attrs, OpContext& context) {
  const Picture x = PictureOf(attrs, context.input(0).shape()), y = PictureOf(attrs, context.output(0).shape());
  const int64_t channels = context.input(0).shape()[1], k = attrs.kernel_size(), padding = attrs.scale / 2;
  const T *in = context.input(0).data<const T>(), *weights = context.input(1).data<const T>();
  T* out = context.output(0).data<T>();
  context.ParallelRanges(y.outer, 1, [&](int64_t begin, int64_t end) {
    for (int64_t plane = begin; plane < end; ++plane) {
      const T* weight = weights + plane % channels * k * k;
      for (int64_t i = 0; i < y.height * y.width; ++i) {
        const int64_t v = i / y.width, u = i % y.width;
        const Reach rows = ReachOf(attrs, v, x.height), columns = ReachOf(attrs, u, x.width);
        ComputeType<T> sum = 0;
        for (int64_t r = rows.begin; r < rows.end; ++r) {
          const T* tap = weight + (v + padding - r * attrs.scale) * k + u + padding;
          const T* line = in + (plane * x.height + r) * x.width;
          for (int64_t c = columns.begin; c < columns.end; ++c) {
            sum += static_cast<ComputeType<T>>(line[c]) * static_cast<ComputeType<T>>(tap[-c * attrs.scale]);
          }
        }
        out[plane * y.height * y.width + i] = static_cast<T>(sum);
      }
    }
  });
}

// For what computes besides moving.
class ComputingKernel : public Kernel {
 public:
  explicit ComputingKernel(const UpSamplingAttrs& attrs) : attrs_(attrs) {}
  void Compute(OpContext& context) const override {
    const DType dtype = context.output(0).dtype();
    if (attrs_.sample_type == SampleType::kBilinear) {
      DispatchFloating(dtype, [&](auto tag) { Bilinear<typename decltype(tag)::type>(attrs_, context); });
    } else {
      DispatchDType(dtype, [&](auto tag) { SumNearest<typename decltype(tag)::type>(attrs_, context); });
    }
  }

 private:
  const UpSamplingAttrs attrs_;
};

absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const UpSamplingAttrs& attrs, PrepareContext& context) {
  const bool computes = attrs.sums() && context.inputs().size() > 1;
  if (computes || attrs.sample_type == SampleType::kBilinear) return std::make_unique<ComputingKernel>(attrs);
  Moves moves;
  int64_t channel = 0;
  for (size_t i = 0; i < context.inputs().size(); ++i) {
    const Shape& from = context.inputs()[i].shape;
    moves.push_back(EnlargingMove(attrs, from, context.outputs()[0].shape, static_cast<int>(i), channel));
    channel += from[attrs.channel_axis()];
  }
  return MakeMoveKernel(context, std::move(moves));
}

std::optional<UpSamplingAttrs> ToChannelsLast(const UpSamplingAttrs& attrs, int rank) {
  if (attrs.channels_last || rank != 4 || attrs.sample_type == SampleType::kBilinear) return std::nullopt;
  UpSamplingAttrs changed = attrs;
  changed.channels_last = true;
  return changed;
}

const OpRegistration<UpSamplingAttrs> kUpSampling({
    .names = {"UpSampling"},
    .inputs = {"data"},
    .variadic = true,
    .attrs = {RequiredAttr("scale", &UpSamplingAttrs::scale), Attr("num_filter", &UpSamplingAttrs::num_filter),
              Required(EnumAttr("sample_type", &UpSamplingAttrs::sample_type,
                                {{"nearest", SampleType::kNearest}, {"bilinear", SampleType::kBilinear}})),
              EnumAttr("multi_input_mode", &UpSamplingAttrs::multi_input_mode,
                       {{"concat", MultiInputMode::kConcat}, {"sum", MultiInputMode::kSum}}),
              Attr("num_args", &UpSamplingAttrs::num_args),
              InternalAttr("channels_last", &UpSamplingAttrs::channels_last)},
    .ignored_attrs = {"workspace"},
    .check = CheckScale,
    .infer_types = InferTypes,
    .prepare = Prepare,
    .to_channels_last = ToChannelsLast,
});

}  // namespace
}  // namespace baryon
