// What convolutions by Winograd's method share around the products of their tiles: where tiles are, how weights are
// packed, and the way from products to outputs.
#ifndef BARYON_ENGINE_KERNELS_WINOGRAD_GRID_H_
#define BARYON_ENGINE_KERNELS_WINOGRAD_GRID_H_

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "engine/kernels/conv.h"
#include "engine/kernels/tile_products.h"
#include "engine/kernels/winograd_tile.h"

namespace baryon::kernels {

// The outputs of a two-dimensional convolution as tiles of m x m, image after image, row after row of tiles; those at
// the right and the bottom may hang over. Immutable.
class WinogradGrid {
 public:
  struct Origin {
    int64_t image, y, x;  // the tile's first output
  };

  // `options` with strides that are not 0.
  WinogradGrid(const ConvGeometry& geometry, const ConvOptions& options, const WinogradTransforms& transforms);

  int64_t tiles_y() const { return tiles_y_; }  // of an image
  int64_t tiles_x() const { return tiles_x_; }
  int64_t num_tiles() const { return geometry_.batch * tiles_y_ * tiles_x_; }
  Origin OriginOf(int64_t tile) const;

  // Outputs of tiles [first, first + count) for one panel of filters from their products, as TileProducts left them.
  void StoreTiles(int64_t first, int64_t count, int64_t panel, const TileProducts& products, const float* sums,
                  const ConvOperands& operands) const;

 private:
  ConvGeometry geometry_;
  ConvOptions options_;
  const WinogradTransforms& transforms_;
  const GemmTarget& target_;
  int64_t tiles_y_, tiles_x_;
};

// Packs the right sides of `products`. `read(filter, channel, kernel, step)` writes the weight at position p of r x r
// to kernel[p * step].
void PackWinogradWeights(const WinogradTransforms& transforms, const TileProducts& products,
                         absl::FunctionRef<void(int64_t filter, int64_t channel, float* kernel, int64_t step)> read,
                         float* packed);

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_WINOGRAD_GRID_H_
