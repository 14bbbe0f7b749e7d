// Convolution with 7x7 kernels at stride 2 over data of few channels, the first layer of residual networks, by
// Winograd's method: at half the resolution, with each 2x2 pixels as one of four times the channels, it is a
// convolution with 4x4 kernels at stride 1 (the missing eighth row and column of the kernel are zeros), and F(3x3, 4x4)
// does 4 multiplications where that has 16. See winograd_tile.h; it loses a digit.
#ifndef BARYON_ENGINE_KERNELS_PHASE_CONV_H_
#define BARYON_ENGINE_KERNELS_PHASE_CONV_H_

#include <cstdint>
#include <string>

#include "engine/kernels/conv.h"
#include "engine/kernels/tile_products.h"
#include "engine/kernels/winograd_grid.h"
#include "engine/kernels/winograd_tile.h"

namespace baryon::kernels {

class PhaseConvPlan : public ConvPlan {
 public:
  static bool Supports(const ConvGeometry& geometry);
  // Whether this is the fastest plan for `geometry`. Depends on neither batch nor threads.
  static bool Pays(const ConvGeometry& geometry);

  // `channels_first`: of the input.
  PhaseConvPlan(const ConvGeometry& geometry, const ConvOptions& options, bool channels_first);

  std::string ToString() const override;
  std::string PackedForm() const override;
  int64_t packed_size() const override { return products_.packed_size(); }
  void Pack(const float* weight, const WeightStrides& strides, float* packed) const override;
  int64_t num_multiplications() const override {
    return grid_.num_tiles() * products_.products() * products_.k() * geometry_.filters;
  }
  int num_tasks() const override { return static_cast<int>(geometry_.batch * bands_per_image()); }
  int64_t workspace_bytes() const override;
  void RunTask(int task, const ConvOperands& operands, char* workspace) const override;

 private:
  int64_t bands_per_image() const { return (grid_.tiles_y() + rows_per_band_ - 1) / rows_per_band_; }
  int64_t StripRows(int64_t tile_rows) const { return tile_rows * transforms_.m + transforms_.r - 1; }
  int64_t strip_width() const { return StripRows(grid_.tiles_x()); }
  int64_t StripSize(int64_t tile_rows) const;
  int64_t RowsPerBand(int num_threads) const;
  void CopyStripRow(const float* image, int64_t y, float* row) const;
  void TransformInputs(int64_t first, int64_t count, int64_t first_row, const float* strip, float* left) const;

  ConvGeometry geometry_;
  ConvOptions options_;
  bool channels_first_;
  const WinogradTransforms& transforms_;
  WinogradGrid grid_;
  int64_t rows_per_band_;  // of tiles
  TileProducts products_;
};

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_PHASE_CONV_H_
