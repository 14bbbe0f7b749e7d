// The strip of output rows [y, y + n) of output plane z is [kernel depth][rows][width][channels]: for each kernel
// position along the depth the input plane it reads, of these planes the rows that the output rows read, border
// included. A pixel of the output then starts at strip + (row * stride * width + column * stride) * channels, and its
// runs, one for each kernel row, at fixed distances from there. Copying costs as many stores as the input has elements,
// a third more where strips overlap; building the windows themselves would cost kernel-size times as many.
#include "engine/kernels/strip_conv.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "engine/kernels/interleave.h"
#include "engine/kernels/limits.h"
#include "engine/kernels/parts.h"

namespace baryon::kernels {
namespace {

constexpr int64_t kStripBytes = 192 << 10;         // a strip stays in the second level of the cache
constexpr int64_t kTaskMultiplications = 1 << 20;  // worth handing to another thread

}  // namespace

StripConvPlan::StripConvPlan(const ConvGeometry& geometry, const ConvOptions& options, bool channels_first)
    : geometry_(geometry), options_(options), channels_first_(channels_first), strip_target_(&ActiveStripTarget()) {
  if (options_.in_stride == 0) options_.in_stride = geometry.channels;
  if (options_.out_stride == 0) options_.out_stride = geometry.filters;
  if (options_.residual_stride == 0) options_.residual_stride = geometry.filters;
  strip_width_ = (geometry.out[2] - 1) * geometry.stride[2] + (geometry.kernel[2] - 1) * geometry.dilation[2] + 1;

  const int64_t row_multiplications = geometry.out[2] * geometry.filters * geometry.channels * geometry.num_positions();
  const int64_t least = CeilDiv(kTaskMultiplications, std::max<int64_t>(row_multiplications, 1));
  int64_t most = geometry.out[1];
  while (most > 1 && StripSize(most) * static_cast<int64_t>(sizeof(float)) > kStripBytes) most = CeilDiv(most, 2);
  const int64_t shared = CeilDiv(geometry.out[1], 4 * options.num_threads);  // four strips for each thread
  rows_per_strip_ = std::min(options.num_threads > 1 ? std::max(least, shared) : most, most);
  strips_per_plane_ = CeilDiv(geometry.out[1], std::max<int64_t>(rows_per_strip_, 1));

  const bool merges = geometry.dilation[2] == 1;
  const int64_t runs_per_row = merges ? 1 : geometry.kernel[2];
  run_length_ = merges ? geometry.kernel[2] * geometry.channels : geometry.channels;
  for (int64_t z = 0; z < geometry.kernel[0]; ++z) {
    for (int64_t y = 0; y < geometry.kernel[1]; ++y) {
      for (int64_t x = 0; x < runs_per_row; ++x) {
        const int64_t row = z * StripRows(rows_per_strip_) + y * geometry.dilation[1];
        position_offsets_.push_back((row * strip_width_ + x * geometry.dilation[2]) * geometry.channels);
      }
    }
  }
  GemmShape shape;
  shape.runs = static_cast<int64_t>(position_offsets_.size());
  shape.rows = {{rows_per_strip_ * geometry.out[2], std::vector<int64_t>(shape.runs)}};
  std::iota(shape.rows[0].runs.begin(), shape.rows[0].runs.end(), 0);
  shape.run_length = run_length_;
  shape.columns = geometry.filters;
  full_ = GemmPlan(shape, ActiveGemmTarget(), 1);
  shape.rows[0].count = (geometry.out[1] - (strips_per_plane_ - 1) * rows_per_strip_) * geometry.out[2];
  last_ = GemmPlan(shape, ActiveGemmTarget(), 1);
  shape.rows[0].count = geometry.out[2];
  row_ = GemmPlan(shape, ActiveGemmTarget(), 1);
  if (geometry.out[2] >= strip_target_->min_width) {
    run_row_ = strip_target_->Find(geometry.stride[2] * geometry.channels);
  }
}

std::string StripConvPlan::KernelName() const {
  if (run_row_ == nullptr) return full_.ToString();
  return absl::StrCat(strip_target_->name, " ", strip_target_->min_width, "x",
                      strip_target_->max_vectors * strip_target_->vector_width);
}

std::string StripConvPlan::ToString() const {
  return absl::StrCat("strip ", run_row_ != nullptr ? "rows " : "gemm ", KernelName(),
                      channels_first_ ? ", channels first, " : ", ", num_tasks(), " strips");
}

std::string StripConvPlan::PackedForm() const {
  return absl::StrCat("panels ", full_.layout().target->name, " groups 1");
}

void StripConvPlan::Pack(const float* weight, const WeightStrides& strides, float* packed) const {
  std::vector<int64_t> row_offsets;
  for (int64_t position = 0; position < geometry_.num_positions(); ++position) {
    for (int64_t c = 0; c < geometry_.channels; ++c) {
      row_offsets.push_back(position * strides.position + c * strides.channel);
    }
  }
  PackPanels(full_.layout(), weight, row_offsets, strides.filter, 0, full_.layout().num_panels(), packed);
}

int64_t StripConvPlan::StripRows(int64_t out_rows) const {
  return (out_rows - 1) * geometry_.stride[1] + (geometry_.kernel[1] - 1) * geometry_.dilation[1] + 1;
}

int64_t StripConvPlan::StripSize(int64_t out_rows) const {
  constexpr int64_t kLine = 16;
  return CeilDiv(geometry_.kernel[0] * StripRows(out_rows) * strip_width_ * geometry_.channels, kLine) * kLine;
}

int64_t StripConvPlan::workspace_bytes() const {
  return strip_bytes() + std::max({full_.workspace_bytes(), last_.workspace_bytes(), row_.workspace_bytes()});
}

int64_t StripConvPlan::image_size() const {
  return geometry_.in_pixels() * (channels_first_ ? geometry_.channels : options_.in_stride);
}

void StripConvPlan::CopyRow(const float* image, int64_t z, int64_t y, float* row) const {
  const int64_t channels = geometry_.channels;
  const int64_t left = std::min(geometry_.pad[2], strip_width_);
  const int64_t count = std::clamp<int64_t>(geometry_.in[2], 0, strip_width_ - left);
  std::fill(row, row + left * channels, 0.0f);
  std::fill(row + (left + count) * channels, row + strip_width_ * channels, 0.0f);
  row += left * channels;
  const int64_t first_pixel = (z * geometry_.in[1] + y) * geometry_.in[2];
  if (channels_first_) {
    InterleaveChannels(image + first_pixel, geometry_.in_pixels(), channels, count, row);
  } else if (options_.in_stride == channels) {
    std::memcpy(row, image + first_pixel * channels, count * channels * sizeof(float));
  } else {
    const float* pixel = image + first_pixel * options_.in_stride;
    for (int64_t x = 0; x < count; ++x, pixel += options_.in_stride) std::copy_n(pixel, channels, row + x * channels);
  }
}

void StripConvPlan::CopyStrip(const float* image, int64_t z, int64_t first_y, int64_t out_rows, float* strip) const {
  const int64_t row_size = strip_width_ * geometry_.channels;
  for (int64_t depth = 0; depth < geometry_.kernel[0]; ++depth) {
    const int64_t in_z = z * geometry_.stride[0] - geometry_.pad[0] + depth * geometry_.dilation[0];
    float* plane = strip + depth * StripRows(rows_per_strip_) * row_size;
    for (int64_t row = 0; row < StripRows(out_rows); ++row) {
      const int64_t in_y = first_y * geometry_.stride[1] - geometry_.pad[1] + row;
      const bool inside = in_z >= 0 && in_z < geometry_.in[0] && in_y >= 0 && in_y < geometry_.in[1];
      if (inside) {
        CopyRow(image, in_z, in_y, plane + row * row_size);
      } else {
        std::fill_n(plane + row * row_size, row_size, 0.0f);
      }
    }
  }
}

// The output row whose inputs begin at `in`, by the kernels of strip_tile.h, a few vectors of filters at a time.
void StripConvPlan::MultiplyRow(const float* in, const ConvOperands& operands, float* out) const {
  const int64_t most_columns = strip_target_->max_vectors * strip_target_->vector_width;
  const PackedLayout& layout = full_.layout();
  const Limits limits = LimitsOf(operands.activation);
  StripTile tile = {};
  tile.in = in;
  tile.runs = position_offsets_.data();
  tile.num_runs = static_cast<int64_t>(position_offsets_.size());
  tile.run_length = run_length_;
  tile.out_step = options_.out_stride;
  tile.width = geometry_.out[2];
  tile.lower = limits.lower;
  tile.upper = limits.upper;
  for (int64_t j = 0; j < geometry_.filters; j += tile.columns) {
    const int64_t panel = j / layout.target->panel_width, column = j % layout.target->panel_width;
    tile.weights = operands.packed + layout.panel_offset(panel) + column;
    tile.weight_step = layout.panel_vectors(panel) * layout.target->vector_width;
    tile.columns = std::min(layout.panel_columns(panel) - column, most_columns);
    tile.bias = operands.bias == nullptr ? nullptr : operands.bias + j;
    tile.out = out + j;
    run_row_(tile);
  }
  if (limits.complete) return;
  for (int64_t x = 0; x < geometry_.out[2]; ++x) {
    layout.target->activate(operands.activation, out + x * options_.out_stride, geometry_.filters);
  }
}

// The first rows of a strip, as many as the product has, by matrix product. `residual`: or nullptr.
void StripConvPlan::MultiplyPixels(const GemmPlan& gemm, const float* strip, const ConvOperands& operands, float* out,
                                   const float* residual, char* workspace) const {
  const int64_t width = geometry_.out[2], column_step = geometry_.stride[2] * geometry_.channels;
  const auto rows = [&](const TileRows& tile) {
    int64_t y = tile.first / width, x = tile.first % width;
    for (int i = 0; i < tile.count; ++i) {
      const float* start = strip + y * row_step() + x * column_step;
      for (size_t run = 0; run < position_offsets_.size(); ++run) {
        tile.a[run * tile.count + i] = start + position_offsets_[run];
      }
      if (++x == width) {
        x = 0;
        ++y;
      }
      tile.c[i] = out + (tile.first + i) * options_.out_stride;
      if (tile.residual != nullptr) tile.residual[i] = residual + (tile.first + i) * options_.residual_stride;
    }
  };
  const Epilogue epilogue = {operands.bias, residual != nullptr, operands.activation};
  gemm.RunTask(0, operands.packed, epilogue, rows, workspace);
}

void StripConvPlan::RunTask(int task, const ConvOperands& operands, char* workspace) const {
  const int64_t index = task % strips_per_plane_, plane = task / strips_per_plane_;  // of the output, over all images
  const int64_t z = plane % geometry_.out[0], image = plane / geometry_.out[0];
  const int64_t first_y = index * rows_per_strip_, width = geometry_.out[2];
  const bool is_last = index + 1 == strips_per_plane_;
  const int64_t out_rows = is_last ? geometry_.out[1] - first_y : rows_per_strip_;

  float* const strip = reinterpret_cast<float*>(workspace);
  CopyStrip(operands.in + image * image_size(), z, first_y, out_rows, strip);

  const int64_t first_pixel = (plane * geometry_.out[1] + first_y) * width;
  float* const out = operands.out + first_pixel * options_.out_stride;
  if (run_row_ == nullptr || operands.residual != nullptr) {
    const float* const residual =
        operands.residual == nullptr ? nullptr : operands.residual + first_pixel * options_.residual_stride;
    return MultiplyPixels(is_last ? last_ : full_, strip, operands, out, residual, workspace + strip_bytes());
  }
  for (int64_t y = 0; y < out_rows; ++y) {
    MultiplyRow(strip + y * row_step(), operands, out + y * width * options_.out_stride);
  }
}

void StripConvPlan::RunRows(int64_t image, int64_t first, absl::Span<float* const> rows, const ConvOperands& operands,
                            char* workspace) const {
  float* const strip = reinterpret_cast<float*>(workspace);
  const int64_t count = static_cast<int64_t>(rows.size());
  for (int64_t begin = 0; begin < count; begin += rows_per_strip_) {
    const int64_t strip_rows = std::min(rows_per_strip_, count - begin);
    CopyStrip(operands.in + image * image_size(), 0, first + begin, strip_rows, strip);
    for (int64_t y = 0; y < strip_rows; ++y) {
      const float* const in = strip + y * row_step();
      if (run_row_ != nullptr) {
        MultiplyRow(in, operands, rows[begin + y]);
      } else {
        MultiplyPixels(row_, in, operands, rows[begin + y], nullptr, workspace + strip_bytes());
      }
    }
  }
}

}  // namespace baryon::kernels
