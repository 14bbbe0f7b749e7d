#include "engine/kernels/pixel_rows.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

using ::testing::ElementsAre;

// Two images of 2 x 3 pixels of one channel, a kernel of 1 x 3 with padding 1 along the rows; all pixels are one box.
class PixelRowsTest : public testing::Test {
 protected:
  PixelRowsTest() {
    ConvGeometry geometry;
    geometry.batch = 2;
    geometry.in = geometry.out = {1, 2, 3};
    geometry.kernel = {1, 1, 3};
    geometry.pad = {0, 0, 1};
    map_ = {geometry, WithStrides({}, geometry), {}, std::vector<PixelBox>(1)};
    for (int axis = 0; axis < 3; ++axis) {
      map_.axes[axis] = AxisPhases(geometry, axis)[0];
      map_.boxes[0][axis] = {0, geometry.out[axis], 0, geometry.kernel[axis]};
    }
  }

  PixelMap map_;
  float in_[12], out_[12], residual_[12], zero_ = 0;
};

TEST_F(PixelRowsTest, PointsToInputsOutputsAndResidualAcrossRowsAndImages) {
  ConvOperands operands;
  operands.in = in_;
  operands.out = out_;
  operands.residual = residual_;
  const float* a[9];
  float* c[3];
  const float* residual[3];
  PixelRows(map_, &zero_, operands)({/*set=*/0, /*first=*/4, /*count=*/3, a, c, residual});
  EXPECT_THAT(c, ElementsAre(out_ + 4, out_ + 5, out_ + 6));
  EXPECT_THAT(residual, ElementsAre(residual_ + 4, residual_ + 5, residual_ + 6));
  // Position by position: the pixel to the left, itself, and to the right; pixel 5 ends a row, 6 begins the next image.
  EXPECT_THAT(a, ElementsAre(in_ + 3, in_ + 4, &zero_, in_ + 4, in_ + 5, in_ + 6, in_ + 5, &zero_, in_ + 7));
}

TEST_F(PixelRowsTest, KeepsToTheStridesOfWiderTensors) {
  ConvOptions options;
  options.in_stride = 5;
  options.out_stride = 7;
  map_.options = WithStrides(options, map_.geometry);
  EXPECT_EQ(map_.options.residual_stride, 1);
  ConvOperands operands;
  operands.in = in_;
  operands.out = out_;
  const float* a[3];
  float* c[1];
  PixelRows(map_, &zero_, operands)({/*set=*/0, /*first=*/1, /*count=*/1, a, c, nullptr});
  EXPECT_THAT(a, ElementsAre(in_, in_ + 5, in_ + 10));
  EXPECT_EQ(c[0], out_ + 7);
}

}  // namespace
}  // namespace baryon::kernels
