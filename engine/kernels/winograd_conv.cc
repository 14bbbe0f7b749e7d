// Tiles are worked off in blocks. A block's inputs are transformed once; then panel of filters by panel, all products of
// the block are multiplied (tile_products.h) into sums that stay in the first levels of the cache, and transformed back.
// The transformed inputs are read once for each panel, 4 bytes for 64 multiplications, which any level of the cache can
// deliver; the weights are read once for each block, so blocks are large where weights are.
//
// Threads share the work by blocks, or where tiles are few by panels: then each transforms all inputs, which costs a
// hundredth of the products there, and reads its own part of the weights only.
#include "engine/kernels/winograd_conv.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "engine/kernels/limits.h"
#include "engine/kernels/parts.h"
#include "engine/kernels/pixel_rows.h"

namespace baryon::kernels {
namespace {

constexpr int64_t kLeastBlockBytes = 512 << 10;  // half of the second level of the cache
constexpr int64_t kMostBlockBytes = 2 << 20;
constexpr int64_t kMostEdge = 6, kMostOutputs = 16;

// What parts of the work cost, in multiplications of a matrix product: transforming one channel of a tile there and
// back, and bringing a byte of the weights from memory. Measured.
constexpr double kInputCost[] = {60, 165}, kOutputCost[] = {40, 130};
constexpr double kByteFromMemory = 1.9, kByteFromCache = 0.6;
constexpr double kCacheBytes = 16 << 20;

// The time of an image, in multiplications.
double CostOf(const ConvGeometry& g, int m) {
  const double tiles = static_cast<double>(CeilDiv(g.out[1], m) * CeilDiv(g.out[2], m));
  const double weights = static_cast<double>(g.channels * g.filters), products = (m + 2) * (m + 2);
  const double bytes = products * weights * sizeof(float);
  const double reading = bytes * (bytes > kCacheBytes ? kByteFromMemory : kByteFromCache);
  const double transforms = tiles * (static_cast<double>(g.channels) * kInputCost[m / 4] +
                                     static_cast<double>(g.filters) * kOutputCost[m / 4]);
  return std::max(tiles * products * weights, reading) + transforms;
}

}  // namespace

bool WinogradConvPlan::Supports(const ConvGeometry& g) {
  const Extents ones = {1, 1, 1};
  return g.groups == 1 && !g.transposed && g.kernel == Extents{1, 3, 3} && g.stride == ones && g.dilation == ones &&
         g.in[0] == 1 && g.out[0] == 1 && g.pad[0] == 0;
}

int WinogradConvPlan::BestTile(const ConvGeometry& geometry, int most) {
  constexpr int64_t kFewChannels = 16;
  if (!Supports(geometry) || geometry.channels < kFewChannels || geometry.filters < kFewChannels) return 0;
  double least = static_cast<double>(geometry.out_pixels() * 9 * geometry.channels * geometry.filters);
  int best = 0;
  for (int m = 2; m <= most; m += 2) {
    const double cost = CostOf(geometry, m);
    if (cost >= least) continue;
    least = cost;
    best = m;
  }
  return best;
}

WinogradConvPlan::WinogradConvPlan(const ConvGeometry& geometry, const ConvOptions& options, int m)
    : geometry_(geometry),
      options_(WithStrides(options, geometry)),
      m_(m),
      transforms_(ActiveWinogradTarget()),
      target_(ActiveGemmTarget()),
      zeros_(geometry.channels, 0.0f),
      tiles_y_(CeilDiv(geometry.out[1], m)),
      tiles_x_(CeilDiv(geometry.out[2], m)),
      blocks_(MakeBlocks(options.num_threads)),
      products_(target_, edge() * edge(), geometry.channels, geometry.filters, blocks_.tiles_per_block) {}

// As many tiles as their left sides and sums leave room for in the cache; more where weights are large, which are read
// once for each block.
TileBlocks WinogradConvPlan::MakeBlocks(int num_threads) const {
  const int64_t products = edge() * edge(), float_bytes = sizeof(float);
  const int64_t weight_bytes = products * geometry_.channels * geometry_.filters * float_bytes;
  const int64_t tile_bytes = products * (geometry_.channels + target_.panel_width) * float_bytes;
  const int64_t block_bytes = std::clamp(weight_bytes / 4, kLeastBlockBytes, kMostBlockBytes);
  return TileBlocks(geometry_.batch * tiles_per_image(), std::max<int64_t>(block_bytes / tile_bytes, 1),
                    CeilDiv(geometry_.filters, target_.panel_width), num_threads);
}

std::string WinogradConvPlan::ToString() const {
  return absl::StrCat("winograd ", m_, "x", m_, " ", target_.name, ", ", blocks_.num_blocks, " block x ",
                      blocks_.panel_tasks, " panel tasks");
}

std::string WinogradConvPlan::PackedForm() const { return absl::StrCat("winograd ", m_, " ", target_.name); }

int64_t WinogradConvPlan::workspace_bytes() const {
  return (products_.left_size() + products_.sums_size()) * static_cast<int64_t>(sizeof(float));
}

void WinogradConvPlan::Pack(const float* weight, const WeightStrides& strides, float* packed) const {
  for (int64_t panel = 0; panel < products_.num_panels(); ++panel) {
    PackPanel(weight, strides, panel, packed + products_.panel_offset(panel));
  }
}

void WinogradConvPlan::PackPanel(const float* weight, const WeightStrides& strides, int64_t panel,
                                 float* packed) const {
  constexpr int64_t kMostWidth = 64;
  const int64_t first = panel * target_.panel_width, columns = products_.panel_columns(panel);
  const int64_t width = products_.panel_width(panel);
  std::vector<float> kernels(9 * kMostWidth);  // [position][column], the columns beyond the last 0
  WinogradWeightTile tile;
  tile.in = kernels.data();
  tile.step = kMostWidth;
  tile.out_step = geometry_.channels * width;
  tile.count = width;
  for (int64_t c = 0; c < geometry_.channels; ++c) {
    for (int64_t j = 0; j < columns; ++j) {
      const float* source = weight + (first + j) * strides.filter + c * strides.channel;
      for (int64_t p = 0; p < 9; ++p) kernels[p * kMostWidth + j] = source[p * strides.position];
    }
    tile.out = packed + c * width;
    transforms_.weight[m_ / 4](tile);
  }
}

WinogradConvPlan::TileOrigin WinogradConvPlan::OriginOf(int64_t tile) const {
  const int64_t image = tile / tiles_per_image(), index = tile % tiles_per_image();
  return {image, index / tiles_x_ * m_, index % tiles_x_ * m_};
}

void WinogradConvPlan::TransformInputs(int64_t first, int64_t count, const ConvOperands& operands, float* left) const {
  const int64_t height = geometry_.in[1], width = geometry_.in[2];
  const float* pixels[kMostEdge * kMostEdge];
  WinogradInputTile tile = {pixels, left, products_.left_product_step(), geometry_.channels};
  for (int64_t i = first; i < first + count; ++i, tile.out += products_.left_tile_step()) {
    const TileOrigin origin = OriginOf(i);
    const float* image = operands.in + origin.image * height * width * options_.in_stride;
    for (int64_t p = 0; p < products_.products(); ++p) {
      const int64_t y = origin.y - geometry_.pad[1] + p / edge(), x = origin.x - geometry_.pad[2] + p % edge();
      const bool inside = y >= 0 && y < height && x >= 0 && x < width;
      pixels[p] = inside ? image + (y * width + x) * options_.in_stride : zeros_.data();
    }
    transforms_.input[m_ / 4](tile);
  }
}

void WinogradConvPlan::TransformSums(int64_t first, int64_t count, int64_t panel, const float* sums,
                                     const ConvOperands& operands) const {
  const int64_t column = panel * target_.panel_width, outputs = m_ * m_;
  const Limits limits = LimitsOf(operands.activation);
  float* out[kMostOutputs];
  const float* residual[kMostOutputs];
  WinogradOutputTile tile;
  tile.in = sums;
  tile.in_step = products_.sums_product_step();
  tile.columns = products_.panel_columns(panel);
  tile.out = out;
  tile.residual = operands.residual != nullptr ? residual : nullptr;
  tile.bias = operands.bias != nullptr ? operands.bias + column : nullptr;
  tile.lower = limits.lower;
  tile.upper = limits.upper;
  for (int64_t i = first; i < first + count; ++i, tile.in += products_.sums_tile_step()) {
    const TileOrigin origin = OriginOf(i);
    for (int64_t p = 0; p < outputs; ++p) {
      const int64_t y = origin.y + p / m_, x = origin.x + p % m_;
      const bool inside = y < geometry_.out[1] && x < geometry_.out[2];
      const int64_t pixel = (origin.image * geometry_.out[1] + y) * geometry_.out[2] + x;
      out[p] = inside ? operands.out + pixel * options_.out_stride + column : nullptr;
      if (tile.residual != nullptr && inside)
        residual[p] = operands.residual + pixel * options_.residual_stride + column;
    }
    transforms_.output[m_ / 4](tile);
    if (limits.complete) continue;
    for (int64_t p = 0; p < outputs; ++p) {
      if (out[p] != nullptr) target_.activate(operands.activation, out[p], tile.columns);
    }
  }
}

void WinogradConvPlan::RunTask(int task, const ConvOperands& operands, char* workspace) const {
  const int64_t block = task / blocks_.panel_tasks, part = task % blocks_.panel_tasks;
  const int64_t first = block * blocks_.tiles_per_block,
                count = std::min(blocks_.tiles_per_block, blocks_.tiles - first);
  float* left = reinterpret_cast<float*>(workspace);
  float* sums = left + products_.left_size();
  TransformInputs(first, count, operands, left);
  const int64_t last_panel = products_.num_panels() * (part + 1) / blocks_.panel_tasks;
  for (int64_t panel = products_.num_panels() * part / blocks_.panel_tasks; panel < last_panel; ++panel) {
    products_.Multiply(panel, count, left, operands.packed, sums);
    TransformSums(first, count, panel, sums, operands);
  }
}

}  // namespace baryon::kernels
