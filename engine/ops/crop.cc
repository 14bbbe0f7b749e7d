// Crop: a window of [N, C, H, W] pictures, as high and wide as `h_w` says or as a second array is.
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/moves.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

struct CropAttrs {
  int64_t num_args = -1;
  IntTuple offset = {0, 0};  // (y, x)
  IntTuple h_w = {0, 0};
  bool center_crop = false;
  bool channels_last = false;  // [N, H, W, C]

  int64_t height_axis() const { return channels_last ? 1 : 2; }
};

absl::Status CheckPairs(const CropAttrs& attrs) {
  if (attrs.offset.size() != 2) return ExpectedGot("an offset (y, x)", FormatAttr(attrs.offset));
  if (attrs.h_w.size() != 2) return ExpectedGot("h_w (height, width)", FormatAttr(attrs.h_w));
  return absl::OkStatus();
}

// Where the window begins along height (0) and width (1).
int64_t WindowBegin(const CropAttrs& attrs, int side, int64_t size, int64_t window) {
  return attrs.center_crop ? (size - window) / 2 : attrs.offset[side];
}

absl::StatusOr<TensorTypes> InferTypes(const CropAttrs& attrs, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckNumArgs(attrs.num_args, inputs));
  if (inputs.size() > 2) return ExpectedGot("one or two inputs", inputs.size());
  for (const TensorType& input : inputs) BARYON_RETURN_IF_ERROR(CheckRank("data", input, 4));
  TensorType output = inputs[0];
  for (int side : {0, 1}) {
    const int64_t axis = attrs.height_axis() + side, size = inputs[0].shape[axis];
    const int64_t window = inputs.size() == 2 ? inputs[1].shape[axis] : attrs.h_w[side];
    const int64_t begin = WindowBegin(attrs, side, size, window);
    if (window < 1 || begin < 0 || begin > size - window) {
      return ExpectedGot(absl::StrCat("a window within ", inputs[0].shape.ToString()),
                         absl::StrCat("one of ", window, " from ", begin, " along axis ", axis));
    }
    output.shape[axis] = window;
  }
  return TensorTypes{output};
}

absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const CropAttrs& attrs, PrepareContext& context) {
  const Shape &from = context.inputs()[0].shape, &to = context.outputs()[0].shape;
  const auto strides = RowMajorStrides(from);
  int64_t first = 0;
  for (int side : {0, 1}) {
    const int64_t axis = attrs.height_axis() + side;
    first += WindowBegin(attrs, side, from[axis], to[axis]) * strides[axis];
  }
  return MakeMoveKernel(context, {{.from = first, .loops = LoopsOver(to, strides, RowMajorStrides(to))}});
}

std::optional<CropAttrs> ToChannelsLast(const CropAttrs& attrs, int rank) {
  if (attrs.channels_last || rank != 4) return std::nullopt;
  CropAttrs changed = attrs;
  changed.channels_last = true;
  return changed;
}

const OpRegistration<CropAttrs> kCrop({
    .names = {"Crop"},
    .inputs = {"data"},
    .variadic = true,
    .attrs = {Attr("num_args", &CropAttrs::num_args), Attr("offset", &CropAttrs::offset), Attr("h_w", &CropAttrs::h_w),
              Attr("center_crop", &CropAttrs::center_crop), InternalAttr("channels_last", &CropAttrs::channels_last)},
    .check = CheckPairs,
    .infer_types = InferTypes,
    .prepare = Prepare,
    .to_channels_last = ToChannelsLast,
});

}  // namespace
}  // namespace baryon
