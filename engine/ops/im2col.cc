// The windows of a convolution as columns, [N, C * positions, windows], and columns summed back into an image.
#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/ops/shape_rules.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

struct WindowAttrs {
  IntTuple kernel, stride, dilate, pad;
  IntTuple output_size;  // of the image of col2im

  int64_t rank() const { return static_cast<int64_t>(kernel.size()); }
};

absl::Status CheckTuple(const char* name, const IntTuple& tuple, int64_t rank, int64_t least, bool may_be_empty) {
  constexpr int64_t kMost = int64_t{1} << 30;
  const bool fits = static_cast<int64_t>(tuple.size()) == rank || (may_be_empty && tuple.empty());
  const bool in_range = std::all_of(tuple.begin(), tuple.end(), [&](int64_t n) { return n >= least && n <= kMost; });
  if (fits && in_range) return absl::OkStatus();
  return ExpectedGot(absl::StrCat("\"", name, "\" of ", rank, " from ", least, " to 2^30"), FormatAttr(tuple));
}

absl::Status Check(const WindowAttrs& attrs) {
  if (attrs.rank() < 1 || attrs.rank() > 3) {
    return ExpectedGot("a \"kernel\" of 1, 2 or 3 elements", FormatAttr(attrs.kernel));
  }
  BARYON_RETURN_IF_ERROR(CheckTuple("kernel", attrs.kernel, attrs.rank(), 1, false));
  BARYON_RETURN_IF_ERROR(CheckTuple("stride", attrs.stride, attrs.rank(), 1, true));
  BARYON_RETURN_IF_ERROR(CheckTuple("dilate", attrs.dilate, attrs.rank(), 1, true));
  return CheckTuple("pad", attrs.pad, attrs.rank(), 0, true);
}

absl::Status CheckWithSize(const WindowAttrs& attrs) {
  BARYON_RETURN_IF_ERROR(Check(attrs));
  return CheckTuple("output_size", attrs.output_size, attrs.rank(), 1, false);
}

// One axis of an image: window w reads, at kernel position k, pixel w * stride - pad + k * dilation.
struct Axis {
  int64_t size = 1, windows = 1, kernel = 1, stride = 1, dilation = 1, pad = 0;
};
using Axes = std::array<Axis, 3>;

// Those of an image whose spatial sizes begin at `sizes`; axes that are missing are 1, in front.
absl::StatusOr<Axes> AxesOf(const WindowAttrs& attrs, absl::Span<const int64_t> sizes) {
  const auto element = [](const IntTuple& tuple, int64_t i, int64_t otherwise) {
    return tuple.empty() ? otherwise : tuple[i];
  };
  Axes axes;
  for (int64_t i = 0; i < attrs.rank(); ++i) {
    Axis& axis = axes[3 - attrs.rank() + i];
    axis = {sizes[i],
            0,
            attrs.kernel[i],
            element(attrs.stride, i, 1),
            element(attrs.dilate, i, 1),
            element(attrs.pad, i, 0)};
    const int64_t reach = axis.dilation * (axis.kernel - 1) + 1, padded = axis.size + 2 * axis.pad;
    if (reach > padded) return ExpectedGot(absl::StrCat("an image of ", reach, " or more with padding"), padded);
    axis.windows = (padded - reach) / axis.stride + 1;
  }
  return axes;
}

// Products of the axes, cut where they are beyond the size of any array.
int64_t Product(const Axes& axes, int64_t Axis::*size) {
  return ScaledDim(ScaledDim(axes[0].*size, axes[1].*size), axes[2].*size);
}
int64_t Positions(const Axes& axes) { return Product(axes, &Axis::kernel); }
int64_t Windows(const Axes& axes) { return Product(axes, &Axis::windows); }
int64_t Pixels(const Axes& axes) { return Product(axes, &Axis::size); }

// Calls fn(pixel, window, count, stride) for runs of windows of the last axis that read pixels of the image at kernel
// position `position`: `count` windows from `window` on, and pixels from `pixel` on in steps of `stride`.
template <typename Fn>
void ForRuns(const Axes& axes, int64_t position, Fn fn) {
  const Axis &depth = axes[0], &height = axes[1], &width = axes[2];
  const int64_t k[3] = {position / (height.kernel * width.kernel), position / width.kernel % height.kernel,
                        position % width.kernel};
  const int64_t first = k[2] * width.dilation - width.pad;  // the pixel of window 0
  const int64_t begin = first >= 0 ? 0 : (-first + width.stride - 1) / width.stride;
  const int64_t end =
      first >= width.size ? 0 : std::min((width.size - first + width.stride - 1) / width.stride, width.windows);
  if (begin >= end) return;
  for (int64_t d = 0; d < depth.windows; ++d) {
    const int64_t z = d * depth.stride - depth.pad + k[0] * depth.dilation;
    if (z < 0 || z >= depth.size) continue;
    for (int64_t h = 0; h < height.windows; ++h) {
      const int64_t y = h * height.stride - height.pad + k[1] * height.dilation;
      if (y < 0 || y >= height.size) continue;
      fn((z * height.size + y) * width.size + first + begin * width.stride,
         (d * height.windows + h) * width.windows + begin, end - begin, width.stride);
    }
  }
}

