#include "engine/kernels/strassen_conv.h"

namespace baryon::kernels {
namespace {

StrassenShape ShapeOf(const ConvGeometry& geometry) {
  StrassenShape shape;
  shape.items = geometry.batch;
  shape.rows_per_item = geometry.out_pixels();
  shape.runs = geometry.num_positions();
  shape.run_length = geometry.channels;
  shape.columns = geometry.filters;
  return shape;
}

// All pixels as one box, borders included.
PixelMap MapOf(const ConvGeometry& geometry, const ConvOptions& options) {
  PixelMap map = {geometry, WithStrides(options, geometry), {}, std::vector<PixelBox>(1)};
  for (int axis = 0; axis < 3; ++axis) {
    map.axes[axis] = AxisPhases(geometry, axis)[0];
    map.boxes[0][axis] = {0, geometry.out[axis], 0, geometry.kernel[axis]};
  }
  return map;
}

}  // namespace

bool StrassenConvPlan::Supports(const ConvGeometry& geometry, int levels) {
  return !geometry.transposed && geometry.groups == 1 && geometry.out_pixels() > 0 &&
         StrassenGemmPlan::Supports(ShapeOf(geometry), levels);
}

int StrassenConvPlan::BestLevels(const ConvGeometry& geometry, int most) {
  // With larger kernels each input is summed up once for each position, which costs more than it saves.
  if (geometry.num_positions() > 1 || !Supports(geometry, 1)) return 0;
  return StrassenGemmPlan::BestLevels(ShapeOf(geometry), most);
}

StrassenConvPlan::StrassenConvPlan(const ConvGeometry& geometry, const ConvOptions& options, int levels)
    : map_(MapOf(geometry, options)),
      zeros_(geometry.channels, 0.0f),
      gemm_(ShapeOf(geometry), levels, ActiveGemmTarget(), options.num_threads) {}

void StrassenConvPlan::Pack(const float* weight, const WeightStrides& strides, float* packed) const {
  std::vector<int64_t> row_offsets;
  for (int64_t position = 0; position < map_.geometry.num_positions(); ++position) {
    for (int64_t c = 0; c < map_.geometry.channels; ++c) {
      row_offsets.push_back(position * strides.position + c * strides.channel);
    }
  }
  gemm_.Pack(weight, row_offsets, strides.filter, packed);
}

void StrassenConvPlan::RunTask(int task, const ConvOperands& operands, char* workspace) const {
  const Epilogue epilogue = {operands.bias, operands.residual != nullptr, operands.activation};
  gemm_.RunTask(task, operands.packed, epilogue, PixelRows(map_, zeros_.data(), operands), workspace);
}

}  // namespace baryon::kernels
