// Convolution with 3x3 kernels at stride 1 by Winograd's minimal filtering (see winograd_tile.h): tiles of the input
// are transformed, each of the (m + 2)^2 products of a tile is a matrix product over its channels, and the sums are
// transformed back with bias, residual and activation.
#ifndef BARYON_ENGINE_KERNELS_WINOGRAD_CONV_H_
#define BARYON_ENGINE_KERNELS_WINOGRAD_CONV_H_

#include <cstdint>
#include <string>
#include <vector>

#include "engine/kernels/conv.h"
#include "engine/kernels/tile_products.h"
#include "engine/kernels/winograd_grid.h"
#include "engine/kernels/winograd_tile.h"

namespace baryon::kernels {

class WinogradConvPlan : public ConvPlan {
 public:
  static bool Supports(const ConvGeometry& geometry);
  // The m of the fastest F(m x m, 3x3) for `geometry`, 2, 3 or 4, at most `most`; 0 where other plans are faster.
  // Depends on neither batch nor threads, so that an image gives the same bits in any batch.
  static int BestTile(const ConvGeometry& geometry, int most);

  // `m`: 2, 3 or 4.
  WinogradConvPlan(const ConvGeometry& geometry, const ConvOptions& options, int m);

  std::string ToString() const override;
  std::string PackedForm() const override;
  int64_t packed_size() const override { return products_.packed_size(); }
  void Pack(const float* weight, const WeightStrides& strides, float* packed) const override;
  int64_t num_multiplications() const override {
    return blocks_.tiles * products_.products() * geometry_.channels * geometry_.filters;
  }
  int num_tasks() const override { return static_cast<int>(blocks_.num_tasks()); }
  int64_t workspace_bytes() const override;
  void RunTask(int task, const ConvOperands& operands, char* workspace) const override;

 private:
  TileBlocks MakeBlocks(int num_threads) const;
  void TransformInputs(int64_t first, int64_t count, const ConvOperands& operands, float* left) const;

  ConvGeometry geometry_;
  ConvOptions options_;
  const WinogradTransforms& transforms_;
  const GemmTarget& target_;
  std::vector<float> zeros_;  // a pixel outside of the input
  WinogradGrid grid_;
  TileBlocks blocks_;
  TileProducts products_;
};

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_WINOGRAD_CONV_H_
