// An output row reads a few rows of the input, those of the kernel's rows that do not fall outside. Along the row, most
// outputs have all their kernel positions inside the input; these are computed in blocks. The few at the borders are
// computed one by one, with the positions they have.
#include "engine/kernels/depthwise.h"

#include "absl/strings/str_cat.h"
#include "engine/kernels/depthwise_weights.h"
#include "engine/kernels/gemm_tile.h"
#include "engine/kernels/limits.h"

namespace baryon::kernels {
DepthwisePlan::DepthwisePlan(const ConvGeometry& geometry, const ConvOptions& options)
    : geometry_(geometry), options_(options), target_(ActiveDepthwiseTarget()), gemm_target_(ActiveGemmTarget()) {
  for (int64_t* stride : {&options_.in_stride, &options_.out_stride, &options_.residual_stride}) {
    if (*stride == 0) *stride = geometry.channels;
  }
  packed_channels_ = PackedChannels(geometry.channels, target_.vector_width);
  for (int axis = 0; axis < 3; ++axis) phases_[axis] = AxisPhases(geometry, axis);
  for (const AxisPhase& phase : phases_[2]) {
    Offsets& offsets = offsets_.emplace_back();
    for (int64_t offset : phase.offset) offsets.in.push_back(offset * options_.in_stride);
    for (int64_t kernel : phase.kernel) offsets.weight.push_back(kernel * packed_channels_);
  }
  num_tasks_ = DepthwiseTasks(geometry, num_rows(), options.num_threads);
}

std::string DepthwisePlan::ToString() const {
  return absl::StrCat("depthwise ", target_.name, num_tasks_ > 1 ? absl::StrCat(", ", num_tasks_, " row tasks") : "");
}

std::string DepthwisePlan::PackedForm() const { return absl::StrCat("depthwise ", packed_channels_); }

void DepthwisePlan::Pack(const float* weight, const WeightStrides& strides, float* packed) const {
  PackDepthwise(geometry_, weight, strides, packed_channels_, packed);
}

int64_t DepthwisePlan::workspace_bytes() const {
  return 2 * geometry_.kernel[0] * geometry_.kernel[1] * static_cast<int64_t>(sizeof(float*));
}

void DepthwisePlan::RunTask(int task, const ConvOperands& operands, char* workspace) const {
  const int64_t end = num_rows() * (task + 1) / num_tasks_;
  for (int64_t row = num_rows() * task / num_tasks_; row < end; ++row) RunRow(row, operands, workspace);
}

void DepthwisePlan::RunRow(int64_t row, const ConvOperands& operands, char* workspace) const {
  const int64_t y = row % geometry_.out[1], z = row / geometry_.out[1] % geometry_.out[0];
  const int64_t image = row / (geometry_.out[0] * geometry_.out[1]);
  // Phases follow each other in the outputs, so that output y belongs to phase y modulo their number.
  const int64_t z_phases = phases_[0].size(), y_phases = phases_[1].size();
  const AxisPhase& z_phase = phases_[0][z % z_phases];
  const AxisPhase& y_phase = phases_[1][y % y_phases];

  const float** in_rows = reinterpret_cast<const float**>(workspace);
  const float** weights = in_rows + geometry_.kernel[0] * geometry_.kernel[1];
  const int64_t row_elements = geometry_.in[2] * options_.in_stride;
  const float* in = operands.in + image * geometry_.in[0] * geometry_.in[1] * row_elements;
  DepthwiseTile tile = {};
  for (int64_t pz = 0; pz < z_phase.positions(); ++pz) {
    const int64_t in_z = z / z_phases * z_phase.in_step + z_phase.offset[pz];
    if (in_z < 0 || in_z >= geometry_.in[0]) continue;
    for (int64_t py = 0; py < y_phase.positions(); ++py) {
      const int64_t in_y = y / y_phases * y_phase.in_step + y_phase.offset[py];
      if (in_y < 0 || in_y >= geometry_.in[1]) continue;
      in_rows[tile.num_rows] = in + (in_z * geometry_.in[1] + in_y) * row_elements;
      const int64_t kernel_row = z_phase.kernel[pz] * geometry_.kernel[1] + y_phase.kernel[py];
      weights[tile.num_rows++] = operands.packed + kernel_row * geometry_.kernel[2] * packed_channels_;
    }
  }
  tile.in_rows = in_rows;
  tile.weights = weights;
  tile.channels = geometry_.channels;
  tile.bias = operands.bias;
  const Limits limits = LimitsOf(operands.activation);
  tile.lower = limits.lower;
  tile.upper = limits.upper;
  float* out = operands.out + row * geometry_.out[2] * options_.out_stride;
  const int64_t residual_row = row * geometry_.out[2] * options_.residual_stride;
  for (size_t phase = 0; phase < phases_[2].size(); ++phase) {
    const AxisPhase& x_phase = phases_[2][phase];
    tile.out = out + x_phase.first * options_.out_stride;
    tile.out_step = x_phase.step * options_.out_stride;
    tile.residual_step = x_phase.step * options_.residual_stride;
    tile.residual = operands.residual == nullptr
                        ? nullptr
                        : operands.residual + residual_row + x_phase.first * options_.residual_stride;
    RunPhase(x_phase, offsets_[phase], tile);
  }
  if (limits.complete) return;
  for (int64_t x = 0; x < geometry_.out[2]; ++x) {
    gemm_target_.activate(operands.activation, out + x * options_.out_stride, geometry_.channels);
  }
}

// The outputs of a phase along a row: where the kernel hangs over the left border, where it lies inside, and the rest.
void DepthwisePlan::RunPhase(const AxisPhase& phase, const Offsets& offsets, const DepthwiseTile& row) const {
  const int64_t width = geometry_.in[2];
  const auto run = [&](int64_t begin, int64_t end) {
    // Positions [first, last) are inside for all outputs of [begin, end).
    const auto inside = [&](int64_t p) {
      const int64_t at = begin * phase.in_step + phase.offset[p];
      return at >= 0 && at < width;
    };
    int64_t first = 0, last = phase.positions();
    while (first < last && !inside(first)) ++first;
    while (last > first && !inside(last - 1)) --last;
    DepthwiseTile tile = row;
    tile.num_positions = last - first;
    tile.in_offsets = offsets.in.data() + first;
    tile.weight_offsets = offsets.weight.data() + first;
    tile.in_step = phase.in_step * options_.in_stride;
    tile.first = begin;
    tile.count = end - begin;
    target_.run(tile);
  };
  int64_t inner = 0, outer = phase.count;
  if (phase.positions() > 0) {
    while (inner < phase.count && inner * phase.in_step + phase.offset.front() < 0) ++inner;
    while (outer > inner && (outer - 1) * phase.in_step + phase.offset.back() >= width) --outer;
  }
  for (int64_t j = 0; j < inner; ++j) run(j, j + 1);
  if (inner < outer) run(inner, outer);
  for (int64_t j = outer; j < phase.count; ++j) run(j, j + 1);
}

}  // namespace baryon::kernels
