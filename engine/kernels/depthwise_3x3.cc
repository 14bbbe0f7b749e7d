// The pixels that two output rows read are listed in a table of pointers, border included, so that the micro-kernel
// knows no border. Filling it costs a few percent of the arithmetic.
#include "engine/kernels/depthwise_3x3.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "engine/kernels/depthwise_weights.h"
#include "engine/kernels/limits.h"
#include "engine/kernels/parts.h"

namespace baryon::kernels {
namespace {

constexpr int64_t kMostInRows = 5;  // that two output rows read

}  // namespace

bool Depthwise3x3Plan::Supports(const ConvGeometry& geometry) {
  const Extents ones = {1, 1, 1};
  const int64_t stride = geometry.stride[1];
  return IsDepthwise(geometry) && !geometry.transposed && geometry.kernel == Extents{1, 3, 3} &&
         geometry.dilation == ones && geometry.stride == Extents{1, stride, stride} && stride <= 2 &&
         geometry.in[0] == 1 && geometry.pad[0] == 0;
}

Depthwise3x3Plan::Depthwise3x3Plan(const ConvGeometry& geometry, const ConvOptions& options)
    : geometry_(geometry),
      options_(options),
      target_(ActiveDepthwise3x3Target()),
      gemm_target_(ActiveGemmTarget()),
      stride_(geometry.stride[1]),
      packed_channels_(PackedChannels(geometry.channels, target_.vector_width)),
      zeros_(geometry.channels, 0.0f) {
  for (int64_t* stride : {&options_.in_stride, &options_.out_stride, &options_.residual_stride}) {
    if (*stride == 0) *stride = geometry.channels;
  }
  num_tasks_ = DepthwiseTasks(geometry, geometry.batch * pairs_per_image(), options.num_threads);
}

std::string Depthwise3x3Plan::ToString() const {
  return absl::StrCat("depthwise 3x3 ", target_.name,
                      num_tasks_ > 1 ? absl::StrCat(", ", num_tasks_, " row tasks") : "");
}

std::string Depthwise3x3Plan::PackedForm() const { return absl::StrCat("depthwise ", packed_channels_); }

void Depthwise3x3Plan::Pack(const float* weight, const WeightStrides& strides, float* packed) const {
  PackDepthwise(geometry_, weight, strides, packed_channels_, packed);
}

int64_t Depthwise3x3Plan::workspace_bytes() const {
  return kMostInRows * in_columns() * static_cast<int64_t>(sizeof(float*));
}

int64_t Depthwise3x3Plan::out_rows(int64_t pair) const { return std::min<int64_t>(geometry_.out[1] - 2 * pair, 2); }

int64_t Depthwise3x3Plan::first_in_row(int64_t pair) const {
  return std::clamp<int64_t>(2 * pair * stride_ - geometry_.pad[1], 0, geometry_.in[1]);
}

int64_t Depthwise3x3Plan::end_in_row(int64_t pair) const {
  const int64_t last = 2 * pair + out_rows(pair) - 1;
  return std::clamp<int64_t>(last * stride_ - geometry_.pad[1] + 3, 0, geometry_.in[1]);
}

// Each thread's share ends at the very row, not at the next pair: the layers before and behind are cut there too, and
// what lies between two cuts goes from one core to the other, which costs more than the rows themselves.
int64_t Depthwise3x3Plan::first_row(int task) const {
  const int64_t rows = geometry_.batch * geometry_.out[1];
  const int64_t shares = num_tasks_ % options_.num_threads == 0 ? options_.num_threads : 1;
  const int64_t tasks_each = num_tasks_ / shares, share = task / tasks_each;
  const int64_t first = PartBegin(rows, shares, share), end = PartBegin(rows, shares, share + 1);
  return first + 2 * PartBegin(CeilDiv(end - first, 2), tasks_each, task % tasks_each);
}

void Depthwise3x3Plan::RunTask(int task, const ConvOperands& operands, char* workspace) const {
  const int64_t height = geometry_.out[1], row_size = geometry_.in[2] * options_.in_stride;
  for (int64_t row = first_row(task), end = first_row(task + 1); row < end;) {
    const int64_t image = row / height, first = row % height, rows = std::min({int64_t{2}, height - first, end - row});
    const float* const pixels = operands.in + image * geometry_.in[1] * row_size;
    RunRows(
        image, first, rows, [&](int64_t y) { return pixels + y * row_size; }, operands, workspace);
    row += rows;
  }
}

void Depthwise3x3Plan::RunPair(int64_t image, int64_t pair, absl::FunctionRef<const float*(int64_t row)> in_row,
                               const ConvOperands& operands, char* workspace) const {
  RunRows(image, 2 * pair, out_rows(pair), in_row, operands, workspace);
}

void Depthwise3x3Plan::RunRows(int64_t image, int64_t first, int64_t rows,
                               absl::FunctionRef<const float*(int64_t row)> in_row, const ConvOperands& operands,
                               char* workspace) const {
  const int64_t height = geometry_.in[1], width = geometry_.in[2], columns = in_columns(), left = geometry_.pad[2];
  const float** const in = reinterpret_cast<const float**>(workspace);
  for (int64_t row = 0; row < (rows - 1) * stride_ + 3; ++row) {
    const float** table = in + row * columns;
    const int64_t y = first * stride_ - geometry_.pad[1] + row;
    if (y < 0 || y >= height) {
      std::fill_n(table, columns, zeros_.data());
      continue;
    }
    const float* const pixels = in_row(y);
    for (int64_t i = 0; i < columns; ++i) {
      const int64_t x = i - left;
      table[i] = x < 0 || x >= width ? zeros_.data() : pixels + x * options_.in_stride;
    }
  }

  const Limits limits = LimitsOf(operands.activation);
  Depthwise3x3Tile tile = {};
  tile.in = in;
  tile.in_pitch = columns;
  tile.weights = operands.packed;
  tile.weight_step = packed_channels_;
  tile.bias = operands.bias;
  tile.out_step = options_.out_stride;
  tile.residual_step = options_.residual_stride;
  tile.width = geometry_.out[2];
  tile.channels = geometry_.channels;
  tile.lower = limits.lower;
  tile.upper = limits.upper;
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t pixel = (image * geometry_.out[1] + first + row) * geometry_.out[2];
    tile.out[row] = operands.out + pixel * options_.out_stride;
    if (operands.residual != nullptr) tile.residual[row] = operands.residual + pixel * options_.residual_stride;
  }
  target_.run[stride_ - 1][rows - 1](tile);
  if (limits.complete) return;
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t x = 0; x < tile.width; ++x) {
      gemm_target_.activate(operands.activation, tile.out[row] + x * tile.out_step, tile.channels);
    }
  }
}

}  // namespace baryon::kernels
