#include "engine/kernels/winograd_grid.h"

#include <algorithm>
#include <vector>

#include "engine/kernels/limits.h"
#include "engine/kernels/parts.h"

namespace baryon::kernels {

WinogradGrid::WinogradGrid(const ConvGeometry& geometry, const ConvOptions& options,
                           const WinogradTransforms& transforms)
    : geometry_(geometry),
      options_(options),
      transforms_(transforms),
      target_(ActiveGemmTarget()),
      tiles_y_(CeilDiv(geometry.out[1], transforms.m)),
      tiles_x_(CeilDiv(geometry.out[2], transforms.m)) {}

WinogradGrid::Origin WinogradGrid::OriginOf(int64_t tile) const {
  const int64_t image = tile / (tiles_y_ * tiles_x_), index = tile % (tiles_y_ * tiles_x_);
  return {image, index / tiles_x_ * transforms_.m, index % tiles_x_ * transforms_.m};
}

void WinogradGrid::StoreTiles(int64_t first, int64_t count, int64_t panel, const TileProducts& products,
                              const float* sums, const ConvOperands& operands) const {
  const int64_t m = transforms_.m, column = products.panel_first(panel);
  const Limits limits = LimitsOf(operands.activation);
  float* out[kMostWinogradOutputs];
  const float* residual[kMostWinogradOutputs];
  WinogradOutputTile tile;
  tile.in = sums;
  tile.in_step = products.sums_product_step();
  tile.columns = products.panel_columns(panel);
  tile.out = out;
  tile.residual = operands.residual != nullptr ? residual : nullptr;
  tile.bias = operands.bias != nullptr ? operands.bias + column : nullptr;
  tile.lower = limits.lower;
  tile.upper = limits.upper;
  for (int64_t i = first; i < first + count; ++i, tile.in += products.sums_tile_step()) {
    const Origin origin = OriginOf(i);
    for (int64_t p = 0; p < m * m; ++p) {
      const int64_t y = origin.y + p / m, x = origin.x + p % m;
      const bool inside = y < geometry_.out[1] && x < geometry_.out[2];
      const int64_t pixel = (origin.image * geometry_.out[1] + y) * geometry_.out[2] + x;
      out[p] = inside ? operands.out + pixel * options_.out_stride + column : nullptr;
      if (tile.residual != nullptr && inside) {
        residual[p] = operands.residual + pixel * options_.residual_stride + column;
      }
    }
    transforms_.output(tile);
    if (limits.complete) continue;
    for (int64_t p = 0; p < m * m; ++p) {
      if (out[p] != nullptr) target_.activate(operands.activation, out[p], tile.columns);
    }
  }
}

void PackWinogradWeights(const WinogradTransforms& transforms, const TileProducts& products,
                         absl::FunctionRef<void(int64_t filter, int64_t channel, float* kernel, int64_t step)> read,
                         float* packed) {
  constexpr int64_t kMostWidth = 64, kMostPositions = 16;
  for (int64_t panel = 0; panel < products.num_panels(); ++panel) {
    const int64_t first = products.panel_first(panel), columns = products.panel_columns(panel);
    const int64_t width = products.panel_width(panel);
    std::vector<float> kernels(kMostPositions * kMostWidth);  // [position][column], the columns beyond the last 0
    WinogradWeightTile tile;
    tile.in = kernels.data();
    tile.step = kMostWidth;
    tile.out_step = products.k() * width;
    tile.count = width;
    for (int64_t c = 0; c < products.k(); ++c) {
      for (int64_t j = 0; j < columns; ++j) read(first + j, c, kernels.data() + j, kMostWidth);
      tile.out = packed + products.panel_offset(panel) + c * width;
      transforms.weight(tile);
    }
  }
}

}  // namespace baryon::kernels
