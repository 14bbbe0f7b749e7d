// depth_to_space: groups of block x block channels become squares of pixels; space_to_depth is the way back. The
// channel of the deep picture is (row in the square, column in the square, channel), in this order.
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/moves.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

struct BlockAttrs {
  int64_t block_size = 0;
  bool channels_last = false;  // [N, H, W, C]

  int64_t channel_axis() const { return channels_last ? 3 : 1; }
  int64_t height_axis() const { return channels_last ? 1 : 2; }
};

constexpr int64_t kMostBlock = 1 << 20;

absl::Status CheckBlock(const BlockAttrs& attrs) {
  if (1 <= attrs.block_size && attrs.block_size <= kMostBlock) return absl::OkStatus();
  return ExpectedGot(absl::StrCat("block_size from 1 to ", kMostBlock), attrs.block_size);
}

absl::Status CheckDivides(int64_t divisor, int64_t axis, const TensorType& type) {
  if (type.shape[axis] % divisor == 0) return absl::OkStatus();
  return ExpectedGot(absl::StrCat("a multiple of ", divisor, " along axis ", axis), type.ToString());
}

absl::StatusOr<TensorTypes> InferDepthToSpace(const BlockAttrs& attrs, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckRank("data", inputs[0], 4));
  const int64_t block = attrs.block_size;
  BARYON_RETURN_IF_ERROR(CheckDivides(block * block, attrs.channel_axis(), inputs[0]));
  TensorType output = inputs[0];
  output.shape[attrs.channel_axis()] /= block * block;
  for (int64_t axis : {attrs.height_axis(), attrs.height_axis() + 1}) {
    output.shape[axis] = ScaledDim(output.shape[axis], block);
  }
  return TensorTypes{std::move(output)};
}

absl::StatusOr<TensorTypes> InferSpaceToDepth(const BlockAttrs& attrs, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckRank("data", inputs[0], 4));
  TensorType output = inputs[0];
  for (int64_t axis : {attrs.height_axis(), attrs.height_axis() + 1}) {
    BARYON_RETURN_IF_ERROR(CheckDivides(attrs.block_size, axis, inputs[0]));
    output.shape[axis] /= attrs.block_size;
  }
  output.shape[attrs.channel_axis()] =
      ScaledDim(output.shape[attrs.channel_axis()], attrs.block_size * attrs.block_size);
  return TensorTypes{std::move(output)};
}

// Loops over N, C, H, W of the deep picture's pixels and rows and columns of a square; `from` walks through the deep
// picture, `to` through the flat one.
std::vector<kernels::CopyLoop> BlockLoops(const BlockAttrs& attrs, const Shape& deep, const Shape& flat) {
  const auto from = RowMajorStrides(deep), to = RowMajorStrides(flat);
  const int64_t b = attrs.block_size, c = attrs.channel_axis(), h = attrs.height_axis(), w = h + 1;
  return {{flat[0], from[0], to[0]},     {flat[c], from[c], to[c]},         {deep[h], from[h], b * to[h]},
          {deep[w], from[w], b * to[w]}, {b, b * flat[c] * from[c], to[h]}, {b, flat[c] * from[c], to[w]}};
}

absl::StatusOr<std::unique_ptr<Kernel>> PrepareDepthToSpace(const BlockAttrs& attrs, PrepareContext& context) {
  return MakeMoveKernel(context, {{.loops = BlockLoops(attrs, context.inputs()[0].shape, context.outputs()[0].shape)}});
}

absl::StatusOr<std::unique_ptr<Kernel>> PrepareSpaceToDepth(const BlockAttrs& attrs, PrepareContext& context) {
  Move move = {.loops = BlockLoops(attrs, context.outputs()[0].shape, context.inputs()[0].shape)};
  for (kernels::CopyLoop& loop : move.loops) std::swap(loop.from, loop.to);
  return MakeMoveKernel(context, {std::move(move)});
}

std::optional<BlockAttrs> ToChannelsLast(const BlockAttrs& attrs, int rank) {
  if (attrs.channels_last || rank != 4) return std::nullopt;
  BlockAttrs changed = attrs;
  changed.channels_last = true;
  return changed;
}

OpSpec<BlockAttrs> BlockSpec(const char* name) {
  OpSpec<BlockAttrs> spec;
  spec.names = {name};
  spec.inputs = {"data"};
  spec.attrs = {RequiredAttr("block_size", &BlockAttrs::block_size),
                InternalAttr("channels_last", &BlockAttrs::channels_last)};
  spec.check = CheckBlock;
  spec.to_channels_last = ToChannelsLast;
  return spec;
}

const OpRegistration<BlockAttrs> kDepthToSpace([] {
  auto spec = BlockSpec("depth_to_space");
  spec.infer_types = InferDepthToSpace;
  spec.prepare = PrepareDepthToSpace;
  return spec;
}());

const OpRegistration<BlockAttrs> kSpaceToDepth([] {
  auto spec = BlockSpec("space_to_depth");
  spec.infer_types = InferSpaceToDepth;
  spec.prepare = PrepareSpaceToDepth;
  return spec;
}());

}  // namespace
}  // namespace baryon
