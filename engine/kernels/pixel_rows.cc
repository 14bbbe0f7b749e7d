// A position's input lies at the sum of three offsets, one for each axis, so that small tables made beforehand serve
// all pixels: a pointer costs a few instructions, against the hundreds of cycles of arithmetic on the channels it
// points to. Pixels are counted through all images of the batch; a tile may span rows and images. Groups share the
// pointers.
#include "engine/kernels/pixel_rows.h"

namespace baryon::kernels {
namespace {

// Moves to the next pixel of the box; 1 when that is the first one of the next image.
int64_t Advance(const PixelBox& box, Extents& at) {
  for (int axis = 2; axis >= 0; --axis) {
    if (++at[axis] < box[axis].end) return 0;
    at[axis] = box[axis].begin;
  }
  return 1;
}

}  // namespace

ConvOptions WithStrides(const ConvOptions& options, const ConvGeometry& geometry) {
  ConvOptions result = options;
  if (result.in_stride == 0) result.in_stride = geometry.channels;
  if (result.out_stride == 0) result.out_stride = geometry.filters;
  if (result.residual_stride == 0) result.residual_stride = geometry.filters;
  return result;
}

void PixelRows::operator()(const TileRows& rows) const {
  const PixelBox& box = map_.boxes[rows.set];
  int64_t rest = rows.first;
  Extents at;
  for (int axis = 2; axis >= 0; --axis) {
    at[axis] = box[axis].begin + rest % box[axis].count();
    rest /= box[axis].count();
  }
  int64_t image = rest;
  for (int i = 0; i < rows.count; ++i) {
    PointToInputs(box, image, at, rows.count, rows.a + i);
    const int64_t out_pixel = OutPixel(image, at);
    rows.c[i] = operands_.out + out_pixel * map_.options.out_stride;
    if (rows.residual != nullptr) rows.residual[i] = operands_.residual + out_pixel * map_.options.residual_stride;
    image += Advance(box, at);
  }
}

// a[0], a[stride], ...: the inputs of one pixel, position by position.
void PixelRows::PointToInputs(const PixelBox& box, int64_t image, const Extents& at, int stride,
                              const float** a) const {
  const Extents& size = map_.geometry.in;
  const auto in_coordinate = [&](int axis, int64_t position) {
    return at[axis] * map_.axes[axis].in_step + map_.axes[axis].offset[position];
  };
  const auto is_inside = [&](int axis, int64_t coordinate) { return coordinate >= 0 && coordinate < size[axis]; };
  for (int64_t pz = box[0].first; pz < box[0].last; ++pz) {
    const int64_t z = in_coordinate(0, pz);
    for (int64_t py = box[1].first; py < box[1].last; ++py) {
      const int64_t y = in_coordinate(1, py);
      const bool row_is_inside = is_inside(0, z) && is_inside(1, y);
      const int64_t row = ((image * size[0] + z) * size[1] + y) * size[2];
      for (int64_t px = box[2].first; px < box[2].last; ++px, a += stride) {
        const int64_t x = in_coordinate(2, px);
        *a = row_is_inside && is_inside(2, x) ? operands_.in + (row + x) * map_.options.in_stride : zeros_;
      }
    }
  }
}

int64_t PixelRows::OutPixel(int64_t image, const Extents& at) const {
  int64_t pixel = image;
  for (int axis = 0; axis < 3; ++axis) {
    const AxisPhase& phase = map_.axes[axis];
    pixel = pixel * map_.geometry.out[axis] + phase.first + at[axis] * phase.step;
  }
  return pixel;
}

}  // namespace baryon::kernels
