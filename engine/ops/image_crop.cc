// Parts of pictures, and pictures turned over.
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/ops/image_rules.h"
#include "engine/ops/moves.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

struct CropAttrs {
  int64_t x = 0, y = 0, width = 0, height = 0;
};

absl::StatusOr<TensorTypes> InferCrop(const CropAttrs& attrs, const TensorTypes& inputs) {
  TensorType output = inputs[0];
  BARYON_RETURN_IF_ERROR(CheckPicture(output));
  const int64_t rank = output.shape.rank();
  BARYON_RETURN_IF_ERROR(CheckChannels(output, rank - 1));
  const auto crop = [](const char* name, int64_t first, int64_t size, int64_t& axis) {
    const bool fits = first >= 0 && size >= 1 && first <= axis && size <= axis - first;
    if (!fits) return ExpectedGot(absl::StrCat(name, " within ", axis), absl::StrCat(size, " from ", first));
    axis = size;
    return absl::OkStatus();
  };
  BARYON_RETURN_IF_ERROR(crop("a height", attrs.y, attrs.height, output.shape[rank - 3]));
  BARYON_RETURN_IF_ERROR(crop("a width", attrs.x, attrs.width, output.shape[rank - 2]));
  return TensorTypes{std::move(output)};
}

absl::StatusOr<std::unique_ptr<Kernel>> PrepareCrop(const CropAttrs& attrs, PrepareContext& context) {
  const Shape &from = context.inputs()[0].shape, &to = context.outputs()[0].shape;
  const auto from_strides = RowMajorStrides(from), to_strides = RowMajorStrides(to);
  Move move;
  move.from = attrs.y * from_strides[from.rank() - 3] + attrs.x * from_strides[from.rank() - 2];
  move.loops = LoopsOver(to, from_strides, to_strides);
  return MakeMoveKernel(context, {std::move(move)});
}

const OpRegistration<CropAttrs> kCrop({
    .names = {"_image_crop", "_npx__image_crop"},
    .inputs = {"data"},
    .attrs = {RequiredAttr("x", &CropAttrs::x), RequiredAttr("y", &CropAttrs::y),
              RequiredAttr("width", &CropAttrs::width), RequiredAttr("height", &CropAttrs::height)},
    .infer_types = InferCrop,
    .prepare = PrepareCrop,
});

OpSpec<NoAttrs> FlipSpec(std::vector<std::string> names, int64_t axis) {
  return {
      .names = std::move(names),
      .inputs = {"data"},
      .infer_types = [](const NoAttrs&, const TensorTypes& inputs) -> absl::StatusOr<TensorTypes> {
        BARYON_RETURN_IF_ERROR(CheckRank("data", inputs[0], 3));
        BARYON_RETURN_IF_ERROR(CheckChannels(inputs[0], 2));
        return inputs;
      },
      .prepare = [axis](const NoAttrs&, PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
        const Shape& shape = context.inputs()[0].shape;
        const auto strides = RowMajorStrides(shape);
        auto from = strides;
        from[axis] = -from[axis];
        Move move;
        move.from = std::max<int64_t>(shape[axis] - 1, 0) * strides[axis];
        move.loops = LoopsOver(shape, from, strides);
        return MakeMoveKernel(context, {std::move(move)});
      },
  };
}

const OpRegistration<NoAttrs> kFlipLeftRight(FlipSpec({"_image_flip_left_right", "_npx__image_flip_left_right"}, 1));
const OpRegistration<NoAttrs> kFlipTopBottom(FlipSpec({"_image_flip_top_bottom", "_npx__image_flip_top_bottom"}, 0));

}  // namespace
}  // namespace baryon
