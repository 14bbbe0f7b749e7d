// Tiles are worked off in blocks. A block's inputs are transformed once; then panel of filters by panel, all products
// of the block are multiplied (tile_products.h) into sums that stay in the first levels of the cache, and transformed
// back. The transformed inputs are read once for each panel, 4 bytes for 64 multiplications, which any level of the
// cache can deliver; the weights are read once for each block, so blocks are large where weights are.
//
// Threads share the work by blocks, or where tiles are few by panels: then each transforms all inputs, which costs a
// hundredth of the products there, and reads its own part of the weights only.
#include "engine/kernels/winograd_conv.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "engine/kernels/parts.h"
#include "engine/kernels/pixel_rows.h"
#include "engine/kernels/weight_price.h"

namespace baryon::kernels {
namespace {

constexpr int64_t kLeastBlockBytes = 512 << 10;  // half of the second level of the cache
constexpr int64_t kMostBlockBytes = 2 << 20;

// What parts of the work cost, in multiplications of a matrix product: transforming one channel of a tile there and
// back, and bringing a byte of the weights from memory. Measured.
constexpr double kInputCost[] = {60, 105, 165}, kOutputCost[] = {40, 80, 130};  // by m - 2
constexpr double kByteFromMemory = 1.9, kByteFromCache = 0.6;
constexpr double kCacheBytes = 16 << 20;

// The time of an image, in multiplications, and the price of the weights.
double CostOf(const ConvGeometry& g, int m) {
  const double tiles = static_cast<double>(CeilDiv(g.out[1], m) * CeilDiv(g.out[2], m));
  const double weights = static_cast<double>(g.channels * g.filters), products = (m + 2) * (m + 2);
  const double bytes = products * weights * sizeof(float);
  const double reading = bytes * (bytes > kCacheBytes ? kByteFromMemory : kByteFromCache);
  const double transforms = tiles * (static_cast<double>(g.channels) * kInputCost[m - 2] +
                                     static_cast<double>(g.filters) * kOutputCost[m - 2]);
  return std::max(tiles * products * weights, reading) + transforms + PriceOfWeights(bytes);
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
  const double weights = static_cast<double>(9 * geometry.channels * geometry.filters);
  double least = static_cast<double>(geometry.out_pixels()) * weights + PriceOfWeights(weights * sizeof(float));
  int best = 0;
  for (int m = 2; m <= most; ++m) {
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
      transforms_(ActiveWinogradTransforms(m, 3)),
      target_(ActiveGemmTarget()),
      zeros_(geometry.channels, 0.0f),
      grid_(geometry_, options_, transforms_),
      blocks_(MakeBlocks(options.num_threads)),
      products_(target_, transforms_.products(), geometry.channels, geometry.filters, blocks_.tiles_per_block) {}

// As many tiles as their left sides and sums leave room for in the cache; more where weights are large, which are read
// once for each block.
TileBlocks WinogradConvPlan::MakeBlocks(int num_threads) const {
  const int64_t products = transforms_.products(), float_bytes = sizeof(float);
  const int64_t weight_bytes = products * geometry_.channels * geometry_.filters * float_bytes;
  const int64_t tile_bytes = products * (geometry_.channels + target_.panel_width) * float_bytes;
  const int64_t block_bytes = std::clamp(weight_bytes / 4, kLeastBlockBytes, kMostBlockBytes);
  return TileBlocks(grid_.num_tiles(), std::max<int64_t>(block_bytes / tile_bytes, 1),
                    CeilDiv(geometry_.filters, target_.panel_width), num_threads);
}

std::string WinogradConvPlan::ToString() const {
  return absl::StrCat("winograd ", transforms_.m, "x", transforms_.m, " ", target_.name, ", ", blocks_.num_blocks,
                      " block x ", blocks_.panel_tasks, " panel tasks");
}

std::string WinogradConvPlan::PackedForm() const { return absl::StrCat("winograd ", transforms_.m, " ", target_.name); }

int64_t WinogradConvPlan::workspace_bytes() const {
  return (products_.left_size() + products_.sums_size()) * static_cast<int64_t>(sizeof(float));
}

void WinogradConvPlan::Pack(const float* weight, const WeightStrides& strides, float* packed) const {
  const auto read = [&](int64_t filter, int64_t channel, float* kernel, int64_t step) {
    const float* source = weight + filter * strides.filter + channel * strides.channel;
    for (int64_t p = 0; p < 9; ++p) kernel[p * step] = source[p * strides.position];
  };
  PackWinogradWeights(transforms_, products_, read, packed);
}

void WinogradConvPlan::TransformInputs(int64_t first, int64_t count, const ConvOperands& operands, float* left) const {
  const int64_t height = geometry_.in[1], width = geometry_.in[2];
  const int64_t edge = transforms_.edge();
  const float* pixels[kMostWinogradEdge * kMostWinogradEdge];
  WinogradInputTile tile = {pixels, left, products_.left_product_step(), geometry_.channels};
  for (int64_t i = first; i < first + count; ++i, tile.out += products_.left_tile_step()) {
    const WinogradGrid::Origin origin = grid_.OriginOf(i);
    const float* image = operands.in + origin.image * height * width * options_.in_stride;
    for (int64_t p = 0; p < products_.products(); ++p) {
      const int64_t y = origin.y - geometry_.pad[1] + p / edge, x = origin.x - geometry_.pad[2] + p % edge;
      const bool inside = y >= 0 && y < height && x >= 0 && x < width;
      pixels[p] = inside ? image + (y * width + x) * options_.in_stride : zeros_.data();
    }
    transforms_.input(tile);
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
    grid_.StoreTiles(first, count, panel, products_, sums, operands);
  }
}

}  // namespace baryon::kernels
