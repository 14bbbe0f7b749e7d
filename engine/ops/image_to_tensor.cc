// From pictures to what networks read: [C, H, W] with values between 0 and 1, then less a mean and divided by a
// deviation for each channel.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/ops/image_rules.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

constexpr int64_t kElementsPerTask = 1 << 14;

// Calls fn(plane, first, last) for the planes of `pixels` elements that elements [begin, end) lie in, with the part of
// them that belongs to the range.
template <typename Fn>
void ForPlanes(int64_t begin, int64_t end, int64_t pixels, Fn fn) {
  while (begin < end) {
    const int64_t plane = begin / pixels, last = std::min(end, (plane + 1) * pixels);
    fn(plane, begin - plane * pixels, last - plane * pixels);
    begin = last;
  }
}

absl::StatusOr<TensorTypes> InferToTensor(const NoAttrs&, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckPicture(inputs[0]));
  Shape shape = inputs[0].shape;
  const int64_t rank = shape.rank(), channels = shape.back();
  shape.Erase(rank - 1);
  shape.Insert(rank - 3, channels);
  return TensorTypes{{DType::kFloat32, std::move(shape)}};
}

void ComputeToTensor(const NoAttrs&, OpContext& context) {
  const Shape& shape = context.input(0).shape();
  const int64_t rank = shape.rank(), channels = shape.back(), pixels = shape.Product(rank - 3, rank - 1);
  float* out = context.output(0).data<float>();
  DispatchDType(context.input(0).dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* in = context.input(0).data<const T>();
    context.ParallelRanges(context.output(0).num_elements(), kElementsPerTask, [&](int64_t begin, int64_t end) {
      ForPlanes(begin, end, pixels, [&](int64_t plane, int64_t first, int64_t last) {
        const T* from = in + plane / channels * pixels * channels + plane % channels;
        float* to = out + plane * pixels;
        for (int64_t i = first; i < last; ++i) {
          to[i] = static_cast<float>(static_cast<ComputeType<T>>(from[i * channels]) / 255.0f);
        }
      });
    });
  });
}

const OpRegistration<NoAttrs> kToTensor({
    .names = {"_image_to_tensor", "_npx__image_to_tensor"},
    .inputs = {"data"},
    .infer_types = InferToTensor,
    .compute = ComputeToTensor,
});

struct NormalizeAttrs {
  FloatTuple mean = {0, 0, 0, 0}, std = {1, 1, 1, 1};  // of each channel, or of all
};

absl::StatusOr<TensorTypes> InferNormalize(const NormalizeAttrs& attrs, const TensorTypes& inputs) {
  const TensorType& data = inputs[0];
  BARYON_RETURN_IF_ERROR(CheckPicture(data));
  BARYON_RETURN_IF_ERROR(CheckFloating("data", data));
  BARYON_RETURN_IF_ERROR(CheckChannels(data, data.shape.rank() - 3));
  const size_t channels = data.shape[data.shape.rank() - 3];
  for (const FloatTuple* values : {&attrs.mean, &attrs.std}) {
    if (values->size() == 1 || values->size() == channels) continue;
    return ExpectedGot(absl::StrCat("\"mean\" and \"std\" of 1 or ", channels, " numbers"), FormatAttr(*values));
  }
  return inputs;
}

void ComputeNormalize(const NormalizeAttrs& attrs, OpContext& context) {
  const Shape& shape = context.input(0).shape();
  const int64_t rank = shape.rank(), channels = shape[rank - 3], pixels = shape.Product(rank - 2, rank);
  const auto of_channel = [](const FloatTuple& values, int64_t channel) {
    return static_cast<float>(values[values.size() == 1 ? 0 : channel]);
  };
  DispatchFloating(context.input(0).dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    using V = ComputeType<T>;
    const T* in = context.input(0).data<const T>();
    T* out = context.output(0).data<T>();
    context.ParallelRanges(context.input(0).num_elements(), kElementsPerTask, [&](int64_t begin, int64_t end) {
      ForPlanes(begin, end, pixels, [&](int64_t plane, int64_t first, int64_t last) {
        const V mean = of_channel(attrs.mean, plane % channels), deviation = of_channel(attrs.std, plane % channels);
        for (int64_t i = plane * pixels + first; i < plane * pixels + last; ++i) {
          out[i] = static_cast<T>((static_cast<V>(in[i]) - mean) / deviation);
        }
      });
    });
  });
}

const OpRegistration<NormalizeAttrs> kNormalize({
    .names = {"_image_normalize", "_npx__image_normalize"},
    .inputs = {"data"},
    .attrs = {Attr("mean", &NormalizeAttrs::mean), Attr("std", &NormalizeAttrs::std)},
    .infer_types = InferNormalize,
    .compute = ComputeNormalize,
    .in_place = {0},
});

}  // namespace
}  // namespace baryon
