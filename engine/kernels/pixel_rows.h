// Where the rows of a convolution as a matrix product are: a row is an output pixel, and its runs are the channels of
// the input pixels that it reads, one for each kernel position, or zeros beyond the border.
#ifndef BARYON_ENGINE_KERNELS_PIXEL_ROWS_H_
#define BARYON_ENGINE_KERNELS_PIXEL_ROWS_H_

#include <array>
#include <cstdint>
#include <vector>

#include "engine/kernels/conv.h"
#include "engine/kernels/packed_gemm.h"

namespace baryon::kernels {

// Outputs [begin, end) along an axis, whose positions outside of [first, last) are outside of the input.
struct AxisSegment {
  int64_t begin, end;
  int64_t first, last;

  int64_t count() const { return end - begin; }
  int64_t positions() const { return last - first; }
};
using PixelBox = std::array<AxisSegment, 3>;  // a row set

// What the rows of a convolution, or of one phase of it, depend on beside the operands.
struct PixelMap {
  ConvGeometry geometry;
  ConvOptions options;  // whose strides are not 0
  std::array<AxisPhase, 3> axes;
  std::vector<PixelBox> boxes;  // by row set; rows are counted through all images
};

// `options` with the strides of densely packed tensors in place of 0.
ConvOptions WithStrides(const ConvOptions& options, const ConvGeometry& geometry);

// A RowSource. All arguments outlive it. `zeros`: as many as the input has channels.
class PixelRows {
 public:
  PixelRows(const PixelMap& map, const float* zeros, const ConvOperands& operands)
      : map_(map), zeros_(zeros), operands_(operands) {}

  void operator()(const TileRows& rows) const;

 private:
  void PointToInputs(const PixelBox& box, int64_t image, const Extents& at, int stride, const float** a) const;
  int64_t OutPixel(int64_t image, const Extents& at) const;

  const PixelMap& map_;
  const float* zeros_;
  const ConvOperands& operands_;
};

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_PIXEL_ROWS_H_
