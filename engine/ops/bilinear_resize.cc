// Bilinear interpolation of images to another size, which is given, a multiple of the old one, or that of another
// input.
#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/resize_bilinear.h"
#include "engine/ops/conv_rules.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

enum class Mode { kSize, kOddScale, kLike, kToEvenDown, kToEvenUp, kToOddDown, kToOddUp };

struct ResizeAttrs {
  int64_t height = 1, width = 1;
  std::optional<double> scale_height, scale_width;
  Mode mode = Mode::kSize;
  bool align_corners = true;
  Layout layout = Layout::kNone;

  bool channels_last() const { return IsChannelsLast(layout); }
};

constexpr double kMostSize = 1 << 24;  // along an axis

int64_t HeightAxis(const ResizeAttrs& attrs) { return attrs.channels_last() ? 1 : 2; }

absl::Status Check(const ResizeAttrs& attrs) {
  if (attrs.scale_height.has_value() != attrs.scale_width.has_value()) {
    return ExpectedGot("both \"scale_height\" and \"scale_width\" or none", "one of them");
  }
  if (attrs.mode == Mode::kOddScale && !attrs.scale_height.has_value()) {
    return ExpectedGot("\"scale_height\" and \"scale_width\" for mode odd_scale", "none");
  }
  return CheckLayout(attrs.layout, 2);
}

// The size of the output along axis 0 (height) or 1 of an image of `in`.
double NewSize(const ResizeAttrs& attrs, int axis, int64_t in) {
  const std::optional<double>& wanted = axis == 0 ? attrs.scale_height : attrs.scale_width;
  const float scale = static_cast<float>(wanted.value_or(1));
  const bool odd = in % 2 != 0;
  switch (attrs.mode) {
    case Mode::kSize:
      if (!wanted.has_value()) return static_cast<double>(axis == 0 ? attrs.height : attrs.width);
      return static_cast<float>(in) * scale;
    case Mode::kOddScale:
      return odd ? std::floor(static_cast<float>(in - 1) * scale) + 1 : static_cast<float>(in) * scale;
    case Mode::kToEvenDown:
      return static_cast<double>(in - odd);
    case Mode::kToEvenUp:
      return static_cast<double>(in + odd);
    case Mode::kToOddDown:
      return static_cast<double>(in - !odd);
    case Mode::kToOddUp:
      return static_cast<double>(in + !odd);
    case Mode::kLike:
      break;
  }
  return static_cast<double>(in);
}

absl::StatusOr<TensorTypes> InferTypes(const ResizeAttrs& attrs, const TensorTypes& inputs) {
  for (const TensorType& input : inputs) BARYON_RETURN_IF_ERROR(CheckRank("data", input, 4));
  BARYON_RETURN_IF_ERROR(CheckFloating("data", inputs[0]));
  TensorType output = inputs[0];
  for (int axis = 0; axis < 2; ++axis) {
    int64_t& size = output.shape[HeightAxis(attrs) + axis];
    if (size == 0) return ExpectedGot("an image", inputs[0].ToString());
    if (attrs.mode == Mode::kLike) {
      size = inputs[1].shape[HeightAxis(attrs) + axis];
    } else if (size > 0 || (attrs.mode == Mode::kSize && !attrs.scale_height.has_value())) {
      const double wanted = NewSize(attrs, axis, size);
      if (!(wanted >= 1 && wanted <= kMostSize)) return ExpectedGot("an output from 1 to 2^24 along an axis", wanted);
      size = static_cast<int64_t>(wanted);
    }
  }
  return TensorTypes{output};
}

class ResizeKernel : public Kernel {
 public:
  ResizeKernel(const ResizeAttrs& attrs, const TensorType& data, const TensorType& output)
      : dtype_(data.dtype), inner_(attrs.channels_last() ? data.shape[3] : 1) {
    const int64_t height = HeightAxis(attrs);
    in_height_ = data.shape[height];
    in_width_ = data.shape[height + 1];
    rows_ = kernels::BilinearAxis(in_height_, output.shape[height], attrs.align_corners);
    columns_ = kernels::BilinearAxis(in_width_, output.shape[height + 1], attrs.align_corners);
    num_rows_ = output.shape.Product(0, height + 1);
  }

  void Compute(OpContext& context) const override {
    constexpr int64_t kElementsPerTask = 1 << 14;
    const int64_t row_elements = std::max<int64_t>(static_cast<int64_t>(columns_.size()) * inner_, 1);
    context.ParallelRanges(num_rows_, kElementsPerTask / row_elements, [&](int64_t begin, int64_t end) {
      DispatchFloating(dtype_, [&](auto tag) {
        using T = typename decltype(tag)::type;
        kernels::ResizeBilinear<T>(rows_, columns_, in_height_, in_width_, inner_, context.input(0).data<const T>(),
                                   begin, end, context.output(0).data<T>());
      });
    });
  }

 private:
  const DType dtype_;
  const int64_t inner_;  // channels that follow each other
  int64_t in_height_, in_width_, num_rows_;
  std::vector<kernels::Interpolation> rows_, columns_;
};

absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const ResizeAttrs& attrs, PrepareContext& context) {
  return std::unique_ptr<Kernel>(std::make_unique<ResizeKernel>(attrs, context.inputs()[0], context.outputs()[0]));
}

std::optional<ResizeAttrs> ToChannelsLast(const ResizeAttrs& attrs, int rank) {
  if (attrs.channels_last() || rank != 4) return std::nullopt;
  ResizeAttrs changed = attrs;
  changed.layout = Layout::kNHWC;
  return changed;
}

const OpRegistration<ResizeAttrs> kBilinearResize({
    .names = {"_contrib_BilinearResize2D"},
    .inputs = {"data", "like"},
    .attrs = {Attr("height", &ResizeAttrs::height), Attr("width", &ResizeAttrs::width),
              Attr("scale_height", &ResizeAttrs::scale_height), Attr("scale_width", &ResizeAttrs::scale_width),
              EnumAttr("mode", &ResizeAttrs::mode,
                       {{"size", Mode::kSize},
                        {"odd_scale", Mode::kOddScale},
                        {"like", Mode::kLike},
                        {"to_even_down", Mode::kToEvenDown},
                        {"to_even_up", Mode::kToEvenUp},
                        {"to_odd_down", Mode::kToOddDown},
                        {"to_odd_up", Mode::kToOddUp}}),
              Attr("align_corners", &ResizeAttrs::align_corners), Internal(LayoutAttr("layout", &ResizeAttrs::layout))},
    .check = Check,
    .num_inputs = [](const ResizeAttrs& attrs) { return attrs.mode == Mode::kLike ? 2 : 1; },
    .infer_types = InferTypes,
    .prepare = Prepare,
    .accepts_unknown_dims = true,
    .to_channels_last = ToChannelsLast,
});

}  // namespace
}  // namespace baryon