// Runs fn(plane) for all planes of images, on as many threads as their sizes deserve.
void ForPlanes(OpContext& context, int64_t planes, int64_t elements, absl::FunctionRef<void(int64_t plane)> fn) {
  constexpr int64_t kElementsPerTask = 1 << 14;
  context.ParallelRanges(planes, kElementsPerTask / (elements + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t plane = begin; plane < end; ++plane) fn(plane);
  });
}

absl::StatusOr<TensorTypes> InferIm2Col(const WindowAttrs& attrs, const TensorTypes& inputs) {
  const TensorType& data = inputs[0];
  BARYON_RETURN_IF_ERROR(CheckRank("data", data, attrs.rank() + 2));
  BARYON_RETURN_IF_ERROR(CheckFloating("data", data));
  BARYON_ASSIGN_OR_RETURN(const Axes axes, AxesOf(attrs, data.shape.dims().subspan(2)));
  return TensorTypes{{data.dtype, {data.shape[0], ScaledDim(data.shape[1], Positions(axes)), Windows(axes)}}};
}

void ComputeIm2Col(const WindowAttrs& attrs, OpContext& context) {
  const Shape& shape = context.input(0).shape();
  const Axes axes = *AxesOf(attrs, shape.dims().subspan(2));
  const int64_t windows = Windows(axes), pixels = Pixels(axes), positions = Positions(axes);
  DispatchFloating(context.input(0).dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    // A plane is the windows' elements at one position, of one channel of one image.
    ForPlanes(context, shape[0] * shape[1] * positions, windows, [&](int64_t plane) {
      const T* image = context.input(0).data<const T>() + plane / positions * pixels;
      T* columns = context.output(0).data<T>() + plane * windows;
      std::fill_n(columns, windows, static_cast<T>(0));
      ForRuns(axes, plane % positions, [&](int64_t pixel, int64_t window, int64_t count, int64_t stride) {
        for (int64_t i = 0; i < count; ++i) columns[window + i] = image[pixel + i * stride];
      });
    });
  });
}

const OpRegistration<WindowAttrs> kIm2Col({
    .names = {"im2col"},
    .inputs = {"data"},
    .attrs = {RequiredAttr("kernel", &WindowAttrs::kernel), Attr("stride", &WindowAttrs::stride),
              Attr("dilate", &WindowAttrs::dilate), Attr("pad", &WindowAttrs::pad)},
    .check = Check,
    .infer_types = InferIm2Col,
    .compute = ComputeIm2Col,
});

absl::StatusOr<TensorTypes> InferCol2Im(const WindowAttrs& attrs, const TensorTypes& inputs) {
  const TensorType& data = inputs[0];
  BARYON_RETURN_IF_ERROR(CheckRank("data", data, 3));
  BARYON_RETURN_IF_ERROR(CheckFloating("data", data));
  BARYON_ASSIGN_OR_RETURN(const Axes axes, AxesOf(attrs, attrs.output_size));
  const int64_t positions = Positions(axes);
  if (data.shape[1] % positions != 0 || data.shape[2] != Windows(axes)) {
    return ExpectedGot(absl::StrCat("columns [N, a multiple of ", positions, ", ", Windows(axes), "]"),
                       data.ToString());
  }
  TensorType image = {data.dtype, {data.shape[0], data.shape[1] / positions}};
  for (int64_t size : attrs.output_size) image.shape.Append(size);
  return TensorTypes{std::move(image)};
}

void ComputeCol2Im(const WindowAttrs& attrs, OpContext& context) {
  const Axes axes = *AxesOf(attrs, attrs.output_size);
  const int64_t windows = Windows(axes), pixels = Pixels(axes), positions = Positions(axes);
  const Shape& shape = context.output(0).shape();
  DispatchFloating(context.input(0).dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    using V = ComputeType<T>;
    ForPlanes(context, shape[0] * shape[1], windows * positions, [&](int64_t plane) {
      T* image = context.output(0).data<T>() + plane * pixels;
      std::fill_n(image, pixels, static_cast<T>(0));
      for (int64_t position = 0; position < positions; ++position) {
        const T* columns = context.input(0).data<const T>() + (plane * positions + position) * windows;
        ForRuns(axes, position, [&](int64_t pixel, int64_t window, int64_t count, int64_t stride) {
          for (int64_t i = 0; i < count; ++i) {
            T& sum = image[pixel + i * stride];
            sum = static_cast<T>(static_cast<V>(sum) + static_cast<V>(columns[window + i]));
          }
        });
      }
    });
  });
}

const OpRegistration<WindowAttrs> kCol2Im({
    .names = {"col2im"},
    .inputs = {"data"},
    .attrs = {RequiredAttr("output_size", &WindowAttrs::output_size), RequiredAttr("kernel", &WindowAttrs::kernel),
              Attr("stride", &WindowAttrs::stride), Attr("dilate", &WindowAttrs::dilate),
              Attr("pad", &WindowAttrs::pad)},
    .check = CheckWithSize,
    .infer_types = InferCol2Im,
    .compute = ComputeCol2Im,
});

}  // namespace
}  // namespace baryon
